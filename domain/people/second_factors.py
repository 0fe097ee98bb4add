"""Second factor: what a person proves beside a code to their phone, by an authenticator app or a passkey."""

import base64
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, Index, delete, func, or_, select, text, update
from sqlalchemy.orm import Mapped, mapped_column

from domain.actors import UserActor
from domain.people import authenticators, passkeys, sessions, stepping_up, users
from domain.people.codes import as_digits
from domain.people.passkeys import Credential, NoProof
from domain.people.phones import masked
from domain.people.sessions import Session
from domain.people.users import PHONE, User
from infra import clock, outbox, receipts, vault
from infra.database import Db
from infra.entity import Entity, Id, OwnerId
from infra.errors import Refusal, RefusalCode, not_found
from infra.events import declare
from infra.privacy import Erasure, Export, Privacy
from infra.words import N_

PLACE = "second_factors.secret"
LASTS = timedelta(minutes=10)
TRIES_MAX = 5
HELD_MAX = 10
RESPONSE = ("input", "response")
ENROLLED, REMOVED = declare("second_factor.enrolled"), declare("second_factor.removed")


class FactorKind(StrEnum):
    TOTP = "TOTP"
    PASSKEY = "PASSKEY"
    IDENTITY = "IDENTITY"
    CODE = "CODE"


HELD = (FactorKind.TOTP, FactorKind.PASSKEY)


class SecondFactor(Entity):
    """Being set up until `expires_at`, and in force from `confirmed_at` on. `last_step` is the newest step of TOTP that was
    used, `sign_count` a passkey's own count: whoever looked over a shoulder, or copied a key, is found out.
    """

    __tablename__ = "second_factors"
    __privacy__ = Privacy(Export.GIVEN, Erasure.DELETED, secrets=("secret_sealed",))

    user_id: Mapped[OwnerId]
    id: Mapped[Id] = mapped_column(init=False)
    kind: Mapped[FactorKind]
    secret_sealed: Mapped[bytes | None]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    credential_id: Mapped[bytes | None] = mapped_column(default=None)
    tries: Mapped[int] = mapped_column(default=0)
    last_step: Mapped[int] = mapped_column(BigInteger, default=0)
    sign_count: Mapped[int] = mapped_column(BigInteger, default=0)
    confirmed_at: Mapped[datetime | None] = mapped_column(default=None)
    ends_at: Mapped[datetime | None] = mapped_column(default=None)  # after a recovery without it

    __table_args__ = (
        Index(
            "ix_second_factors_one_totp",
            "user_id",
            unique=True,
            postgresql_where=text("kind = 'TOTP' AND confirmed_at IS NOT NULL"),
        ),
    )

    @property
    def challenge(self) -> bytes:
        """What a new passkey signs."""
        return vault.mac("passkey-created", self.id.bytes)


async def enrol(db: Db, actor: UserActor, kind: FactorKind, key: str) -> SecondFactor:
    """Begin to set one up. Refuses NOT_ALLOWED what cannot be, LIMIT_EXCEEDED, and STEP_UP_REQUIRED: of whoever has one
    already, and of a session that is older than a day, which may be a stolen one.
    """
    receipt = await receipts.claim(
        db, actor=actor.name, operation="enrolSecondFactor", key=key, input={"kind": kind, "session": actor.session_id}
    )
    if receipt.result_id is not None:
        return await _enrolment(db, actor, receipt.result_id)
    await users.lock(db, actor.user_id)
    held = await in_force(db, actor.user_id)
    _refuse_more(kind, held)
    if held or not await stepping_up.is_young(db, actor):
        await stepping_up.require_step_up(db, actor)
    now, seal = await clock.now(db), await vault.seal_of(db, actor.user_id)
    await db.execute(
        delete(SecondFactor).where(
            SecondFactor.user_id == actor.user_id,
            or_(SecondFactor.confirmed_at.is_(None), SecondFactor.ends_at <= now),
        )
    )
    secret = seal.close(authenticators.new_secret(), PLACE) if kind is FactorKind.TOTP else None
    factor = SecondFactor(
        user_id=actor.user_id, kind=kind, secret_sealed=secret, created_at=now, expires_at=now + LASTS
    )
    db.add(factor)
    receipt.result_id = factor.id
    await db.flush()
    return factor


def _refuse_more(kind: FactorKind, held: Sequence[SecondFactor]) -> None:
    if kind not in HELD:
        raise Refusal(RefusalCode.NOT_ALLOWED, N_("This cannot be set up."), field=("input", "kind"))
    if kind is FactorKind.TOTP and any(each.kind is kind for each in held):
        raise Refusal(RefusalCode.NOT_ALLOWED, N_("You have an authenticator app already."), field=("input", "kind"))
    if len(held) >= HELD_MAX:
        raise Refusal(RefusalCode.LIMIT_EXCEEDED, N_("You can have up to {most} second factors."), most=HELD_MAX)


async def secret_of(db: Db, factor: SecondFactor) -> str | None:
    """The address for an authenticator app, until it is confirmed."""
    if factor.secret_sealed is None or factor.confirmed_at is not None:
        return None
    seal = await vault.seal_of(db, factor.user_id)
    return authenticators.address_of(seal.open(factor.secret_sealed, PLACE), await _name(db, factor.user_id))


async def options_of(db: Db, factor: SecondFactor) -> str | None:
    """What a passkey is created by, until it is."""
    if factor.kind is not FactorKind.PASSKEY or factor.confirmed_at is not None:
        return None
    known = [each.credential_id for each in await in_force(db, factor.user_id) if each.credential_id]
    name = await _name(db, factor.user_id)
    return passkeys.creation_options(factor.user_id.bytes, name, factor.challenge, known)


async def _name(db: Db, user_id: UUID) -> str:
    user, seal = await db.get_one(User, user_id), await vault.seal_of(db, user_id)
    return masked(seal.open(user.phone_sealed, PHONE))


async def confirm(db: Db, actor: UserActor, factor_id: UUID, response: str) -> User | Refusal:
    """Put it in force by a first proof. A wrong one is counted, so its refusal is returned; after five it is over."""
    factor = await _enrolment(db, actor, factor_id, lock=True)
    if factor.confirmed_at is not None:
        return await db.get_one(User, actor.user_id)
    now = await clock.now(db)
    if factor.expires_at <= now or factor.tries >= TRIES_MAX:
        raise Refusal(RefusalCode.CODE_EXPIRED, N_("This took too long. Please begin again."), field=RESPONSE)
    factor.tries += 1
    _refuse_more(factor.kind, await in_force(db, actor.user_id))
    if not await _is_first_proof(db, factor, response):
        return wrong()
    factor.confirmed_at = now
    await outbox.announce(db, ENROLLED, user_id=actor.user_id, subject_id=factor.id)
    return await db.get_one(User, actor.user_id)


async def _is_first_proof(db: Db, factor: SecondFactor, response: str) -> bool:
    if factor.kind is FactorKind.TOTP:
        return await _take_step(db, factor, response)
    try:
        made = passkeys.created(response, factor.challenge)
    except NoProof:
        return False
    seal = await vault.seal_of(db, factor.user_id)
    factor.credential_id, factor.sign_count = made.id, made.sign_count
    factor.secret_sealed = seal.close(base64.b64encode(made.public_key).decode(), PLACE)
    return True


async def remove(db: Db, actor: UserActor, factor_id: UUID) -> User:
    """Signing in asks for it no more. Removing it twice is removing it once. Refuses NOT_FOUND, and STEP_UP_REQUIRED."""
    mine = (SecondFactor.user_id == actor.user_id, SecondFactor.id == factor_id, SecondFactor.confirmed_at.is_not(None))
    factor = (await db.execute(select(SecondFactor).where(*mine).with_for_update())).scalar_one_or_none()
    if factor is None:
        raise not_found(N_("We could not find this second factor."), ("input", "secondFactorId"))
    now = await clock.now(db)
    if factor.ends_at is None or factor.ends_at > now:
        await stepping_up.require_step_up(db, actor)
        factor.ends_at = now
        await outbox.announce(db, REMOVED, user_id=actor.user_id, subject_id=factor.id)
    return await db.get_one(User, actor.user_id)


async def in_force(db: Db, user_id: UUID) -> Sequence[SecondFactor]:
    """The person's factors that are in force."""
    lives = or_(SecondFactor.ends_at.is_(None), SecondFactor.ends_at > await clock.now(db))
    mine = select(SecondFactor).where(SecondFactor.user_id == user_id, SecondFactor.confirmed_at.is_not(None), lives)
    return (await db.execute(mine.order_by(SecondFactor.id))).scalars().all()


async def end_all(db: Db, user_id: UUID, at: datetime) -> datetime | None:
    """None of them is in force after this, or after the moment at which they end already. Answers it; None where there is none."""
    lives = or_(SecondFactor.ends_at.is_(None), SecondFactor.ends_at > await clock.now(db))
    theirs = (SecondFactor.user_id == user_id, SecondFactor.confirmed_at.is_not(None), lives)
    ended = update(SecondFactor).where(*theirs).values(ends_at=func.coalesce(SecondFactor.ends_at, at))
    return max(filter(None, (await db.execute(ended.returning(SecondFactor.ends_at))).scalars()), default=None)


async def keep_all(db: Db, user_id: UUID) -> None:
    """One was used, so whoever recovered the account without it was somebody else, and is signed out: none of them ends.

    What has ended stays so.
    """
    now = await clock.now(db)
    ending = (SecondFactor.user_id == user_id, SecondFactor.ends_at > now)
    kept = update(SecondFactor).where(*ending).values(ends_at=None).returning(SecondFactor.id)
    if not (await db.execute(kept)).scalars().all():
        return
    theirs = (Session.user_id == user_id, Session.ended_at.is_(None), Session.recovering_until > now)
    for session in (await db.execute(select(Session).where(*theirs).with_for_update())).scalars():
        await sessions.end(db, session)


async def request_options(db: Db, user_id: UUID, challenge: bytes) -> str | None:
    """What a passkey of theirs is to sign; None where they have none."""
    known = [each.credential_id for each in await in_force(db, user_id) if each.credential_id]
    return passkeys.request_options(challenge, known) if known else None


async def is_proven(db: Db, user_id: UUID, kind: FactorKind, response: str, challenge: bytes) -> bool:
    """Whether this response proves a factor of theirs, once. `challenge`: what a passkey had to sign."""
    for factor in await in_force(db, user_id):
        if factor.kind is not kind:
            continue
        if kind is FactorKind.TOTP:
            return await _take_step(db, factor, response)
        if await _is_signed(db, factor, response, challenge):
            return True
    return False


async def _take_step(db: Db, factor: SecondFactor, response: str) -> bool:
    """Whether it is a code of this moment that was not used before. The row lock puts two at once in line."""
    assert factor.secret_sealed is not None
    seal, now = await vault.seal_of(db, factor.user_id), await authenticators.authenticator_time(db)
    step = authenticators.step_of(as_digits(response), seal.open(factor.secret_sealed, PLACE), now)
    if step is None:
        return False
    unused = (_is(factor), SecondFactor.last_step < step)
    taken = update(SecondFactor).where(*unused).values(last_step=step).returning(SecondFactor.id)
    return (await db.execute(taken)).scalar_one_or_none() is not None


async def _is_signed(db: Db, factor: SecondFactor, response: str, challenge: bytes) -> bool:
    assert factor.secret_sealed is not None and factor.credential_id is not None
    seal = await vault.seal_of(db, factor.user_id)
    public_key = base64.b64decode(seal.open(factor.secret_sealed, PLACE))
    try:
        if passkeys.id_of(response) != factor.credential_id:
            return False
        count = passkeys.signed(response, challenge, Credential(factor.credential_id, public_key, factor.sign_count))
    except NoProof:
        return False
    risen = or_(SecondFactor.sign_count < count, SecondFactor.sign_count == 0)
    taken = update(SecondFactor).where(_is(factor), risen).values(sign_count=count).returning(SecondFactor.id)
    return (await db.execute(taken)).scalar_one_or_none() is not None


def _is(factor: SecondFactor) -> ColumnElement[bool]:
    return (SecondFactor.user_id == factor.user_id) & (SecondFactor.id == factor.id)


def wrong() -> Refusal:
    return Refusal(
        RefusalCode.CODE_WRONG,
        N_("This did not prove that it is you. A code works once, so wait for the next one."),
        field=RESPONSE,
    )


async def _enrolment(db: Db, actor: UserActor, id: UUID, *, lock: bool = False) -> SecondFactor:
    mine = select(SecondFactor).where(SecondFactor.user_id == actor.user_id, SecondFactor.id == id)
    row = (await db.execute(mine.with_for_update() if lock else mine)).scalar_one_or_none()
    if row is None:
        raise not_found(N_("This was begun anew since. Please begin again."), ("input", "enrolmentId"))
    return row
