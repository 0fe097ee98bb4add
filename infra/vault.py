"""Sealing: personal data under a key per person, which a rotating master key wraps; look-ups by keyed blind index.

Erasing a person is destroying the row of `person_keys`: what it sealed is then noise, in backups of the data too.
"""

import hashlib
import hmac
import os
from collections.abc import Iterable
from functools import lru_cache
from typing import Any
from uuid import UUID

import orjson
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Index, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped

from infra.entity import Entity, OwnerId
from infra.keys import keyring
from infra.loaders import ANY_KEY
from infra.privacy import Erasure, Export, Privacy
from infra.questions import Question
from infra.revisions import Raised, raises

NONCE = 12


@raises(Raised.OWNERS)
class PersonKey(Entity):
    __tablename__ = "person_keys"
    __privacy__ = Privacy(Export.WITHHELD, Erasure.DELETED)

    user_id: Mapped[OwnerId]
    wrapped: Mapped[bytes]
    version: Mapped[int]

    __table_args__ = (Index(None, "version"),)


class Seal:
    """Seals and opens one person's data. `place` names table and column: a value that was moved does not open."""

    def __init__(self, key: bytes, owner: UUID | None) -> None:
        self._cipher = AESGCM(key)
        self._owner = owner.bytes if owner else b"house"

    def close(self, value: Any, place: str) -> bytes:
        nonce = os.urandom(NONCE)
        return nonce + self._cipher.encrypt(nonce, orjson.dumps(value), self._owner + place.encode())

    def open(self, sealed: bytes, place: str) -> Any:
        return orjson.loads(self._cipher.decrypt(sealed[:NONCE], sealed[NONCE:], self._owner + place.encode()))


def new_person_key(user_id: UUID) -> PersonKey:
    ring = keyring()
    return PersonKey(user_id=user_id, wrapped=_wrap(os.urandom(32), user_id, ring.sealing), version=ring.sealing)


def _wrap(key: bytes, user_id: UUID, version: int) -> bytes:
    nonce = os.urandom(NONCE)
    return nonce + _master(keyring().master[version]).encrypt(nonce, key, user_id.bytes)


def _unwrap(user_id: UUID, wrapped: bytes, version: int) -> bytes:
    return _master(keyring().master[version]).decrypt(wrapped[:NONCE], wrapped[NONCE:], user_id.bytes)


@lru_cache(16)
def _master(key: bytes) -> AESGCM:
    return AESGCM(key)


def seal_with(row: PersonKey) -> Seal:
    return unwrap(row.user_id, row.wrapped, row.version)


def unwrap(user_id: UUID, wrapped: bytes, version: int) -> Seal:
    """The seal of a person from the columns of their row of `person_keys`."""
    return Seal(_unwrap(user_id, wrapped, version), user_id)


async def seal_of(db: AsyncSession, user_id: UUID) -> Seal:
    """The person's seal; read once a transaction. LookupError where the person was erased."""
    known: dict[UUID, Seal] = db.info.setdefault("seals", {})
    if user_id not in known:
        row = await db.get(PersonKey, user_id)
        if row is None:
            raise LookupError("this person has no key any more")
        known[user_id] = seal_with(row)
    return known[user_id]


PERSON_KEYS = Question(lambda: select(PersonKey).where(PersonKey.user_id == ANY_KEY))


async def seals_of(db: AsyncSession, user_ids: set[UUID]) -> dict[UUID, Seal]:
    """The seals of many, in one round trip; who was erased is missing."""
    rows = (await db.execute(select(PersonKey).where(PersonKey.user_id.in_(user_ids)))).scalars()
    return {row.user_id: seal_with(row) for row in rows}


def remember(db: AsyncSession, rows: Iterable[PersonKey]) -> None:
    """Keys that this transaction has read need not be read again."""
    db.info.setdefault("seals", {}).update((row.user_id, seal_with(row)) for row in rows)


def system_seal() -> Seal:
    """The seal of secrets that belong to no person: a staff member's TOTP secret, a webhook's signing key."""
    return Seal(_derived("house"), None)


def blind_index(purpose: str, value: str) -> bytes:
    """A keyed hash, to look a value up and not read it: all phone numbers are hashed bare in half an hour."""
    return hmac.digest(keyring().index, f"{purpose}\0{value}".encode(), "sha256")


def mac(purpose: str, message: bytes) -> bytes:
    return hmac.digest(_derived(purpose), message, "sha256")


def _derived(purpose: str) -> bytes:
    # From the index key, which never rotates: what it derives must stay the same for years.
    return hmac.digest(keyring().index, b"derive\0" + purpose.encode(), hashlib.sha256)


async def count_old(db: AsyncSession) -> dict[int, int]:
    """How many persons' keys are wrapped under each master key that does not seal."""
    old = select(PersonKey.version, func.count()).where(PersonKey.version != keyring().sealing)
    counted = await db.execute(old.group_by(PersonKey.version).order_by(PersonKey.version))
    return {row[0]: row[1] for row in counted}


async def rewrap(db: AsyncSession, limit: int = 1000) -> int:
    """Wrap up to `limit` persons' keys anew under the key that seals; answers how many were done. Those under a key that is
    not known here stay as they are."""
    sealing, others = keyring().sealing, keyring().master.keys() - {keyring().sealing}
    old = select(PersonKey).where(PersonKey.version.in_(others)).limit(limit).with_for_update(skip_locked=True)
    rows = (await db.execute(old)).scalars().all()
    for row in rows:
        key = _unwrap(row.user_id, row.wrapped, row.version)
        await db.execute(
            update(PersonKey)
            .where(PersonKey.user_id == row.user_id)
            .values(wrapped=_wrap(key, row.user_id, sealing), version=sealing)
        )
    return len(rows)
