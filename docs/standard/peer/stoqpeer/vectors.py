"""Checks vector files: Annex D. What goes in is computed anew; the answer is compared member by member."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from . import codes
from .codes import Refusal, Violation
from .manifest import Flaw
from .names import formula


class Unsupported(Exception):
    """This implementation does not have what the vector is about."""


class Vector:
    """One vector: its members, and the folder in which its octets are."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.members = json.loads(path.read_text(encoding="utf-8"))
        self.input: dict = self.members["input"]
        self.output = self.members.get("output")
        self.error = self.members.get("error")

    def octets(self, value) -> bytes:
        """Octets in any of the forms of Annex D.1: hexadecimal, a file, a formula, one octet many times."""
        if isinstance(value, str):
            return bytes.fromhex(value)
        if "file" in value:
            return (self.path.parent / value["file"]).read_bytes()
        if "octet" in value:
            return bytes([value["octet"]]) * value["length"]
        if "seed" in value:
            return formula(value["seed"], value["length"], value.get("first", 0))
        raise Unsupported(f"octets as {value}")

    def named(self, name: str) -> bytes:
        """Octets of a member of the input."""
        return self.octets(self.input[name])


FAMILIES: dict[str, Callable[[Vector], object]] = {}
"""Family to what computes the output of a vector, or raises its error."""


def family(name: str):
    """Registers what checks a family."""

    def register(check: Callable[[Vector], object]):
        FAMILIES[name] = check
        return check

    return register


def plain(value):
    """A value as JSON has it: octets in hexadecimal, tuples as lists, absent members left out."""
    if isinstance(value, (bytes, bytearray)):
        return bytes(value).hex()
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items() if one is not None}
    return value


def judge(vector: Vector, check: Callable[[Vector], object]) -> str | None:
    """Nothing if the vector holds, else what is wrong."""
    try:
        found, error = plain(check(vector)), None
    except (Violation, Refusal) as broken:
        found, error = None, broken.name
    except Flaw as flaw:
        found, error = None, flaw.error
    except codes.Failure as failure:
        found, error = None, failure.code
    if error != vector.error:
        return f"error {error} and not {vector.error}" + (f" (found {json.dumps(found)[:200]})" if found is not None else "")
    if error is None and found != vector.output:
        if isinstance(found, dict) and isinstance(vector.output, dict):
            keys = [key for key in {**found, **vector.output} if found.get(key) != vector.output.get(key)]
            return "; ".join(f"{key}: {str(found.get(key))[:120]} and not {str(vector.output.get(key))[:120]}" for key in keys)
        return f"{str(found)[:200]} and not {str(vector.output)[:200]}"
    return None


def check(folder: Path, verbose: bool) -> int:
    """Checks every file below a folder, prints a line for each family, and gives the exit code."""
    from . import families, families_more  # noqa: F401  (they register what checks each family)

    total = [0, 0, 0]
    names = sorted(path.name for path in folder.iterdir() if path.is_dir())
    print(f"{'family':14} passed failed unsupported")
    for name in names:
        counts = [0, 0, 0]
        for path in sorted((folder / name).glob("*.json")):
            vector = Vector(path)
            try:
                if name not in FAMILIES:
                    raise Unsupported(name)
                wrong = judge(vector, FAMILIES[name])
            except Unsupported as lacking:
                counts[2] += 1
                if verbose:
                    print(f"  {vector.members['id']}: unsupported: {lacking}")
                continue
            except Exception as fault:  # a fault of the check is a failure of the vector
                wrong = f"a fault: {fault!r}"
            counts[wrong is not None] += 1
            if wrong is not None:
                print(f"  {vector.members['id']}: {wrong}")
        print(f"{name:14} {counts[0]:6} {counts[1]:6} {counts[2]:11}")
        total = [a + b for a, b in zip(total, counts)]
    print(f"{'all':14} {total[0]:6} {total[1]:6} {total[2]:11}")
    return 1 if total[1] or not total[0] else 0
