"""A challenge that was answered half: its code was right, and a second proof is waited for, so many times."""

from uuid import UUID

from sqlalchemy import select, update

from domain.people import code_limits, users
from domain.people.challenges import Challenge
from domain.people.second_factors import RESPONSE
from domain.people.users import User
from infra import clock
from infra.database import Db
from infra.errors import Refusal, RefusalCode
from infra.words import N_

TRIES_MAX = 5  # of one challenge


async def take_try(db: Db, challenge_id: UUID) -> tuple[Challenge, User]:
    """One more try of it, counted. The row lock puts parallel ones in line. Refuses CODE_EXPIRED."""
    await _wait_for_others(db, challenge_id)
    taken = (
        update(Challenge)
        .where(
            Challenge.id == challenge_id,
            Challenge.half_at.is_not(None),
            Challenge.answered_at.is_(None),
            Challenge.expires_at > await clock.now(db),
            Challenge.second_tries < TRIES_MAX,
        )
        .values(second_tries=Challenge.second_tries + 1)
        .returning(Challenge.id)
    )
    if (await db.execute(taken)).scalar_one_or_none() is None:
        raise expired()
    return await _read(db, challenge_id)


async def lock(db: Db, challenge_id: UUID) -> tuple[Challenge, User]:
    """What was answered half, locked, and whose number it is. Refuses CODE_EXPIRED."""
    await _wait_for_others(db, challenge_id)
    return await _read(db, challenge_id)


async def _wait_for_others(db: Db, challenge_id: UUID) -> None:
    """Whoever signs in with this number, or reports it, is done before."""
    asked = select(Challenge.phone_index).where(Challenge.id == challenge_id)
    index = (await db.execute(asked)).scalar_one_or_none()
    if index is None:
        raise expired()
    await code_limits.one_at_a_time(db, index)


async def _read(db: Db, challenge_id: UUID) -> tuple[Challenge, User]:
    found = select(Challenge).where(Challenge.id == challenge_id).with_for_update()
    challenge = (await db.execute(found.execution_options(populate_existing=True))).scalar_one_or_none()
    is_open = challenge is not None and challenge.half_at is not None and challenge.answered_at is None
    if challenge is None or not is_open or challenge.expires_at <= await clock.now(db):
        raise expired()
    user = await users.find_by_phone(db, challenge.phone_index)
    if user is None:
        raise expired()
    return challenge, user


def expired() -> Refusal:
    return Refusal(RefusalCode.CODE_EXPIRED, N_("This sign-in is over. Please ask for a new code."), field=RESPONSE)
