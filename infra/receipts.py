"""Idempotency: the receipt of a command lies in the transaction of its effect."""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Index
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from infra import clock, writing
from infra.entity import Entity
from infra.errors import Refusal, RefusalCode, in_progress, invalid
from infra.privacy import Erasure, Export, Privacy
from infra.questions import Asked, WritingQuestion, ask_alone
from infra.words import N_

KEPT = timedelta(days=30)
LOCK_NOT_AVAILABLE = "55P03"


class Receipt(Entity):
    """(actor, operation, key) -> what came of it. `result_id` is None only inside the transaction that makes it."""

    __tablename__ = "receipts"
    __privacy__ = Privacy(Export.WITHHELD, Erasure.DELETED)

    actor: Mapped[str] = mapped_column(primary_key=True)
    operation: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    input_hash: Mapped[bytes]
    created_at: Mapped[datetime]
    result_id: Mapped[UUID | None] = mapped_column(default=None)

    __table_args__ = (Index(None, "created_at"),)


def check_key(key: str) -> None:
    """Refuses INVALID a key that is too short to be nobody else's, or too long to be kept."""
    if not 8 <= len(key) <= 128:
        raise invalid(N_("An idempotency key has 8 to 128 characters."), ("input", "idempotencyKey"))


async def claim(
    db: AsyncSession,
    *,
    actor: str,
    operation: str,
    key: str,
    input: Mapping[str, Any],
    result_id: UUID | None = None,
) -> Receipt:
    """The receipt for this command: new, or that of the first time.

    The same key in flight waits here, on the unique key, for the first one's commit: IN_PROGRESS after the lock time-out.
    `result_id`: what will come of it, where that is known before; a receipt with another is that of the first time.
    Refuses IDEMPOTENCY_MISMATCH where the key was used for another input. A refusal rolls the new receipt back.
    """
    now = await clock.now(db)
    receipt = begin(now, actor=actor, operation=operation, key=key, input=input, result_id=result_id)
    with waiting():
        is_new = bool(await ask_alone(db, _WRITING, **writing.given_of(receipt)))
    return await settle(db, receipt, is_new=is_new)


def begin(
    now: datetime, *, actor: str, operation: str, key: str, input: Mapping[str, Any], result_id: UUID | None = None
) -> Receipt:
    """What `claim` writes, for whoever asks for it together with other things: `asked`, while `waiting`, and then `settle`."""
    check_key(key)
    digest = fingerprint(input)
    return Receipt(actor=actor, operation=operation, key=key, input_hash=digest, created_at=now, result_id=result_id)


def asked(receipt: Receipt) -> Asked:
    """Writes the receipt where there is none: one row if so."""
    return _WRITING, writing.given_of(receipt)


@contextmanager
def waiting() -> Iterator[None]:
    """Refuses IN_PROGRESS where the first one takes longer than a lock is waited for."""
    try:
        yield
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) != LOCK_NOT_AVAILABLE:
            raise
        raise in_progress() from None


async def settle(db: AsyncSession, receipt: Receipt, *, is_new: bool) -> Receipt:
    """The receipt that now stands: this one, or that of the first time. Refuses IDEMPOTENCY_MISMATCH."""
    if is_new:
        writing.take_in(db, receipt)
        return receipt
    stands = await db.get_one(Receipt, (receipt.actor, receipt.operation, receipt.key))
    if stands.input_hash != receipt.input_hash:
        raise Refusal(
            RefusalCode.IDEMPOTENCY_MISMATCH,
            N_("This idempotency key was already used for another request."),
            field=("input", "idempotencyKey"),
        )
    return stands


_WRITING = WritingQuestion(lambda: writing.insert_of(Receipt).on_conflict_do_nothing().returning(Receipt.key))


def fingerprint(input: Mapping[str, Any]) -> bytes:
    return hashlib.sha256(orjson.dumps(dict(input), option=orjson.OPT_SORT_KEYS, default=str)).digest()
