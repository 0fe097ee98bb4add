"""Changing the phone: a code to the new number by whoever stepped up, and a day in which the old number can stop it."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Index, delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from domain.actors import UserActor
from domain.people import answering, challenges, phones, sessions, stepping_up
from domain.people.challenges import Challenge, CodePurpose
from domain.people.sessions import Session
from domain.people.users import PHONE, Phone, User
from infra import clock, outbox, receipts, vault
from infra.database import Db
from infra.entity import Entity, Id, OwnerId
from infra.errors import Refusal, RefusalCode
from infra.events import declare
from infra.privacy import Erasure, Export, Privacy
from infra.words import N_, Locale

OLD = "phone_changes.old"
STOPPABLE = timedelta(hours=24)
CHANGED, STOPPED = declare("phone.changed"), declare("phone.change_stopped")


class PhoneChange(Entity):
    """Until `ends_at` the old number is nobody's: it can do nothing but stop this."""

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


async def refuse_held(db: Db, phone_index: bytes) -> None:
    """Refuses NOT_OPEN a number that was changed within a day: it opens no account, old or new, and can only stop that."""
    live = await _live(db, PhoneChange.old_index == phone_index)
    if live is not None:
        sentence = N_("The account of this number has another number now. For a day, this one can only stop that.")
        raise Refusal(RefusalCode.NOT_OPEN, sentence, field=answering.CODE, retry_at=live.ends_at)


async def stop(db: Db, *, phone: str, code: str) -> User | Refusal:
    """The number is as it was, and everybody is signed out. A wrong code is counted, so its refusal is returned.

    Refuses CODE_EXPIRED where nothing can be stopped: whether there was ever an account is not told.
    """
    index = phones.index(phones.parse(phone))
    newest = select(Challenge.id).where(Challenge.phone_index == index, Challenge.purpose == CodePurpose.STOP_CHANGE)
    challenge_id = (await db.execute(newest.order_by(Challenge.created_at.desc()).limit(1))).scalar()
    live = await _live(db, PhoneChange.old_index == index)
    if challenge_id is None or live is None:
        raise answering.expired()
    answered = await answering.compare(db, challenge_id, code, CodePurpose.STOP_CHANGE)
    if isinstance(answered, Refusal):
        return answered
    await answering.settle(db, answered)
    return await _undo(db, live)


async def _undo(db: Db, change: PhoneChange) -> User:
    user = await db.get_one(User, change.user_id, with_for_update=True, populate_existing=True)
    change.stopped_at = await clock.now(db)
    seal = await vault.seal_of(db, user.id)
    old = seal.open(change.old_sealed, OLD)
    await _bind(db, user, old)
    user.phone_sealed = seal.close(old, PHONE)
    live = select(Session).where(Session.user_id == user.id, Session.ended_at.is_(None)).with_for_update()
    for session in (await db.execute(live)).scalars():
        await sessions.end(db, session)
    await outbox.announce(db, STOPPED, user_id=user.id, subject_id=change.id)
    return user


async def _live(db: Db, whose) -> PhoneChange | None:  # type: ignore[no-untyped-def]
    now = await clock.now(db)
    live = select(PhoneChange).where(whose, PhoneChange.ends_at > now, PhoneChange.stopped_at.is_(None))
    return (await db.execute(live.order_by(PhoneChange.changed_at.desc()).limit(1))).scalar_one_or_none()
