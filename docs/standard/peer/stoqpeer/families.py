"""What each family of Annex D asks to compute."""

from __future__ import annotations

from . import codes
from .codes import Violation
from .cut import PROFILES, cuts
from .forms import CHUNK_MOST, MANIFEST_MOST, NAMES, PLACES
from .frames import Frame, Limits, Parser
from .names import chunk_id, manifest_id, name_id
from .settings import Settings, agree, confirmation, judge
from .vectors import Vector, family
from .wire import Reader, Short, varint_at


@family("varint")
def varint(vector: Vector) -> object:
    """Octets that are one varint and nothing else."""
    octets = vector.named("octets")
    found = varint_at(octets, 0)
    if found is None or found[1] != len(octets):
        raise Violation("Malformed", "not one varint")
    return {"number": found[0]}


def fields_of(frame: Frame) -> dict:
    """A frame as its vector shows it: of data the length alone."""
    shown = {"type": frame.name, **frame.fields}
    if frame.name in ("Manifest", "Chunk"):
        shown["data"] = len(frame.data)
    return shown


def read_one(octets: bytes, place: str, limits: Limits) -> dict | None:
    """The one frame in octets, or nothing if it was passed over."""
    parser = Parser(place, limits)
    frames = list(parser.feed(octets))
    if parser.inside():
        raise Violation("RequestCut")
    return fields_of(frames[0]) if frames else None


@family("frame")
def frame(vector: Vector) -> object:
    """Octets to the fields of a frame, in a place where its type may come."""
    octets = vector.named("octets")
    number = Reader(octets[:8]).varint() if octets and len(octets) >= 1 << (octets[0] >> 6) else 0
    name = NAMES.get(number)
    place = next((place for place, names in PLACES.items() if name in names), "control")
    limits = Limits(vector.input.get("manifest_octets", MANIFEST_MOST), vector.input.get("chunk_octets", CHUNK_MOST))
    return read_one(octets, place, limits) or {"passed_over": True}


@family("place")
def place(vector: Vector) -> object:
    """A frame and a place to what is done."""
    found = read_one(vector.named("octets"), vector.input["place"], Limits())
    return {"done": "taken" if found else "passed over"}


def pairs_of(octets: bytes) -> list[tuple[int, int]]:
    """The pairs in the fields of `Settings`."""
    reader, pairs = Reader(octets), []
    try:
        while reader.left():
            pairs.append((reader.varint(), reader.varint()))
    except Short:
        raise Violation("Malformed", "half a pair") from None
    return pairs


def settings_of(octets: bytes) -> Settings:
    """Settings that were judged."""
    return judge(pairs_of(octets))


@family("settings")
def settings(vector: Vector) -> object:
    """Octets to pairs; two sides to what is in use, and to what the other one told."""
    if "octets" in vector.input:
        octets = vector.named("octets")
        settings_of(octets)
        return {"pairs": pairs_of(octets)}
    peer = settings_of(vector.named("theirs"))
    own = settings_of(vector.named("ours"))
    agreed = agree(own, peer)
    told = {"roles": "Roles", "chunk_octets": "ChunkBytes", "manifest_octets": "ManifestBytes", "requests": "Requests"}
    found = {"minor": agreed.minor, "capabilities": agreed.capabilities, **{key: peer[name] for key, name in told.items()}}
    return {**found, "idle_millis": min(own["IdleMillis"], peer["IdleMillis"])}


@family("confirm")
def confirm(vector: Vector) -> object:
    """An exporter and two settings to both confirmations; `came` is what the client got."""
    parts = [vector.named(name) for name in ("client", "server")]
    made = {who: confirmation(vector.named("exporter"), who, *parts) for who in ("client", "server")}
    if "came" in vector.input and vector.named("came") != made["server"]:
        raise Violation("ConfirmWrong")
    return made


@family("code")
def code(vector: Vector) -> object:
    """A violation, a refusal or a code of QUIC to a code."""
    if "violation" in vector.input:
        name = codes.VIOLATIONS[vector.input["violation"]]
    elif "refusal" in vector.input:
        name = codes.REFUSALS[vector.input["refusal"]]
    else:
        came = vector.input["came"]
        name = codes.from_quic(came["quic"], came["with"] == "stream")
    number, retryable = codes.CODES[name]
    return {"code": name, "number": number, "quic": codes.to_quic(name), "scope": codes.scope(number), "retryable": retryable}


@family("name")
def name(vector: Vector) -> object:
    """Octets to the three digests; that of a name only where they are UTF-8."""
    octets = vector.named("octets")
    try:
        named = name_id(octets.decode())
    except UnicodeDecodeError:
        named = None
    return {"chunk": chunk_id(octets), "manifest": manifest_id(octets), "name": named}


@family("cut")
def cut(vector: Vector) -> object:
    """An object to the places behind its chunks; the pieces in which it is read make no difference (R-9-03)."""
    octets = vector.octets(vector.input["object"])
    return {"cuts": [at + length for at, length in cuts(octets, PROFILES[vector.input["profile"]])]}
