"""Keeping: each signed head also lies outside the database, where whoever owns the database cannot reach it."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from domain.evidence import checkpoints
from domain.evidence.checkpoints import Checkpoint
from domain.evidence.log import EvidenceHead
from domain.evidence.sealing import HEAD_SIGNED
from infra.database import reading
from infra.outbox import Event
from infra.private_files import write_once
from infra.reactions import reaction
from infra.settings import settings


def folder() -> Path:
    return settings().evidence_heads or settings().var / "evidence"


@reaction(HEAD_SIGNED, stored_as="keep_head_outside", calls_out=True)
async def keep_head_outside(event: Event) -> None:
    """One file a head, never written again."""
    async with reading() as db:
        head = await db.get(EvidenceHead, event.data["size"])
    assert head is not None, "a head is never deleted"
    path = folder() / f"{head.size:015}-{head.signed_at:%Y%m%dT%H%M%S%f}.checkpoint"
    await asyncio.to_thread(write_once, path, head.note.encode())


def read_heads(where: Path, *keys: Ed25519PublicKey) -> Iterator[Checkpoint]:
    """The heads that were kept, the smallest log first. Raises NotSigned, with the file's name, for one that none of these keys signed."""
    for path in sorted(where.glob("*.checkpoint")):
        try:
            yield checkpoints.read(path.read_text(), *keys)
        except (checkpoints.NotSigned, UnicodeDecodeError) as wrong:
            raise checkpoints.NotSigned(f"{path.name}: {wrong}") from None
