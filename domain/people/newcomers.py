"""Newcomers: whoever has a number now that was somebody else's, and what they may do about the account that it leads to."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select, update

from domain.people import (
    answering,
    beginning,
    changing_phone,
    code_limits,
    half_answered,
    identities,
    putting_away,
    second_signing,
    sessions,
    signing_in,
    users,
)
from domain.people.challenges import Challenge
from domain.people.second_factors import SecondFactor
from domain.people.sessions import Session
from domain.people.users import Phone, User
from infra import clock, counters, receipts
from infra.counters import Use
from infra.database import Db
from infra.errors import Refusal, RefusalCode
from infra.setting_parts import Rate
from infra.words import N_

QUESTIONS = Rate(times=3, seconds=86_400)  # each costs money
FIELD = ("input", "challengeId")


class StillTheirs(Refusal):
    def __init__(self) -> None:
        sentence = N_(
            "Somebody used this number's account lately, so it stays theirs for now. If the number is new to you, try again in "
            "some weeks, or write to us."
        )
        super().__init__(RefusalCode.NOT_ALLOWED, sentence, field=FIELD)


async def start(db: Db, *, challenge_id: UUID, device_name: str, key: str, ip: str) -> Session:
    """Begin afresh with a number whose code was right, where the former owner's second factor or identity is asked for too.

    All that is theirs is put away in this transaction, with what they prove it by: it opens to them alone, by their identity.
    Refuses CODE_EXPIRED, and NOT_ALLOWED where neither a carrier nor ninety days of silence say that they have left: otherwise
    whoever took a phone for an hour could shut its owner out.
    """
    signing_in.check_device_name(device_name)
    input = {"challengeId": challenge_id, "deviceName": device_name}
    receipt = await receipts.claim(
        db, actor=f"challenge:{challenge_id}", operation="reportRecycledNumber", key=key, input=input
    )
    if receipt.result_id is not None:
        return await second_signing.same_session(db, challenge_id, receipt.result_id)
    challenge, former = await half_answered.lock(db, challenge_id)
    if not (await second_signing.standing_of(db, former.id)).may_have_left:
        raise StillTheirs
    newcomer = await putting_away.start_afresh(db, former)
    await answering.settle(db, challenge)
    session = await beginning.begin(db, newcomer, challenge, device_name, ip)
    receipt.result_id = session.id
    return session


async def take_question(db: Db, challenge_id: UUID) -> tuple[Challenge, Phone]:
    """What a carrier is to be asked about a half answered challenge: has its number a new owner? Counted; refuses RATE_LIMITED."""
    challenge, _ = await half_answered.lock(db, challenge_id)
    if retry_at := await counters.take(db, [Use(QUESTIONS, "new-owner", challenge.phone_index.hex())]):
        sentence = N_("You have tried this too often. Please try again later.")
        raise Refusal(RefusalCode.RATE_LIMITED, sentence, field=FIELD, retry_at=retry_at)
    return challenge, await db.get_one(Phone, challenge.phone_index)


async def flag(db: Db, asked: Challenge, user_id: UUID, bound_at: datetime) -> None:
    """A carrier says that the number of this challenge has a new owner, and had this one until then.

    It may say so late: whoever signed in meanwhile by that code alone is signed out, and what they set up is undone. Where they
    even were checked there, the account is mixed of two people and is put away. Whoever proved to be the owner has bound the
    number anew, and it stays theirs.
    """
    await code_limits.one_at_a_time(db, asked.phone_index)
    if moved := await changing_phone.begun_since(db, user_id, asked):
        await changing_phone.undo(db, moved)
    its = (Phone.user_id == user_id, Phone.index == asked.phone_index)
    held = its if moved else (*its, Phone.bound_at == bound_at)
    flagged = update(Phone).where(*held).values(reassigned_at=await clock.now(db)).returning(Phone.user_id)
    if (await db.execute(flagged)).scalar_one_or_none() is not None:
        await _undo(db, user_id, asked.created_at)


async def _undo(db: Db, user_id: UUID, since: datetime) -> None:
    await users.lock(db, user_id)
    theirs = (Session.user_id == user_id, Session.created_at >= since, Session.proven_at.is_(None))
    begun = (await db.execute(select(Session).where(*theirs).with_for_update())).scalars().all()
    if not begun:
        return
    for session in begun:
        await sessions.end(db, session)
    set_up = (SecondFactor.user_id == user_id, SecondFactor.created_at >= since)
    await db.execute(delete(SecondFactor).where(*set_up))
    if await identities.forget_since(db, user_id, since):
        await putting_away.put_away(db, await db.get_one(User, user_id, with_for_update=True, populate_existing=True))
