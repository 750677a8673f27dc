"""Who the peer is: certificates and lists of revocations, clause 13."""

from __future__ import annotations

import datetime
import os
import time
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import SignatureAlgorithmOID

from .codes import Refusal
from .names import key_id
from .settings import ROLES
from .wire import Reader, Short, put_varint

SECOND = 1_000_000_000
"""Nanoseconds."""
LIFE_MOST = 7 * 86_400 * SECOND
CHAIN_MOST = 4_096
LIST_CONTEXT = b"HyperMesh STOQ 2026-11-22 list of revocations v1\0"


def spki(key) -> bytes:
    """The DER of a key's SubjectPublicKeyInfo."""
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


@dataclass(frozen=True)
class RevocationList:
    """A list of revocations: clause 13.3; the date in nanoseconds since 1970."""

    issuer: bytes
    number: int
    date: int
    serials: tuple[int, ...]

    def octets(self) -> bytes:
        """The form of clause 13.3, without the signature."""
        head = self.issuer + put_varint(self.number) + self.date.to_bytes(8, "big") + put_varint(len(self.serials))
        return head + b"".join(serial.to_bytes(8, "big") for serial in self.serials)


def read_list(octets: bytes) -> RevocationList | None:
    """A list without its signature, or nothing if it does not have the form (R-13-22)."""
    reader = Reader(octets)
    try:
        issuer, number, date, count = reader.octets(32), reader.varint(), reader.fixed(8), reader.varint(4_096)
        serials = tuple(reader.fixed(8) for _ in range(count))
    except (Short, Exception):
        return None
    if reader.left() or any(a >= b for a, b in zip(serials, serials[1:])):
        return None
    return RevocationList(issuer, number, date, serials)


def read_signed_list(octets: bytes, keys: dict[bytes, object]) -> RevocationList | None:
    """A list as a file, if one of the trusted keys signed it (R-13-22)."""
    found = read_list(octets[:-64])
    key = keys.get(found.issuer) if found else None
    if not isinstance(key, ed25519.Ed25519PublicKey):
        return None
    try:
        key.verify(octets[-64:], LIST_CONTEXT + octets[:-64])
    except InvalidSignature:
        return None
    return found


@dataclass
class Policy:
    """What a receiver is configured with; times in nanoseconds."""

    issuers: dict[bytes, tuple[object, frozenset[str]]] = field(default_factory=dict)
    lists: dict[bytes, RevocationList] = field(default_factory=dict)
    bound: int = 60 * SECOND
    clock_error: int = 5 * SECOND
    list_file: str | None = None
    offset: int = 0

    def now(self) -> int:
        """Nanoseconds since 1970 by the clock of this node, which a tester can set off."""
        return time.time_ns() + self.offset

    def trust(self, key, roles: frozenset[str] = frozenset(ROLES)) -> None:
        """Trusts a key for roles."""
        self.issuers[key_id(spki(key))] = (key, roles)

    def trust_file(self, path: str) -> None:
        """Trusts the keys of the certificates in a file, for all roles."""
        with open(path, "rb") as file:
            for certificate in x509.load_pem_x509_certificates(file.read()):
                self.trust(certificate.public_key())

    def take(self, found: RevocationList, now: int) -> bool:
        """Takes a list if it is newer than what is at hand (R-13-21)."""
        had = self.lists.get(found.issuer)
        if had and (found.number <= had.number or found.date < had.date):
            return False
        if found.date > now + 2 * self.clock_error:
            return False
        self.lists[found.issuer] = found
        return True

    def follow(self) -> None:
        """Reads the file of revocations again."""
        if self.list_file and os.path.exists(self.list_file):
            with open(self.list_file, "rb") as file:
                found = read_signed_list(file.read(), {issuer: key for issuer, (key, _) in self.issuers.items()})
            if found:
                self.take(found, self.now())

    def counts(self) -> int:
        """How long a list counts from its date, by the clock of the receiver."""
        return self.bound - 2 * self.clock_error


@dataclass(frozen=True)
class Holder:
    """A certificate that was accepted."""

    name: str
    roles: frozenset[str]
    issuer: bytes
    serial: int
    begin: int
    end: int


def _nanoseconds(moment: datetime.datetime) -> int:
    return int(moment.replace(tzinfo=datetime.timezone.utc).timestamp()) * SECOND


def _signed_by(certificate: x509.Certificate, key) -> bool:
    try:
        if isinstance(key, ed25519.Ed25519PublicKey):
            key.verify(certificate.signature, certificate.tbs_certificate_bytes)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(certificate.signature, certificate.tbs_certificate_bytes, ec.ECDSA(hashes.SHA256()))
        else:
            return False
    except InvalidSignature:
        return False
    return True


def _listed(certificate: x509.Certificate) -> bool:
    """Whether the policy lists the algorithms of a certificate (R-13-15)."""
    key = certificate.public_key()
    signed = certificate.signature_algorithm_oid in (SignatureAlgorithmOID.ED25519, SignatureAlgorithmOID.ECDSA_WITH_SHA256)
    return signed and (isinstance(key, ed25519.Ed25519PublicKey) or isinstance(getattr(key, "curve", None), ec.SECP256R1))


def _issuer_of(chain: list[x509.Certificate], policy: Policy, now: int) -> tuple[bytes, frozenset[str], int]:
    """The id of the key that signed the holder's certificate, the roles that it is trusted for, certificates between (R-13-04)."""
    for identity, (key, roles) in policy.issuers.items():
        if _signed_by(chain[0], key):
            return identity, roles, 0
    for between in chain[1:2]:
        if not _listed(between):
            raise Refusal("Algorithm")
        if now >= _nanoseconds(between.not_valid_after_utc):
            raise Refusal("Expired", "the certificate between")
        if _may_sign(between) and _signed_by(chain[0], between.public_key()):
            for key, roles in policy.issuers.values():
                if _signed_by(between, key):
                    return key_id(spki(between.public_key())), roles, 1
    raise Refusal("UnknownIssuer", "no trusted key leads to it")


def _identity(certificate: x509.Certificate) -> tuple[str, frozenset[str]]:
    """Name and roles of the one alternative name (R-13-01)."""
    try:
        names = list(certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value)
    except (x509.ExtensionNotFound, ValueError) as error:
        raise Refusal("UnknownIssuer", "no alternative name that can be read") from error
    if len(names) != 1 or not isinstance(names[0], x509.UniformResourceIdentifier):
        raise Refusal("UnknownIssuer", "not one alternative name of type URI")
    uri = names[0].value
    head, _, query = uri.partition("?")
    name = head.removeprefix("stoq://")
    if not uri.startswith("stoq://") or not 1 <= len(name.encode()) <= 1_024 or any(c < " " or c == "\x7f" for c in name):
        raise Refusal("UnknownIssuer", "no URI of clause 13.1")
    pairs = parse_qsl(query, strict_parsing=False, keep_blank_values=True)
    if [key for key, _ in pairs] != ["roles"]:
        raise Refusal("UnknownIssuer", "no roles")
    roles = frozenset(pairs[0][1].split(","))
    if not roles <= set(ROLES):
        raise Refusal("UnknownIssuer", "a role that is none")
    return name, roles


def _check_form(certificate: x509.Certificate) -> None:
    if certificate.version != x509.Version.v3:
        raise Refusal("UnknownIssuer", "not version 3")
    if not 1 <= certificate.serial_number < 1 << 64:
        raise Refusal("UnknownIssuer", "a serial number out of bounds")
    if _may_sign(certificate):
        raise Refusal("UnknownIssuer", "an issuer is no holder")


def _may_sign(certificate: x509.Certificate) -> bool:
    """Whether a certificate is one that may sign others."""
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False
    except ValueError as error:
        raise Refusal("UnknownIssuer", "extensions that cannot be read") from error


@dataclass(frozen=True)
class Says:
    """What a certificate whose signature is good says, and how it came."""

    name: str
    roles: frozenset[str]
    issuer: bytes
    trusted_for: frozenset[str] | None
    serial: int
    key: bytes
    begin: int
    end: int
    algorithm: bool
    between: int
    octets: int


def judge(
    chain: list[x509.Certificate], policy: Policy, now: int, name: str | None = None, role: str | None = None
) -> Holder:
    """Accepts a chain as it came from the peer, which proved to have its key, or raises the refusal of clause 13.5."""
    if not chain:
        raise Refusal("WrongKey", "no certificate")
    leaf, octets = chain[0], sum(len(one.public_bytes(Encoding.DER)) for one in chain)
    if octets > CHAIN_MOST:
        raise Refusal("TooLarge")
    issuer, trusted_for, between = _issuer_of(chain, policy, now)
    _check_form(leaf)
    called, roles = _identity(leaf)
    begin, end = _nanoseconds(leaf.not_valid_before_utc), _nanoseconds(leaf.not_valid_after_utc)
    key = key_id(spki(leaf.public_key()))
    fine = _listed(leaf)
    says = Says(called, roles, issuer, trusted_for, leaf.serial_number, key, begin, end, fine, between, octets)
    return judge_says(says, key, policy, now, name, frozenset({role} if role else ()))


def judge_says(
    says: Says, proved: bytes, policy: Policy, now: int, name: str | None, wanted: frozenset[str], transparency: str = ""
) -> Holder:
    """The rules of clause 13 in the order of the table of refusals; `transparency` is a refusal that stands already."""
    if says.trusted_for is None:
        raise Refusal("UnknownIssuer")
    if not says.algorithm:
        raise Refusal("Algorithm")
    if says.octets > CHAIN_MOST or says.between > 1:
        raise Refusal("TooLarge")
    if not 0 < says.end - says.begin <= LIFE_MOST:
        raise Refusal("Life")
    if says.begin > now + 2 * policy.clock_error:
        raise Refusal("NotYet")
    holder = Holder(says.name, says.roles & says.trusted_for, says.issuer, says.serial, says.begin, says.end)
    judge_again(holder, policy, now)
    if says.key != proved:
        raise Refusal("WrongKey")
    if name is not None and says.name != name:
        raise Refusal("WrongName", f"{says.name} and not {name}")
    if not wanted <= holder.roles:
        raise Refusal("WrongRole", f"{says.name} is no {', '.join(sorted(wanted))}")
    if transparency:
        raise Refusal(transparency)
    return holder


def judge_again(holder: Holder, policy: Policy, now: int) -> None:
    """What can change during a session (R-13-06, R-13-20, R-13-24)."""
    if now >= holder.end:
        raise Refusal("Expired")
    found = policy.lists.get(holder.issuer)
    if found and holder.serial in found.serials:
        raise Refusal("Revoked")
    if holder.end - holder.begin <= policy.counts():
        return
    if found is None:
        raise Refusal("NoList")
    if now >= found.date + policy.counts():
        raise Refusal("StaleList")
