"""Putting away: a number has a new owner, and nothing of the one before is shown to them, or asked of them."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, select

from domain.actors import UserActor
from domain.people import code_limits, phones, sessions, stepping_up, users
from domain.people.sessions import Session
from domain.people.users import LIFE, PHONE, Phone, User, UserStatus
from infra import clock, counters, outbox, vault
from infra.database import Db
from infra.errors import Refusal, RefusalCode
from infra.events import declare
from infra.words import N_

PUT_AWAY, RESTORED = declare("user.put_away"), declare("user.restored")

# Whatever a person can have open says here what they should do about it before the account it belongs to is put away.
Unfinished = Callable[[Db, UUID], Awaitable[str | None]]
unfinished: list[Unfinished] = []
LEFT_OPEN, KNOWN_FOR = "left-open", timedelta(days=366)  # of a number


async def report(db: Db, actor: UserActor) -> Session:
    """Somebody new says that the number is theirs now: all that is the former owner's is put away in this transaction.

    Refuses NOT_ALLOWED whoever signed in with the former owner's second factor: that is nobody new; and STEP_UP_REQUIRED of a
    session that is older than a day, which may be a stolen one. Everywhere a number is locked first, then its person, then
    their sessions.
    """
    await wait_for_sign_ins(db, actor.user_id)
    user = await db.get_one(User, actor.user_id, with_for_update=True, populate_existing=True)
    session = await sessions.locked(db, actor.user_id, actor.session_id)
    assert session is not None, "the actor came from this session"
    if session.proven_at is not None:
        sentence = N_("You signed in with the second factor of this account, so it is yours.")
        raise Refusal(RefusalCode.NOT_ALLOWED, sentence)
    if not await stepping_up.is_young(db, actor):
        await stepping_up.require_step_up(db, actor)
    await put_away(db, user)
    return session


async def wait_for_sign_ins(db: Db, user_id: UUID) -> None:
    """Whoever is just signing in with their number is done before, and signed out; or comes after, and starts afresh."""
    index = (await db.execute(select(Phone.index).where(Phone.user_id == user_id))).scalar_one_or_none()
    if index is not None:
        await code_limits.one_at_a_time(db, index)


async def start_afresh(db: Db, user: User) -> User:
    """Put it away, and register whoever has the number now."""
    seal = await vault.seal_of(db, user.id)
    number = seal.open(user.phone_sealed, PHONE)
    await put_away(db, await db.get_one(User, user.id, with_for_update=True, populate_existing=True))
    return await users.register(db, number)


async def put_away(db: Db, user: User) -> None:
    """No number leads to this account any more, nobody is signed in to it, and nothing new begins there."""
    numbers = await db.execute(delete(Phone).where(Phone.user_id == user.id).returning(Phone.index))
    if (index := numbers.scalar_one_or_none()) is not None and await what_is_open(db, user.id):
        await counters.remember(db, LEFT_OPEN, index.hex(), KNOWN_FOR)
    live = select(Session).where(Session.user_id == user.id, Session.ended_at.is_(None)).with_for_update()
    for session in (await db.execute(live)).scalars():
        await sessions.end(db, session)
    if user.put_away_at is None:
        if user.status is not UserStatus.RESTRICTED:  # whoever leaves is restricted before
            LIFE.require(user.status, UserStatus.RESTRICTED)
            user.status = UserStatus.RESTRICTED
        user.put_away_at = await clock.now(db)
        await outbox.announce(db, PUT_AWAY, user_id=user.id)
    await db.flush()


async def what_is_open(db: Db, user_id: UUID) -> list[str]:
    """What must come to its end first, in sentences: a debt, a plan, money on its way."""
    return [sentence for ask in unfinished if (sentence := await ask(db, user_id))]


async def may_owe(db: Db, user_id: UUID) -> bool:
    """Whether an account with this person's number was put away within a year while something was open there: they may be whose
    it is, and have said that the number is new to them.
    """
    index = await db.scalar(select(Phone.index).where(Phone.user_id == user_id))
    return index is not None and await counters.remembers(db, LEFT_OPEN, index.hex())


def over() -> Refusal:
    sentence = N_(
        "This account was put away: its phone number opens another one now. Sign in with the number that you have now and verify "
        "your identity, and your earlier account is yours again. If you never verified it, write to us."
    )
    return Refusal(RefusalCode.SESSION_ENDED, sentence)


async def restore(db: Db, owner_id: UUID, newcomer_id: UUID) -> Refusal | None:
    """Give an account that was put away back to whoever a register knows for its owner, with the number that they have now.

    The account that they began afresh is put away in its turn: so they finish first what is open there, and are told what.
    Answers what ends their request here; None where the first account was not put away.
    """
    await wait_for_sign_ins(db, newcomer_id)
    await db.execute(select(User.id).where(User.id.in_([owner_id, newcomer_id])).order_by(User.id).with_for_update())
    owner = await db.get_one(User, owner_id, populate_existing=True)
    newcomer = await db.get_one(User, newcomer_id, populate_existing=True)
    if owner.put_away_at is None:
        return None
    if waits := await what_is_open(db, newcomer_id):
        return Refusal(RefusalCode.NOT_OPEN, waits[0])
    number = (await vault.seal_of(db, newcomer.id)).open(newcomer.phone_sealed, PHONE)
    await put_away(db, newcomer)
    now = await clock.now(db)
    db.add(Phone(index=phones.index(number), user_id=owner.id, bound_at=now))
    owner.phone_sealed = (await vault.seal_of(db, owner.id)).close(number, PHONE)
    await reopen(db, owner)
    sentence = N_("Your earlier account is yours again, with this number. Please sign in again.")
    return Refusal(RefusalCode.SESSION_ENDED, sentence)


async def reopen(db: Db, user: User) -> None:
    """Use an account again, by a number that the caller has bound to it. Nothing where it was not put away."""
    if user.put_away_at is None:
        return
    LIFE.require(user.status, UserStatus.ACTIVE)
    user.status, user.put_away_at = UserStatus.ACTIVE, None
    await outbox.announce(db, RESTORED, user_id=user.id)
    await db.flush()
