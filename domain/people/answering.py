"""Answering a challenge: one comparison, counted, of a code that was sent for this purpose and to this session."""

import hmac
from uuid import UUID

from sqlalchemy import select

from domain.actors import UserActor
from domain.people import challenges, code_limits
from domain.people.challenges import Challenge, CodePurpose
from domain.people.codes import as_digits
from domain.people.places import Place
from domain.people.users import Phone
from infra import clock
from infra.database import Db
from infra.errors import Refusal, RefusalCode
from infra.words import N_

CODE = ("input", "code")


async def compare(
    db: Db, challenge_id: UUID, code: str, purpose: CodePurpose, actor: UserActor | None = None
) -> Challenge | Refusal:
    """The challenge, where the code is its own. A wrong one is counted, so its refusal is returned.

    Refuses CODE_EXPIRED, also where it was sent for another purpose or session, and RATE_LIMITED after too many failures.
    """
    challenge = await _comparable(db, challenge_id, purpose, actor)
    if not hmac.compare_digest(challenges.code_of(challenge).encode(), as_digits(code).encode()):
        return _wrong(challenge)
    return challenge


async def settle(db: Db, challenge: Challenge) -> None:
    """The challenge is answered, and answers nothing again."""
    challenge.answered_at = await clock.now(db)


async def newest(db: Db, actor: UserActor, purpose: CodePurpose) -> UUID:
    """The challenge for their own number that this session asked for last. Refuses CODE_EXPIRED where it asked for none."""
    own = select(Phone.index).where(Phone.user_id == actor.user_id).scalar_subquery()
    mine = select(Challenge.id).where(
        Challenge.phone_index == own, Challenge.session_id == actor.session_id, Challenge.purpose == purpose
    )
    found = (await db.execute(mine.order_by(Challenge.created_at.desc(), Challenge.id.desc()).limit(1))).scalar()
    if found is None:
        raise expired()
    return found


async def _comparable(db: Db, challenge_id: UUID, purpose: CodePurpose, actor: UserActor | None) -> Challenge:
    asked = await db.get(Challenge, challenge_id)
    if asked is None or asked.purpose != purpose or asked.session_id != (actor.session_id if actor else None):
        raise expired()
    await code_limits.one_at_a_time(db, asked.phone_index)
    place = Place(asked.place, asked.is_known_place, asked.is_known_device)
    await code_limits.refuse_too_many_failures(db, asked.phone_index, place)
    challenge = await challenges.take_try(db, challenge_id)
    if challenge is None:
        raise expired()
    return challenge


def expired() -> Refusal:
    return Refusal(RefusalCode.CODE_EXPIRED, N_("This code is no longer valid. Please ask for a new one."), field=CODE)


def _wrong(challenge: Challenge) -> Refusal:
    left = challenges.COMPARED_MAX - challenge.compared
    if left == 0:
        return Refusal(RefusalCode.CODE_WRONG, N_("This code is wrong. Please ask for a new one."), field=CODE)
    return Refusal(RefusalCode.CODE_WRONG, N_("This code is wrong. Tries left: {left}."), field=CODE, left=left)
