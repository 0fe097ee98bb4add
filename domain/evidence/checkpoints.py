"""Checkpoint: a signed head of the log, as C2SP's tlog-checkpoint and signed-note write it, so that any witness reads it."""

import base64
import binascii
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from infra.keys import keyring
from infra.settings import settings

ED25519 = b"\x01"
ID_BYTES = 4
TEXT = re.compile(r"(?P<origin>[^\n]+)\n(?P<size>0|[1-9]\d{0,18})\n(?P<root>[A-Za-z0-9+/]{43}=)\nat (?P<at>[^\n]+)\n")
SIGNED = re.compile(r"(?P<text>(?:[^\n]+\n)+)\n(?P<signatures>(?:— [^\n]+\n)+)")


class NotSigned(ValueError):
    """Raised for what is no checkpoint, or is not signed by the key that was asked for."""


@dataclass(frozen=True)
class Checkpoint:
    """The log had `size` leaves under `root` (32 bytes) when it was signed."""

    origin: str
    size: int
    root: bytes
    at: datetime

    @property
    def text(self) -> str:
        moment = self.at.astimezone(UTC).isoformat(timespec="microseconds")
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\nat {moment}\n"


def origin() -> str:
    """The name of this house's log: it goes into each signature, and never changes."""
    return f"{urlsplit(settings().public_url).netloc}/evidence"


@cache
def signing_key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(keyring().evidence)


def public_pem() -> bytes:
    return signing_key().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def read_pem(pem: bytes) -> Ed25519PublicKey:
    """Raises NotSigned for what is no Ed25519 key."""
    try:
        key = load_pem_public_key(pem)
    except ValueError:
        key = None
    if not isinstance(key, Ed25519PublicKey):
        raise NotSigned("the key is not the PEM of an Ed25519 public key")
    return key


def sign(checkpoint: Checkpoint) -> str:
    key = signing_key()
    signature = _key_id(checkpoint.origin, key.public_key()) + key.sign(checkpoint.text.encode())
    return f"{checkpoint.text}\n— {checkpoint.origin} {base64.b64encode(signature).decode()}\n"


def read(signed: str, *keys: Ed25519PublicKey) -> Checkpoint:
    """Raises NotSigned unless one of these keys signed it. Others' signatures, as of witnesses, may stand beside."""
    note = SIGNED.fullmatch(signed)
    found = TEXT.fullmatch(note["text"]) if note else None
    if note is None or found is None:
        raise NotSigned("it is no checkpoint")
    name, text = found["origin"], note["text"].encode()
    for line in note["signatures"].splitlines():
        signer, _, encoded = line.removeprefix("— ").partition(" ")
        if signer == name and any(_is_signature(encoded, _key_id(name, key), key, text) for key in keys):
            return Checkpoint(name, int(found["size"]), base64.b64decode(found["root"]), _moment(found["at"]))
    raise NotSigned("it is not signed by this key")


def is_signed_here(signed: str) -> bool:
    """Whether it bears a signature of the key that signs now."""
    try:
        read(signed, signing_key().public_key())
    except NotSigned:
        return False
    return True


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise NotSigned("its time is none") from None
    if moment.tzinfo is None:
        raise NotSigned("its time has no zone")
    return moment


def _is_signature(encoded: str, key_id: bytes, key: Ed25519PublicKey, text: bytes) -> bool:
    try:
        raw = base64.b64decode(encoded, validate=True)
        if raw[:ID_BYTES] != key_id:
            return False
        key.verify(raw[ID_BYTES:], text)
    except (binascii.Error, InvalidSignature):
        return False
    return True


def _key_id(name: str, key: Ed25519PublicKey) -> bytes:
    raw = key.public_bytes(Encoding.Raw, PublicFormat.Raw)
    return sha256(name.encode() + b"\n" + ED25519 + raw).digest()[:ID_BYTES]
