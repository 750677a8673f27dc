"""The commands: `python -m stoqpeer serve|get|put|purge|ping|vectors`."""

from __future__ import annotations

import argparse
import asyncio
import ipaddress
import json
import os
import sys
import time
from pathlib import Path

from . import bugs, client
from .codes import Failure
from .node import CAPABLE, Node, trust
from .parameters import Parameters


def address(text: str) -> tuple[str, int]:
    """`[::1]:7100` to host and port."""
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)


def own_address(text: str) -> tuple[str, int]:
    """An address that only this host reaches (R-17-06)."""
    host, port = address(text)
    if not ipaddress.ip_address(host).is_loopback:
        raise argparse.ArgumentTypeError(f"{host} can be reached from another host")
    return host, port


def span(text: str) -> tuple[int, int]:
    """`FROM..TO` to the first octet and the number of octets."""
    first, end = map(int, text.split(".."))
    return first, end - first


def arguments() -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(prog="stoqpeer", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--cert", required=True, help="this side's certificate, PEM")
    common.add_argument("--key", required=True, help="its key, PEM")
    common.add_argument("--ca", required=True, help="the trusted certificate, PEM")
    common.add_argument("--revoked", help="the signed list of revocations, followed")
    common.add_argument("--bug", action="append", default=[], help="plants a bug of `stoqpeer bugs`")
    common.add_argument("--value", action="append", default=[], help="NAME=VALUE of a parameter of clause 4.4")
    common.add_argument("--quiet", action="store_true")
    asks = argparse.ArgumentParser(add_help=False, parents=[common])
    asks.add_argument("--to", type=address, required=True, help="[ADDR]:PORT of the server")
    asks.add_argument("--server", help="the name that its certificate has to have")
    asks.add_argument("--server-role", help="the role that it has to have")
    asks.add_argument("--roles", default="client", help="the roles that this side plays: client,publisher")
    asks.add_argument("--patience", type=float, default=10.0, help="seconds for which what may pass is tried again")
    serve = verbs.add_parser("serve", parents=[common], help="runs an origin")
    serve.add_argument("--listen", type=address, required=True)
    serve.add_argument("--store", required=True)
    serve.add_argument("--roles", default="origin")
    serve.add_argument("--management", type=own_address, help="[::1]:PORT at which this host, and no other, reads counters and health")
    upper = verbs.add_parser("upper", help="the upper tester of Annex E, on standard input and output")
    upper.add_argument("--cert", help="this side's certificate, PEM, until `rotate` names another")
    upper.add_argument("--key", help="its key, PEM")
    upper.add_argument("--ca", required=True, help="the trusted certificate, PEM")
    upper.add_argument("--revoked", help="the signed list of revocations, followed")
    upper.add_argument("--bug", action="append", default=[], help="plants a bug of `stoqpeer bugs`")
    upper.add_argument("--value", action="append", default=[], help="NAME=VALUE of a parameter of clause 4.4")
    upper.add_argument("--roles", default="origin")
    get = verbs.add_parser("get", parents=[asks], help="fetches an object or a range of it")
    get.add_argument("name")
    get.add_argument("-o", "--output", type=Path)
    get.add_argument("--range", type=span)
    get.add_argument("--version-min", type=int, default=0)
    put = verbs.add_parser("put", parents=[asks], help="stores a file")
    put.add_argument("path", type=Path)
    put.add_argument("name")
    put.add_argument("--version", type=int)
    put.add_argument("--chunks", default="standard", choices=["small", "standard", "large"])
    purge = verbs.add_parser("purge", parents=[asks], help="forbids versions of a name")
    purge.add_argument("name")
    purge.add_argument("--below", action="store_true")
    purge.add_argument("--upto", type=int)
    ping = verbs.add_parser("ping", parents=[asks], help="measures the round trip")
    ping.add_argument("--count", type=int, default=3)
    vectors = verbs.add_parser("vectors", help="checks the vector files of Annex D")
    vectors.add_argument("folder", type=Path)
    vectors.add_argument("--verbose", action="store_true")
    verbs.add_parser("bugs", help="lists the bugs that can be planted")
    about = verbs.add_parser("about", help="tells versions, capabilities and parameters")
    about.add_argument("--value", action="append", default=[])
    args = parser.parse_args()
    args.parameters = Parameters()
    for text in getattr(args, "value", []):
        try:
            args.parameters.put(text)
        except ValueError as error:
            parser.error(str(error))
    return args


async def ask(args: argparse.Namespace) -> dict:
    """One of the verbs of a client."""
    roles = frozenset(args.roles.split(","))
    policy = trust(args.ca, args.revoked, args.parameters)
    node = Node(roles, CAPABLE, policy, True, args.parameters)

    async def once() -> dict:
        async with client.session(args.to, node, args.cert, args.key, args.server, args.server_role) as session:
            return await act(args, session)

    return await client.patiently(once, args.patience)


async def act(args: argparse.Namespace, session) -> dict:
    """What a verb does with an open session."""
    if args.verb == "get":
        part = args.output.with_name(args.output.name + ".part") if args.output else None
        taken = await client.fetch(session, args.name, args.version_min, args.range, part, resume=True)
        client.write_out(taken, args.output)
        return {"version": taken.version, "octets": len(taken.octets), "digest": taken.digest.hex()}
    if args.verb == "put":
        version = args.version if args.version is not None else time.time_ns() // 1_000_000
        return await client.put(session, args.name, version, args.path.read_bytes(), args.chunks)
    if args.verb == "purge":
        upto = args.upto if args.upto is not None else time.time_ns() // 1_000_000
        return {"nodes": await client.purge(session, args.name, args.below, upto)}
    trips = [await session.probe() for _ in range(args.count)]
    return {"round_trips_ms": [round(seconds * 1_000, 3) for seconds, _ in trips], "lease": trips[-1][1].lease}


def main() -> int:
    """Runs a command and gives its exit code."""
    args = arguments()
    if args.verb == "bugs":
        for name, (requirement, what) in bugs.BUGS.items():
            print(f"{name:24} {requirement:8} {what}")
        return 0
    if args.verb == "about":
        print(f"stoq/1, minor version 0, capabilities {', '.join(CAPABLE)}\n{args.parameters.show()}")
        return 0
    if args.verb == "vectors":
        from .vectors import check

        return check(args.folder, args.verbose)
    for bug in args.bug:
        bugs.plant(bug)
    try:
        if args.verb == "upper":
            from .upper import drive

            return asyncio.run(drive(args))
        if args.verb == "serve":
            from .server import serve

            asyncio.run(serve(args))
            return 0
        print(json.dumps(asyncio.run(ask(args))), file=sys.stderr if args.verb == "get" and not args.output else sys.stdout)
        return 0
    except (Failure, ConnectionError, OSError) as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 4 if isinstance(error, Failure) and error.code == "NotFound" else 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code) if code == 130 else sys.exit(code)
