"""Signing key: signs partners' access tokens for some months. It is published before it signs, and verifies until its last
token is over; all of it by the database's clock, so it is one and the same key for every process.
"""

from datetime import datetime, timedelta
from typing import Any

from joserfc.jwk import ECKey
from sqlalchemy import ColumnElement, Index, func, or_, select
from sqlalchemy.orm import Mapped, mapped_column

from infra import clock, pruning, schedules, vault
from infra.database import Db
from infra.entity import Entity, Json
from infra.events import declare
from infra.outbox import Event
from infra.pruning import Stale
from infra.questions import Question
from infra.reactions import reaction

ALGORITHM = "ES256"
KEPT_BY_OTHERS = timedelta(hours=1)  # so long may somebody keep the published keys
PUBLISHED_BEFORE = timedelta(days=1)  # by far longer, so whoever meets its first token knows the key
SIGNS_FOR = timedelta(days=90)
TOKEN_LASTS_MAX = timedelta(hours=1)
TENDING_DUE = declare("signing_keys.tending_due")
PRIVATE = "signing_keys.private"
_ONE_AT_A_TIME = 0x6B657973  # an advisory lock: of ten machines that rotate at once, one does

schedules.recur(TENDING_DUE, schedules.DAY, schedules.NIGHT)


class SigningKey(Entity):
    """`id`: its thumbprint (RFC 7638). `wrapped`: the private part, sealed for the house. `verifies_until` is
    known as soon as its successor is.
    """

    __tablename__ = "signing_keys"

    id: Mapped[str] = mapped_column(primary_key=True)
    public: Mapped[Json]
    wrapped: Mapped[bytes]
    made_at: Mapped[datetime]
    signs_from: Mapped[datetime]
    verifies_until: Mapped[datetime | None] = mapped_column(default=None)

    __table_args__ = (Index(None, "verifies_until"),)

    def is_dead(self, now: datetime) -> bool:
        return self.verifies_until is not None and self.verifies_until <= now


class NotRotated(Exception):
    """Raised where a key is to change in a way that would refuse somebody's good token, or that is under way already."""


pruning.forget("prune_signing_keys", Stale(SigningKey.verifies_until, pruning.ago(timedelta(0))))


def lives_at(now: ColumnElement[datetime] | datetime) -> ColumnElement[bool]:
    """Whether a token that a key signed may still be good."""
    return or_(SigningKey.verifies_until.is_(None), SigningKey.verifies_until > now)


async def signing(db: Db) -> SigningKey:
    """The key that signs now. LookupError before `begin`."""
    now = await clock.now(db)
    own = select(SigningKey).where(SigningKey.signs_from <= now, lives_at(now))
    key = (await db.execute(own.order_by(SigningKey.signs_from.desc()).limit(1))).scalar_one_or_none()
    if key is None:
        raise LookupError("no key signs tokens: start `longan prepare`")
    return key


def private_part(key: SigningKey) -> ECKey:
    return ECKey.import_key(vault.system_seal().open(key.wrapped, PRIVATE))


_PUBLISHED = Question(
    lambda: select(SigningKey.id, SigningKey.public).where(lives_at(clock.EXACTLY_NOW)).order_by(SigningKey.signs_from)
)


async def published() -> dict[str, Json]:
    """The public parts (JWK, RFC 7517) of all keys that sign, will sign, or signed a token that may be good."""
    return dict(await _PUBLISHED.ask())


async def begin(db: Db) -> None:
    """The house's first key, which signs at once; nothing where there is one."""
    await _alone(db)
    if not await all_of(db):
        _make(db, await clock.now(db))


async def rotate(db: Db) -> SigningKey:
    """Publish the next key, which signs from tomorrow. Raises NotRotated where one is on its way."""
    now = await _alone(db)
    current = await signing(db)
    if coming := await _coming(db, now):
        raise NotRotated(f"key {coming.id} is published already, and signs from {coming.signs_from:%Y-%m-%d %H:%M} UTC")
    new = _make(db, now + PUBLISHED_BEFORE)
    current.verifies_until = new.signs_from + TOKEN_LASTS_MAX
    await db.flush()
    return new


async def retire(db: Db, kid: str) -> None:
    """Forget a key that is of no use any more. Raises NotRotated for any other."""
    now = await _alone(db)
    key = await _find(db, kid)
    if key.verifies_until is None:
        raise NotRotated(f"key {kid} signs, or will; publish its successor first")
    if not key.is_dead(now):
        raise NotRotated(f"a token of key {kid} may be good until {key.verifies_until:%Y-%m-%d %H:%M} UTC")
    await db.delete(key)
    await db.flush()


async def repudiate(db: Db, kid: str) -> None:
    """A key that somebody else may know: its tokens are good no more, and another signs at once."""
    now = await _alone(db)
    key, current, coming = await _find(db, kid), await signing(db), await _coming(db, now)
    if key is coming:
        current.verifies_until = None
    elif key is current and coming is not None:
        coming.signs_from = now
    elif key is current:
        _make(db, now)
    await db.delete(key)
    await db.flush()


@reaction(TENDING_DUE, stored_as="tend_signing_keys")
async def tend(db: Db, event: Event) -> None:
    """Publish the next key in time. Twice is once."""
    now = await _alone(db)
    if await _coming(db, now) is None and (await signing(db)).signs_from + SIGNS_FOR - PUBLISHED_BEFORE <= now:
        await rotate(db)


async def all_of(db: Db) -> list[SigningKey]:
    """Every key that is kept, in the order in which they sign."""
    return [*(await db.execute(select(SigningKey).order_by(SigningKey.signs_from))).scalars()]


async def _alone(db: Db) -> datetime:
    """The time once nobody else changes the keys."""
    await db.execute(select(func.pg_advisory_xact_lock(_ONE_AT_A_TIME)))
    return await clock.catch_up(db)


async def _find(db: Db, kid: str) -> SigningKey:
    key = await db.get(SigningKey, kid)
    if key is None:
        raise NotRotated(f"there is no key {kid}")
    return key


async def _coming(db: Db, now: datetime) -> SigningKey | None:
    return (await db.execute(select(SigningKey).where(SigningKey.signs_from > now))).scalar_one_or_none()


def _make(db: Db, signs_from: datetime) -> SigningKey:
    pair = ECKey.generate_key("P-256", private=True)
    kid = pair.thumbprint()
    public: dict[str, Any] = {**pair.as_dict(private=False), "kid": kid, "use": "sig", "alg": ALGORITHM}
    sealed = vault.system_seal().close(pair.as_dict(private=True), PRIVATE)
    key = SigningKey(id=kid, public=public, wrapped=sealed, made_at=db.info["now"], signs_from=signs_from)
    db.add(key)
    return key
