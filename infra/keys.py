"""The keys that everything secret hangs on: from settings in production, made once under `var/` on the embedded default."""

import base64
import hmac
import secrets
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import orjson

from infra.private_files import write_once
from infra.settings import Settings, settings


@dataclass(frozen=True)
class Keyring:
    """`master` wraps the keys of persons: the version `sealing` wraps, all of them unwrap. `evidence` signs the log's heads."""

    master: dict[int, bytes]
    index: bytes
    token: bytes
    sealing: int
    evidence: bytes


@cache
def keyring() -> Keyring:
    return read_keyring()


def read_keyring() -> Keyring:
    """The keys as the settings are now. Raises ValueError where a key is none."""
    s = settings()
    if s.index_key and s.token_key and s.master_keys:
        return _from_settings(s)
    return _from_file(s.var / "keys.json")


def _from_settings(s: Settings) -> Keyring:
    assert s.index_key and s.token_key
    master = {int(version): _decode(key.get_secret_value()) for version, key in s.master_keys.items()}
    index, token = _decode(s.index_key.get_secret_value()), _decode(s.token_key.get_secret_value())
    evidence = _decode(s.evidence_key.get_secret_value()) if s.evidence_key else _evidence_of(index)
    return Keyring(master, index, token, s.sealing_key or max(master), evidence)


def _evidence_of(index: bytes) -> bytes:
    # Like all that must stay the same for years, where no key of its own was given.
    return hmac.digest(index, b"derive\0evidence", "sha256")


def _decode(text: str) -> bytes:
    key = base64.b64decode(text)
    if len(key) != 32:
        raise ValueError("a key is the base64 of 32 bytes")
    return key


def _from_file(path: Path) -> Keyring:
    if not path.exists():
        _make(path)
    raw = orjson.loads(path.read_bytes())
    master = {int(version): _decode(key) for version, key in raw["master"].items()}
    index = _decode(raw["index"])
    return Keyring(master, index, _decode(raw["token"]), max(master), _evidence_of(index))


def _make(path: Path) -> None:
    fresh = {"master": {"1": _new()}, "index": _new(), "token": _new()}
    write_once(path, orjson.dumps(fresh))


def _new() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()
