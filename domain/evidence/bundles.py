"""Bundle: all that is needed to check one piece of evidence without us: no server, no database, only the log's public key."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from domain.evidence import checkpoints, tree
from domain.evidence.checkpoints import Checkpoint, NotSigned
from domain.evidence.leaves import commit_to

PATH_MAX = 64
Hex32 = Field(pattern="^[0-9a-f]{64}$")


class Bundle(BaseModel):
    """`content` and `leaf` are exact texts: what is hashed is their bytes. Hashes are hexadecimal."""

    model_config = ConfigDict(extra="forbid", strict=True)

    content: str
    salt: str = Hex32
    leaf: str
    position: int = Field(ge=0, lt=2**63)
    path: list[str] = Field(max_length=PATH_MAX)
    checkpoint: str


@dataclass(frozen=True)
class Proved:
    """What a bundle proves: this content stood in the log at `position` when the head was signed."""

    kind: str
    at: datetime
    content: Mapping[str, Any]
    position: int
    head: Checkpoint


class NotProved(ValueError):
    """Raised for a bundle that proves nothing; the sentence says what is wrong with it."""


def verify(raw: bytes, key: Ed25519PublicKey) -> Proved:
    """Raises NotProved."""
    bundle = _read(raw)
    leaf, content = _object(bundle.leaf, "leaf"), _object(bundle.content, "content")
    if leaf.get("commitment") != commit_to(bytes.fromhex(bundle.salt), bundle.content.encode()).hex():
        raise NotProved("The content is not what the log committed to.")
    try:
        head = checkpoints.read(bundle.checkpoint, key)
        path = [bytes.fromhex(step) for step in bundle.path]
        at = datetime.fromisoformat(str(leaf.get("at")))
    except NotSigned as wrong:
        raise NotProved(f"The checkpoint does not hold: {wrong}.") from None
    except ValueError:
        raise NotProved("The path or the leaf's time cannot be read.") from None
    root = tree.root_of_inclusion(tree.hash_leaf(bundle.leaf.encode()), bundle.position, head.size, path)
    if root != head.root:
        raise NotProved("The path does not lead from this leaf to the signed head.")
    return Proved(str(leaf.get("kind")), at, content, bundle.position, head)


def _read(raw: bytes) -> Bundle:
    try:
        return Bundle.model_validate_json(raw)
    except ValidationError as wrong:
        first = wrong.errors(include_url=False, include_input=False, include_context=False)[0]
        raise NotProved(f"It is no bundle: {'.'.join(map(str, first['loc'])) or 'the file'} is wrong.") from None


def _object(text: str, name: str) -> dict[str, Any]:
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        value = None
    if not isinstance(value, dict):
        raise NotProved(f"Its {name} is no JSON object.")
    return value
