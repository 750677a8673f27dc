"""What an origin keeps: contents by name of content, names with their versions, purges; all in one folder."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .manifest import Flaw, Manifest, decode
from .names import chunk_id, manifest_id


def lies_below(name: str, upper: str) -> bool:
    """Whether a name lies below another: clause 6.3."""
    upper = upper.rstrip("/")
    return name == upper or name.startswith(upper + "/")


@dataclass
class Known:
    """What a name leads to."""

    version: int
    manifest: bytes


class Store:
    """A folder with one file for each content, and one for names and purges, written anew with each change."""

    def __init__(self, folder: str) -> None:
        self.folder = Path(folder)
        (self.folder / "contents").mkdir(parents=True, exist_ok=True)
        self.book = self.folder / "names.json"
        self.rotten: set[bytes] = set()
        self.at_work: Callable[[], None] = lambda: None
        kept = json.loads(self.book.read_text()) if self.book.exists() else {}
        self.names = {name: Known(version, bytes.fromhex(digest)) for name, (version, digest) in kept.get("names", {}).items()}
        self.purges: dict[str, int] = kept.get("purges", {})
        self.below: dict[str, int] = kept.get("below", {})
        self.state: int = kept.get("state", 0)

    def _save(self) -> None:
        names = {name: (known.version, known.manifest.hex()) for name, known in self.names.items()}
        octets = json.dumps({"names": names, "purges": self.purges, "below": self.below, "state": self.state}).encode()
        self._write(self.book, octets)

    @staticmethod
    def _write(path: Path, octets: bytes) -> None:
        """Writes a file so that it is whole after a loss of power, or not there (R-10-09)."""
        beside = path.with_suffix(".new")
        with open(beside, "wb") as file:
            file.write(octets)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)

    def sync(self) -> None:
        """Makes the names of new files survive a loss of power."""
        handle = os.open(self.folder / "contents", os.O_RDONLY)
        os.fsync(handle)
        os.close(handle)

    def _path(self, digest: bytes) -> Path:
        return self.folder / "contents" / digest.hex()

    def has(self, digest: bytes) -> bool:
        """Whether a content is there."""
        return self._path(digest).exists()

    def size(self, digest: bytes) -> int:
        """Octets of a content that is there."""
        return self._path(digest).stat().st_size

    def get(self, digest: bytes) -> bytes | None:
        """A content, verified (R-10-04), or nothing."""
        self.at_work()
        try:
            octets = self._path(digest).read_bytes()
        except FileNotFoundError:
            return None
        if digest in (chunk_id(octets), manifest_id(octets)):
            return octets
        self.rotten.add(digest)
        return None

    def keep(self, digest: bytes, octets: bytes) -> None:
        """Keeps a content that was verified."""
        self.at_work()
        self.rotten.discard(digest)
        self._write(self._path(digest), octets)

    def manifest(self, digest: bytes) -> Manifest | None:
        """A manifest that is there."""
        octets = self.get(digest)
        return decode(octets) if octets is not None else None

    def purged(self, name: str) -> int:
        """The greatest version of a name that is purged; 0 for none."""
        above = [version for upper, version in self.below.items() if lies_below(name, upper)]
        return max([self.purges.get(name, 0), *above])

    def lookup(self, name: str) -> Known | None:
        """What a name leads to now."""
        known = self.names.get(name)
        return known if known is not None and known.version > self.purged(name) else None

    def publish(self, name: str, version: int, manifest: bytes) -> None:
        """Lets a name lead to a manifest."""
        self.at_work()
        self.sync()
        self.names[name] = Known(version, manifest)
        self.state = max(self.state, version)
        self._save()

    def purge(self, name: str, below: bool, version: int) -> None:
        """Forbids the versions of a name, or of all below it, up to one (clause 11.1)."""
        self.at_work()
        book, key = (self.below, name.rstrip("/")) if below else (self.purges, name)
        book[key] = max(book.get(key, 0), version)
        self.state = max(self.state, version + 1)
        self._save()

    # What a host may know: clause 17.1.

    def gauges(self) -> dict[str, int]:
        """What is in the store, and which part of it names still lead to."""
        sizes = {bytes.fromhex(path.name): path.stat().st_size for path in (self.folder / "contents").iterdir() if not path.suffix}
        names = [known.manifest for name in self.names if (known := self.lookup(name)) is not None]
        book = self.book.stat().st_size if self.book.exists() else 0
        return {
            "stoq_store_bytes": sum(sizes.values()) + book,
            "stoq_store_live_bytes": sum(sizes.get(digest, 0) for digest in self._needed(names)) + book,
            "stoq_store_contents": len(sizes),
            "stoq_store_rotten": len(self.rotten & sizes.keys()),
            "stoq_store_names": len(names),
        }

    def _needed(self, tops: list[bytes]) -> set[bytes]:
        """All contents that these manifests lead to, and themselves."""
        found: set[bytes] = set()
        manifests = list(tops)
        while manifests:
            digest = manifests.pop()
            if digest in found:
                continue
            found.add(digest)
            try:
                manifest = decode(self._path(digest).read_bytes())
            except (Flaw, FileNotFoundError):
                continue
            below = [digest for digest, _ in manifest.entries]
            if manifest.level:
                manifests += below
            found.update([] if manifest.level else below)
            for group in manifest.coded.groups if manifest.coded else ():
                found.update(group.parity)
        return found
