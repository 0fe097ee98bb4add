"""Changing the phone: a code to the new number by whoever stepped up, and a day in which the old number can stop it."""

import hmac
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Index, delete, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from domain.actors import UserActor
from domain.people import answering, challenges, phones, putting_away, sessions, stepping_up
from domain.people.challenges import Challenge, CodePurpose
from domain.people.codes import as_digits
from domain.people.second_factors import SecondFactor
from domain.people.sessions import Session
from domain.people.users import PHONE, Phone, User
from infra import clock, counters, outbox, receipts, vault
from infra.counters import by_network
from infra.database import Db
from infra.entity import Entity, Id, OwnerId
from infra.errors import Refusal, RefusalCode
from infra.events import declare
from infra.privacy import Erasure, Export, Privacy
from infra.setting_parts import Rate
from infra.words import N_, Locale

OLD = "phone_changes.old"
STOPPABLE = timedelta(hours=24)
STOPS_PER_NETWORK = Rate(times=10, seconds=86_400)
CHANGED, STOPPED = declare("phone.changed"), declare("phone.change_stopped")


class PhoneChange(Entity):
    """A change of number. Until `ends_at` the old number is nobody's: it can do nothing but stop this."""

    __tablename__ = "phone_changes"
    __privacy__ = Privacy(Export.GIVEN, Erasure.DELETED)

    user_id: Mapped[OwnerId]
    id: Mapped[Id] = mapped_column(init=False)
    old_index: Mapped[bytes]
    old_sealed: Mapped[bytes]
    changed_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    stopped_at: Mapped[datetime | None] = mapped_column(default=None)

    __table_args__ = (Index(None, "old_index"),)


async def change(
    db: Db, actor: UserActor, *, challenge_id: UUID, code: str, key: str, locale: Locale
) -> User | Refusal:
    """The person, with the number that the code went to. A wrong code is counted, so its refusal is returned.

    Refuses STEP_UP_REQUIRED, CODE_EXPIRED, RATE_LIMITED, NOT_ALLOWED a number that has an account, and NOT_OPEN within a day
    of the last change, so that nobody outruns the old number's no.
    """
    input = {"challengeId": challenge_id, "code": vault.mac("code", code.encode()).hex()}
    receipt = await receipts.claim(db, actor=actor.name, operation="changePhone", key=key, input=input)
    if receipt.result_id is not None:
        return await db.get_one(User, actor.user_id)
    await stepping_up.require_step_up(db, actor)
    user = await db.get_one(User, actor.user_id, with_for_update=True, populate_existing=True)
    await _refuse_another(db, user)
    answered = await answering.compare(db, challenge_id, code, CodePurpose.CHANGE_PHONE, actor)
    if isinstance(answered, Refusal):
        await db.delete(receipt)
        return answered
    await answering.settle(db, answered)
    await _move(db, user, challenges.phone_of(answered), locale)
    receipt.result_id = user.id
    return user


async def _refuse_another(db: Db, user: User) -> None:
    live = await _live(db, PhoneChange.user_id == user.id)
    if live is not None:
        sentence = N_("You changed your number a moment ago. You can change it again a day later.")
        raise Refusal(RefusalCode.NOT_OPEN, sentence, retry_at=live.ends_at)


async def _move(db: Db, user: User, number: str, locale: Locale) -> None:
    now, seal = await clock.now(db), await vault.seal_of(db, user.id)
    old = seal.open(user.phone_sealed, PHONE)
    await _bind(db, user, number)
    user.phone_sealed = seal.close(number, PHONE)
    moved = PhoneChange(
        user_id=user.id,
        old_index=phones.index(old),
        old_sealed=seal.close(old, OLD),
        changed_at=now,
        ends_at=now + STOPPABLE,
    )
    db.add(moved)
    await _tell_old_number(db, moved, old, locale)
    await outbox.announce(db, CHANGED, user_id=user.id, subject_id=moved.id)


async def _bind(db: Db, user: User, number: str) -> None:
    """This number leads to them now, and none else. Refuses NOT_ALLOWED a number that leads to somebody, or may again."""
    index, now = phones.index(number), await clock.now(db)
    held = await _live(db, PhoneChange.old_index == index)
    await db.execute(delete(Phone).where(Phone.user_id == user.id))
    row = insert(Phone).values(index=index, user_id=user.id, bound_at=now).on_conflict_do_nothing()
    bound = (await db.execute(row.returning(Phone.user_id))).scalar_one_or_none()
    if bound is None or (held is not None and held.user_id != user.id):
        sentence = N_("This number has an account already. Sign in with it, or choose another.")
        raise Refusal(RefusalCode.NOT_ALLOWED, sentence, field=answering.CODE)


async def _tell_old_number(db: Db, change: PhoneChange, old: str, locale: Locale) -> None:
    """By a code that stops it, as codes are sent: nobody else may read there."""
    notice = Challenge(
        phone_index=change.old_index,
        phone_sealed=vault.system_seal().close(old, challenges.PHONE),
        locale=locale,
        created_at=change.changed_at,
        expires_at=change.ends_at,
        resend_at=change.changed_at,
        purpose=CodePurpose.STOP_CHANGE,
    )
    db.add(notice)
    await db.flush()
    await outbox.announce(db, challenges.CREATED, subject_id=notice.id)


async def is_stoppable(db: Db, phone_index: bytes) -> bool:
    """Whether this number was changed within a day, so that it is sent a code that stops that."""
    return await _live(db, PhoneChange.old_index == phone_index) is not None


async def refuse_held(db: Db, phone_index: bytes) -> None:
    """Refuses NOT_OPEN a number that was changed within a day: it opens no account, old or new, and can only stop that."""
    live = await _live(db, PhoneChange.old_index == phone_index)
    if live is not None:
        sentence = N_("The account of this number has another number now. For a day, this one can only stop that.")
        raise Refusal(RefusalCode.NOT_OPEN, sentence, field=answering.CODE, retry_at=live.ends_at)


async def stop(db: Db, *, phone: str, code: str, ip: str) -> User | Refusal:
    """The number is as it was, and everybody is signed out. A wrong code is counted, so its refusal is returned.

    Counted by who tries, not by number: otherwise whoever took the account would use the tries up. A stranger's right guess
    gains them nothing. Refuses RATE_LIMITED, and CODE_WRONG alike where nothing can be stopped: it tells of no number whether
    it was changed.
    """
    tries = by_network(STOPS_PER_NETWORK, "stop-phone-change", ip)
    if retry_at := await counters.take(db, tries):
        sentence = N_("Too many wrong codes were entered. Please try again later.")
        raise Refusal(RefusalCode.RATE_LIMITED, sentence, field=answering.CODE, retry_at=retry_at)
    index = phones.index(phones.parse(phone))
    sent = await _sent_to(db, index)
    live = await _live(db, PhoneChange.old_index == index)
    codes = [challenges.code_of(each) for each in sent if live and each.created_at >= live.changed_at]
    if live is None or not any(hmac.compare_digest(each.encode(), as_digits(code).encode()) for each in codes):
        sentence = N_("We could not stop a change with this number and this code. Please check both.")
        return Refusal(RefusalCode.CODE_WRONG, sentence, field=answering.CODE)
    await counters.give_back(db, tries)
    for each in sent:
        await answering.settle(db, each)
    return await undo(db, live)


async def _sent_to(db: Db, index: bytes) -> list[Challenge]:
    """The codes that may still stop something, the first and whatever was sent again, locked."""
    waiting = (Challenge.answered_at.is_(None), Challenge.expires_at > await clock.now(db))
    theirs = (Challenge.phone_index == index, Challenge.purpose == CodePurpose.STOP_CHANGE)
    sent = select(Challenge).where(*theirs, *waiting).order_by(Challenge.id).with_for_update()
    return list((await db.execute(sent)).scalars())


async def undo(db: Db, change: PhoneChange) -> User:
    """The number is as it was, nobody is signed in, and what was set up behind the change is gone."""
    await putting_away.wait_for_sign_ins(db, change.user_id)
    user = await db.get_one(User, change.user_id, with_for_update=True, populate_existing=True)
    change.stopped_at = await clock.now(db)
    seal = await vault.seal_of(db, user.id)
    old = seal.open(change.old_sealed, OLD)
    await _bind(db, user, old)
    user.phone_sealed = seal.close(old, PHONE)
    await putting_away.reopen(db, user)  # whoever changed the number may have put it away
    # What was set up since, or by the same step-up, is of whoever changed the number.
    since = SecondFactor.confirmed_at > change.changed_at - stepping_up.LASTS
    newer = (SecondFactor.user_id == user.id, or_(SecondFactor.confirmed_at.is_(None), since))
    await db.execute(delete(SecondFactor).where(*newer))
    live = select(Session).where(Session.user_id == user.id, Session.ended_at.is_(None)).with_for_update()
    for session in (await db.execute(live)).scalars():
        await sessions.end(db, session)
    await outbox.announce(db, STOPPED, user_id=user.id, subject_id=change.id)
    return user


async def refuse_stoppable(db: Db, user_id: UUID) -> None:
    """Refuses NOT_OPEN while the old number can take the account back: what is fixed for good waits until it cannot."""
    if live := await _live(db, PhoneChange.user_id == user_id):
        sentence = N_("Your phone number changed within a day. Please try again tomorrow.")
        raise Refusal(RefusalCode.NOT_OPEN, sentence, retry_at=live.ends_at)


async def begun_since(db: Db, user_id: UUID, asked: Challenge) -> PhoneChange | None:
    """A change of theirs away from the number of this challenge, made after it was asked for, that can still be stopped."""
    since = (PhoneChange.old_index == asked.phone_index) & (PhoneChange.changed_at >= asked.created_at)
    return await _live(db, (PhoneChange.user_id == user_id) & since)


async def _live(db: Db, whose: ColumnElement[bool]) -> PhoneChange | None:
    now = await clock.now(db)
    live = select(PhoneChange).where(whose, PhoneChange.ends_at > now, PhoneChange.stopped_at.is_(None))
    return (await db.execute(live.order_by(PhoneChange.changed_at.desc()).limit(1))).scalar_one_or_none()
