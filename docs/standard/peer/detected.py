"""Plants each bug of `stoqpeer bugs` in turn and lets the suite of the first implementation say which requirement is broken.

Without a bug every chosen case has to pass. With one, a case of the requirement that the bug violates has to fail. The cases are those of all requirements
that some bug violates, so that a bug can be told under a wrong one; with `--all` they are all that the profile Core has.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from stoqpeer.bugs import BUGS

HERE = Path(__file__).parent


def campaign(args: argparse.Namespace, folder: Path, bug: str | None) -> dict[str, dict]:
    """The cases that ran, by name. Each campaign has a deployment of its own."""
    certs = folder / (bug or "sound")
    subprocess.run([args.hypermesh, "certs", "init", str(certs), "origin:origin"], check=True, capture_output=True)
    program = f"{sys.executable} -m stoqpeer upper --ca {certs}/ca.pem --revoked {certs}/revoked.stoq"
    words = [args.hypermesh, "conform", "--certs", str(certs), "--profile", "core", "--profile", "replica", "--format", "json", "-q"]
    words += ["--upper", f"{program} --bug {bug}" if bug else program]
    if not args.all:
        for requirement in sorted({row[0] for row in BUGS.values()}):
            words += ["--select", f"{requirement}/"]
    done = subprocess.run(words, cwd=HERE, capture_output=True, text=True, timeout=1_800)
    if not done.stdout:
        raise SystemExit(f"{' '.join(words)}: {done.stderr}")
    return {case["name"]: case for case in json.loads(done.stdout)["cases"]}


def failed(cases: dict[str, dict]) -> dict[str, int]:
    """Requirements with a case that failed, and how many of them."""
    counts: dict[str, int] = {}
    for case in cases.values():
        if case["verdict"] == "fail":
            counts[case["requirement"]] = counts.get(case["requirement"], 0) + 1
    return counts


def main() -> int:
    """Prints a row for each bug; the exit code is 1 if one of them is not told under its requirement, or something fails without any."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hypermesh", default=shutil.which("hypermesh") or "../../../target/release/hypermesh")
    parser.add_argument("--all", action="store_true", help="runs every case of the profile Core, and not only those of the requirements below")
    parser.add_argument("--jobs", type=int, default=3, help="campaigns at a time; they wait more than they work")
    parser.add_argument("--bug", action="append", choices=sorted(BUGS), help="only these")
    args = parser.parse_args()
    args.hypermesh = str(Path(args.hypermesh).resolve())
    bugs = [bug for bug in BUGS if not args.bug or bug in args.bug]
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(args.jobs) as pool:
        campaigns = pool.map(lambda bug: campaign(args, Path(folder), bug), [None, *bugs])
        sound = next(campaigns)
        before = failed(sound)
        verdicts = sorted({case["verdict"] for case in sound.values()})
        told = ", ".join(f"{sum(case['verdict'] == verdict for case in sound.values())} {verdict}" for verdict in verdicts)
        print(f"without a bug: {len(sound)} cases, {told}")
        print(f"{'bug':26} {'violates':9} found  told under (cases)")
        missed = 0
        for bug, cases in zip(bugs, campaigns):
            requirement = BUGS[bug][0]
            more = {id: count for id, count in failed(cases).items() if count > before.get(id, 0)}
            found = requirement in more
            missed += not found
            under = ", ".join(f"{id} ({count})" for id, count in sorted(more.items(), key=lambda row: row[0] != requirement))
            print(f"{bug:26} {requirement:9} {'yes' if found else 'NO':5}  {under or 'nothing'}", flush=True)
    return 1 if missed or before else 0


if __name__ == "__main__":
    sys.exit(main())
