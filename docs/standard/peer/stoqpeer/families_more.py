"""What the families of content, caches, routing, certificates and states ask to compute."""

from __future__ import annotations

from . import certs
from .certs import Policy, RevocationList, Says
from .codes import Failure, Violation
from .forms import position as read_position
from .group import group_of, nonce, seal
from .manifest import Encryption, Flaw, Manifest, decode, walk
from .names import chunk_id, manifest_id
from .purges import Cache
from .routing import SPAN_MOST, Server, choose, least_round_trip, use
from .settings import role_words
from .tables import Machine
from .vectors import Vector, family
from .wire import Reader, Short


@family("manifest")
def manifest(vector: Vector) -> object:
    """Octets to the fields of a manifest."""
    octets = vector.named("octets")
    if "digest" in vector.input and bytes.fromhex(vector.input["digest"]) != manifest_id(octets):
        raise Flaw("ContentMismatch", "the octets have another name")
    found = decode(octets)
    shown = {"digest": manifest_id(octets), "level": found.level, "chunker": found.chunker, "length": found.length}
    shown["entries"] = found.entries
    if found.coded is not None:
        groups = [{"shard_length": g.shard, "padding": g.padding, "parity": g.parity} for g in found.coded.groups]
        shown["coded"] = {"codec": found.coded.codec, "k": found.coded.k, "n": found.coded.n, "groups": groups}
    if found.encryption is not None:
        sealing = found.encryption
        shown["encryption"] = {"aead": sealing.aead, "nonce_rule": sealing.nonce_rule, "key_id": sealing.key_id}
    return shown


@family("walk")
def walks(vector: Vector) -> object:
    """Manifests and a range to the pieces that a walk comes to."""
    held = {manifest_id(octets): octets for octets in map(vector.octets, vector.input["manifests"])}
    name = bytes.fromhex(vector.input["top"])
    top: Manifest = decode(held[name])
    first, length = vector.input.get("range", (0, top.length))
    end = first + length
    if end > top.length:
        raise Failure("RangeInvalid")
    read, pieces = [name], []
    for piece in walk(top, first, end, held.__getitem__):
        if piece.level >= 0:
            read.append(piece.identity)
        else:
            skip = max(0, first - piece.begin)
            take = min(end, piece.begin + piece.length) - piece.begin - skip
            pieces.append({"chunk": piece.identity, "offset": piece.begin, "skip": skip, "take": take})
    return {"read": read, "pieces": pieces}


@family("group")
def group(vector: Vector) -> object:
    """Stored chunks of one group to its parity."""
    chunks = list(map(vector.octets, vector.input["chunks"]))
    made, shards = group_of(chunks, vector.input["k"], vector.input["n"])
    parity = [{"name": name, "begin": shard[:4]} for name, shard in zip(made.parity, shards)]
    return {"shard_length": made.shard, "padding": made.padding, "parity": parity}


@family("seal")
def sealed(vector: Vector) -> object:
    """A chunk to its sealed form."""
    told = vector.input
    descriptor = Encryption(told["aead"], told["nonce_rule"], bytes.fromhex(told["key_id"]))
    out = seal(descriptor, bytes.fromhex(told["key"]), told["offset"], vector.named("octets"))
    made = {"associated_data": descriptor.octets(), "nonce": nonce(told["nonce_rule"], told["offset"])}
    return {**made, "begin": out[:16], "end": out[-16:], "chunk": chunk_id(out)}


@family("fresh")
def fresh(vector: Vector) -> object:
    """Age, life and ceiling to what a copy is of use for."""
    told = vector.input
    age = min(told["told"] + told["took"] + told["kept"], SPAN_MOST)
    life = told.get("life")
    found = use(life["max_age"], life["swr"], life["sie"], told["ceiling"], age) if life else "fresh"
    columns = {
        "fresh": ("fresh", "fresh"),
        "while fetching": ("stale", "stale"),
        "on error": ("waits", "stale"),
        "none": ("waits", "refused"),
    }
    return {"age": age, "under_way": columns[found][0], "failed": columns[found][1]}


@family("purge")
def purge(vector: Vector) -> object:
    """A row of answers and purges to what a cache does."""
    cache = Cache()
    return {"done": [cache.row(row) for row in vector.input["rows"]]}


@family("position")
def position(vector: Vector) -> object:
    """Octets to a position."""
    reader = Reader(vector.named("octets"))
    try:
        found = read_position(reader)
    except Short:
        raise Violation("Malformed", "too short") from None
    if reader.left():
        raise Violation("Malformed", "too long")
    return found


@family("light")
def light(vector: Vector) -> object:
    """Two claims and a round trip to plausible or not."""
    here, there = vector.input["here"], vector.input["there"]
    places = [(one["latitude"], one["longitude"]) for one in (here, there)]
    least = least_round_trip(*places, here["accuracy"], there["accuracy"])
    return {"plausible": vector.input["round_trip"] >= least * 1e9}


@family("choice")
def choice(vector: Vector) -> object:
    """Servers and a key to the server that is chosen."""
    told = vector.input
    servers = [Server(one["node"], one["predicted_us"], one["load"]) for one in told["servers"]]
    found = choose(servers, told["key"], told["near_us"], told["near_percent"])
    return {"node": found.node if found else None}


def list_of(told: dict) -> RevocationList:
    """A list of revocations as a vector tells it."""
    return RevocationList(bytes.fromhex(told["issuer"]), told["number"], told["date"], tuple(told["serials"]))


@family("certificate")
def certificate(vector: Vector) -> object:
    """A certificate, lists and a moment to a refusal or none."""
    told, says = vector.input, vector.input["certificate"]
    trusted = {one["issuer"]: role_words(one["roles"]) for one in told["trusted"]}
    lists = {bytes.fromhex(one["issuer"]): list_of(one) for one in told["lists"]}
    policy = Policy(lists=lists, bound=told["bound"], clock_error=told["clock_error"])
    given = Says(
        says["name"],
        role_words(says["roles"]),
        bytes.fromhex(says["issuer"]),
        trusted.get(says["issuer"]),
        says["serial"],
        bytes.fromhex(says["key"]),
        says["begins"],
        says["ends"],
        says["algorithm"] in ("Ed25519", "EcdsaP256"),
        says["between"],
        says["octets"],
    )
    lacking = ("NoLog" if told.get("proof") else "NoProof") if told.get("demands") else ""
    proved = bytes.fromhex(told["proved"])
    certs.judge_says(given, proved, policy, told["now"], told.get("name"), role_words(told["roles"]), lacking)
    return {"accepted": True}


@family("list")
def lists(vector: Vector) -> object:
    """Octets to a list of revocations; lists that come, to which of them are taken."""
    told = vector.input
    if "octets" in told:
        found = certs.read_list(vector.named("octets"))
        if found is None:
            return {"dropped": True}
        return {"issuer": found.issuer, "number": found.number, "date": found.date, "serials": found.serials}
    policy, taken = Policy(clock_error=told["clock_error"]), []
    for came in told["lists"]:
        found = certs.read_list(vector.octets(came["octets"]))
        known = found is not None and found.issuer.hex() in told["trusted"]
        taken.append(known and policy.take(found, came["now"]))
    return {"taken": taken}


@family("state")
def state(vector: Vector) -> object:
    """A table, a state and events to acts and states."""
    done = []
    for events in vector.input["walks"]:
        machine = Machine(vector.input["table"], vector.input["state"])
        done.append([[machine.fire(event), machine.state] for event in events])
    return {"walks": done}
