"""Runs both implementations against each other on this machine and prints a table; exit code 0 if all rows hold.

    python interop.py [--hypermesh PATH] [--keep]

Every process that it starts is ended, and the whole is bounded in time.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
WITHIN = 30
"""Seconds for one command."""
WHOLE = 300
"""Seconds for everything."""


def free_port() -> int:
    """A UDP and TCP port of ::1 that nobody uses now."""
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as one:
        one.bind(("::1", 0))
        return one.getsockname()[1]


class Bench:
    """A folder with certificates, the processes in it, and the rows of the table."""

    def __init__(self, hypermesh: str, folder: Path) -> None:
        self.hypermesh = hypermesh
        self.folder = folder
        self.rows: list[tuple[str, str, bool, str]] = []
        self.processes: list[tuple[str, subprocess.Popen]] = []
        self.begin = time.monotonic()

    # Commands.

    def run(self, *command: str) -> subprocess.CompletedProcess:
        """A command in the folder, bounded in time."""
        left = WHOLE - (time.monotonic() - self.begin)
        environment = {**os.environ, "PYTHONPATH": str(HERE)}
        try:
            return subprocess.run(
                command, cwd=self.folder, env=environment, capture_output=True, text=True, timeout=max(1, min(WITHIN, left))
            )
        except subprocess.TimeoutExpired as late:
            return subprocess.CompletedProcess(command, 124, str(late.stdout or ""), f"not over in {WITHIN} s")

    def hm(self, *words: str) -> subprocess.CompletedProcess:
        """The first implementation."""
        return self.run(self.hypermesh, *words)

    def py(self, verb: str, *words: str, who: str = "client", certs: str = "certs") -> subprocess.CompletedProcess:
        """The second implementation as a client."""
        roles = ["--roles", "client,publisher"] if who == "me" else []
        return self.run(sys.executable, "-m", "stoqpeer", verb, *self.files(who, certs), *roles, *words)

    @staticmethod
    def files(who: str, certs: str = "certs") -> list[str]:
        """The options that name certificates."""
        pairs = {"cert": f"{who}.pem", "key": f"{who}.key", "ca": "ca.pem", "revoked": "revoked.stoq"}
        return [word for option, file in pairs.items() for word in (f"--{option}", f"{certs}/{file}")]

    # Processes.

    def start(self, name: str, until: str, *command: str) -> subprocess.Popen:
        """A process that runs until the end; waits for a line that has `until`."""
        log = open(self.folder / f"{name}.log", "w+")
        environment = {**os.environ, "PYTHONPATH": str(HERE)}
        process = subprocess.Popen(command, cwd=self.folder, env=environment, stdout=log, stderr=subprocess.STDOUT)
        self.processes.append((name, process))
        late = time.monotonic() + 20
        while until not in (self.folder / f"{name}.log").read_text():
            if process.poll() is not None or time.monotonic() > late:
                raise RuntimeError(f"{name} did not start: {(self.folder / f'{name}.log').read_text()}")
            time.sleep(0.05)
        return process

    def stop(self, name: str) -> int | None:
        """SIGTERM, and the exit code."""
        process = next(one for called, one in self.processes if called == name)
        process.send_signal(signal.SIGTERM)
        try:
            return process.wait(15)
        except subprocess.TimeoutExpired:
            return None

    def end(self) -> None:
        """Ends whatever still runs."""
        for _, process in self.processes:
            if process.poll() is None:
                process.terminate()
        for _, process in self.processes:
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def node(self, name: str, role: str, up: tuple[str, int, str] | None = None, store: bool = True) -> int:
        """A node of the first implementation; gives its port. A cache without a store refuses purges (D1 of questions.md)."""
        port = free_port()
        lines = [
            f"role: {role}",
            f'listen: "[::1]:{port}"',
            f'local: "[::1]:{free_port()}"',
            f"certificates: {{ca: certs/ca.pem, chain: certs/{name}.pem, key: certs/{name}.key, revoked: certs/revoked.stoq}}",
        ]
        if store:
            lines.append(f"store: {{folder: {name}-store, quota: 1GiB}}")
        if up:
            lines += ["upstreams:", f'  - {{address: "[::1]:{up[1]}", name: {up[0]}, role: {up[2]}}}']
        (self.folder / f"{name}.yaml").write_text("\n".join(lines) + "\n")
        self.start(name, "listening", self.hypermesh, "node", f"{name}.yaml")
        return port

    def python_origin(self, name: str, certs: str = "certs") -> int:
        """An origin of the second implementation; gives its port."""
        port = free_port()
        words = ["--listen", f"[::1]:{port}", "--store", f"{name}-store", *self.files(name, certs)]
        self.start(name, "listening", sys.executable, "-m", "stoqpeer", "serve", *words)
        return port

    # Rows.

    def row(self, pair: str, what: str, holds: bool, done: subprocess.CompletedProcess | None = None) -> None:
        """One line of the table."""
        why = "" if holds or done is None else f"exit {done.returncode}: {(done.stderr or done.stdout).strip()[-300:]}"
        self.rows.append((pair, what, holds, why))
        print(f"{'ok  ' if holds else 'FAIL'} {pair:32} {what} {why}", flush=True)

    def same(self, left: str, octets: bytes) -> bool:
        """Whether a file has certain octets."""
        path = self.folder / left
        return path.exists() and path.read_bytes() == octets


def hypermesh_asks(bench: Bench, at: str, small: bytes, large: bytes) -> None:
    """The first implementation as a client of the second."""
    pair = "hypermesh -> python origin"
    done = bench.hm("ping", "--to", at)
    bench.row(pair, "ping", done.returncode == 0, done)
    done = bench.hm("put", "small", "a/small", "--version", "3", "--as", "me", "--to", at)
    bench.row(pair, "put", done.returncode == 0, done)
    done = bench.hm("put", "large", "a/large", "--version", "3", "--chunks", "small", "--as", "me", "--to", at)
    bench.row(pair, "put of nested manifests", done.returncode == 0, done)
    done = bench.hm("put", "small", "a/small", "--version", "4", "--as", "me", "--to", at, "--format", "json")
    bench.row(pair, "put of what is there, again", done.returncode == 0, done)
    done = bench.hm("get", "a/small", "-o", "h-small", "--from", at)
    bench.row(pair, "get", bench.same("h-small", small), done)
    done = bench.hm("get", "a/large", "-o", "h-large", "--from", at)
    bench.row(pair, "get of nested manifests", bench.same("h-large", large), done)
    done = bench.hm("get", "a/large", "-o", "h-part", "--range", "5000..2000001", "--from", at)
    bench.row(pair, "get of a range", bench.same("h-part", large[5_000:2_000_001]), done)
    done = bench.hm("put", "large", "a/small", "--version", "2", "--as", "me", "--to", at, "--patience", "2")
    bench.row(pair, "put of an older version is refused", done.returncode not in (0, 124), done)
    done = bench.hm("put", "small", "a/x", "--version", "2", "--as", "client", "--to", at, "--patience", "2")
    bench.row(pair, "put by nobody's right is refused", done.returncode not in (0, 124), done)
    done = bench.hm("purge", "a/small", "--upto", "4", "--as", "me", "--to", at)
    bench.row(pair, "purge", done.returncode == 0, done)
    done = bench.hm("get", "a/small", "-o", "h-none", "--from", at, "--patience", "2")
    bench.row(pair, "what is purged is not there", done.returncode == 4, done)
    done = bench.hm("ping", "--to", at, "--server", "nobody", "--patience", "2")
    bench.row(pair, "another name than meant is refused", done.returncode not in (0, 124), done)
    done = bench.hm("ping", "--to", at, "--certs", "strangers", "--patience", "2")
    bench.row(pair, "another deployment is refused", done.returncode not in (0, 124), done)


def python_asks(bench: Bench, at: str, small: bytes, large: bytes) -> None:
    """The second implementation as a client of the first."""
    pair = "python -> hypermesh origin"
    to = ("--to", at)
    done = bench.py("ping", *to)
    bench.row(pair, "ping", done.returncode == 0, done)
    done = bench.py("put", *to, "small", "b/small", "--version", "3", who="me")
    bench.row(pair, "put", done.returncode == 0, done)
    done = bench.py("put", *to, "large", "b/large", "--version", "3", "--chunks", "small", who="me")
    bench.row(pair, "put of nested manifests", done.returncode == 0, done)
    done = bench.py("put", *to, "small", "b/small", "--version", "4", who="me")
    bench.row(pair, "put of what is there sends nothing", done.returncode == 0 and json.loads(done.stdout)["sent"] == 0, done)
    done = bench.py("get", *to, "b/small", "-o", "p-small")
    bench.row(pair, "get", bench.same("p-small", small), done)
    done = bench.py("get", *to, "b/large", "-o", "p-large")
    bench.row(pair, "get of nested manifests", bench.same("p-large", large), done)
    done = bench.py("get", *to, "b/large", "-o", "p-part", "--range", "5000..2000001")
    bench.row(pair, "get of a range", bench.same("p-part", large[5_000:2_000_001]), done)
    done = bench.py("put", *to, "large", "b/small", "--version", "2", who="me")
    bench.row(pair, "put of an older version is refused", "Conflict" in done.stderr, done)
    done = bench.py("put", *to, "small", "b/x", "--version", "2")
    bench.row(pair, "put by nobody's right is refused", "NotAuthorised" in done.stderr, done)
    done = bench.py("purge", *to, "b/small", "--upto", "4", who="me")
    bench.row(pair, "purge", done.returncode == 0, done)
    done = bench.py("get", *to, "b/small", "-o", "p-none")
    bench.row(pair, "what is purged is not there", done.returncode == 4, done)
    done = bench.py("ping", *to, "--server", "nobody", "--patience", "1")
    bench.row(pair, "another name than meant is refused", "Unauthenticated" in done.stderr, done)
    done = bench.py("ping", *to, "--patience", "1", certs="strangers")
    bench.row(pair, "another deployment is refused", done.returncode == 1, done)


def tiers(bench: Bench, at: str, python_port: int, small: bytes, large: bytes) -> None:
    """A cache of the first implementation below an origin of the second, and a client of the second above."""
    pair = "python -> edge -> regional -> py"
    regional = bench.node("regional", "regional", ("py", python_port, "origin"))
    edge = f"[::1]:{bench.node('edge-1', 'edge', ('regional', regional, 'regional'))}"
    bench.py("put", "--to", at, "small", "c/small", "--version", "7", who="me")
    done = bench.py("get", "--to", edge, "c/small", "-o", "t-small")
    bench.row(pair, "get through two caches", bench.same("t-small", small), done)
    done = bench.py("get", "--to", edge, "a/large", "-o", "t-large")
    bench.row(pair, "get of nested manifests", bench.same("t-large", large), done)
    done = bench.py("get", "--to", edge, "c/small", "-o", "t-again")
    bench.row(pair, "get again", bench.same("t-again", small), done)
    done = bench.py("purge", "--to", at, "c/small", "--upto", "7", who="me")
    nodes = json.loads(done.stdout)["nodes"] if done.returncode == 0 else 0
    bench.row(pair, "purge reaches both caches", nodes == 3, done)
    done = bench.py("get", "--to", edge, "c/small", "-o", "t-none")
    bench.row(pair, "what is purged is not there", done.returncode == 4, done)


def leave(bench: Bench) -> None:
    """Servers leave in good order."""
    for name in ("edge-1", "regional", "py", "origin"):
        code = bench.stop(name)
        bench.row("SIGTERM", f"{name} leaves in good order", code == 0)


def main() -> int:
    """Runs everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hypermesh", default=shutil.which("hypermesh") or "target/release/hypermesh")
    parser.add_argument("--keep", action="store_true", help="keep the folder")
    args = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="stoq-interop-"))
    bench = Bench(str(Path(args.hypermesh).resolve()), folder)
    try:
        names = ["origin:origin", "regional:regional", "edge-1:edge", "client:client", "me:client,publisher", "py:origin"]
        for certs in ("certs", "strangers"):
            if (done := bench.hm("certs", "init", certs, *names)).returncode:
                raise RuntimeError(done.stderr)
        bench.start("keep", "", bench.hypermesh, "certs", "keep", "certs")
        draw = random.Random(1)
        small, large = draw.randbytes(700_001), draw.randbytes(6_000_000)
        (folder / "small").write_bytes(small)
        (folder / "large").write_bytes(large)
        origin = f"[::1]:{bench.node('origin', 'origin')}"
        python_port = bench.python_origin("py")
        python = f"[::1]:{python_port}"
        hypermesh_asks(bench, python, small, large)
        python_asks(bench, origin, small, large)
        tiers(bench, python, python_port, small, large)
        leave(bench)
    except (OSError, RuntimeError) as error:
        bench.row("bench", str(error), False)
    finally:
        bench.end()
        if not args.keep:
            with contextlib.suppress(OSError):
                shutil.rmtree(folder)
    failed = [row for row in bench.rows if not row[2]]
    print(f"{len(bench.rows)} rows, {len(failed)} failed, {time.monotonic() - bench.begin:.0f} s" + (f", {folder}" if args.keep else ""))
    return 1 if failed or not bench.rows else 0


if __name__ == "__main__":
    sys.exit(main())
