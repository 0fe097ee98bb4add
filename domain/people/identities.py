"""Identity: whether a person is who they say, as a register answered; their name and id number, sealed."""

import hmac
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ForeignKey, delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from domain.actors import UserActor
from domain.facts import readings
from domain.facts.open_readings import Observed
from domain.facts.sheets import REGISTER
from domain.people import changing_phone, id_numbers, profiles, putting_away, sessions, users
from domain.people.id_numbers import FIELD, IdNumber
from domain.people.profiles import ADULT_YEARS, IdentityStatus, age_on
from domain.people.users import PHONE, User
from infra import clock, counters, outbox, receipts, vault
from infra.clock import local_day
from infra.counters import Use
from infra.database import Db
from infra.entity import Entity, OwnerId
from infra.errors import Refusal, RefusalCode, invalid
from infra.events import declare
from infra.lifecycle import Lifecycle, Move
from infra.privacy import Erasure, Export, Privacy
from infra.receipts import Receipt
from infra.settings import settings
from infra.texts import line
from infra.vault import Seal
from infra.words import N_

NAME, NUMBER = "identities.name", "identities.number"
NAME_FIELD = ("input", "name")
NAME_MIN, NAME_MAX = 2, 50
ASKED_FOR = timedelta(seconds=30)  # after that, whoever asked the register is thought to have died
CHECKED, MISMATCHED = declare("identity.checked"), declare("identity.mismatched")

LIFE = Lifecycle(
    "Identity",
    Move([IdentityStatus.UNCHECKED, IdentityStatus.MISMATCH], IdentityStatus.CHECKED, CHECKED),
    Move([IdentityStatus.UNCHECKED], IdentityStatus.MISMATCH, MISMATCHED),
    begins=IdentityStatus.UNCHECKED,
    ends=[IdentityStatus.CHECKED],
)


class PersonIdentity(Entity):
    """Name and number are kept of whoever is CHECKED alone. What the status says stands among the person's facts too."""

    __tablename__ = "identities"
    __privacy__ = Privacy(Export.GIVEN, Erasure.DELETED)

    user_id: Mapped[OwnerId]
    status: Mapped[IdentityStatus] = mapped_column(default=IdentityStatus.UNCHECKED)
    name_sealed: Mapped[bytes | None] = mapped_column(default=None)
    number_sealed: Mapped[bytes | None] = mapped_column(default=None)
    answered_at: Mapped[datetime | None] = mapped_column(default=None)
    asking_until: Mapped[datetime | None] = mapped_column(default=None)  # a register is being asked


class KnownIdNumber(Entity):
    """Whose an id number is, by blind index: one number belongs to one account."""

    __tablename__ = "known_id_numbers"
    __privacy__ = Privacy(Export.WITHHELD, Erasure.DELETED)

    index: Mapped[bytes] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)


@dataclass(frozen=True)
class Said:
    """Who somebody says they are."""

    name: str = field(repr=False)
    number: IdNumber

    @property
    def index(self) -> bytes:
        return vault.blind_index("id-number", self.number.text)

    @property
    def mark(self) -> str:
        """Tells two of them apart, and nobody can search it for a number."""
        return vault.mac("identity", f"{self.name}\0{self.number.text}".encode()).hex()


@dataclass(frozen=True)
class Inquiry:
    """What a register is to be asked: do these three belong together? `tries` were counted for it."""

    said: Said
    phone: str = field(repr=False)
    tries: tuple[Use, ...]


class Busy(Exception):
    """A register is being asked about this person; whoever waits a moment sees the answer."""


def name_of(text: str) -> str:
    """Refuses INVALID what is no name."""
    name = line(text, NAME_MAX, NAME_FIELD)
    if len(name) < NAME_MIN or any(char.isdigit() for char in name):
        raise invalid(N_("Write your full name as it stands on your id card."), NAME_FIELD)
    return name


async def begin(db: Db, actor: UserActor, said: Said, key: str) -> Inquiry | None:
    """What to ask of a register, with a try counted; None where the answer is known already. Raises Busy.

    Refuses NOT_ELIGIBLE who is not of age, NOT_ALLOWED somebody who is known to be another, NOT_OPEN while a change of phone
    can be stopped, and RATE_LIMITED.
    """
    receipt = await _receipt(db, actor, said, key)
    if receipt.result_id is not None:
        return None
    await db.delete(receipt)  # there is one once there is an answer
    _refuse_minors(said, await clock.now(db))
    identity = await _locked(db, actor.user_id)
    if identity.status is IdentityStatus.CHECKED:
        await _refuse_another(db, identity, said)
        return None
    await changing_phone.refuse_stoppable(db, actor.user_id)
    if identity.asking_until and identity.asking_until > await clock.now(db):
        raise Busy
    tries = await _take_try(db, actor, said)
    identity.asking_until = await clock.now(db) + ASKED_FOR
    user, seal = await db.get_one(User, actor.user_id), await vault.seal_of(db, actor.user_id)
    return Inquiry(said, seal.open(user.phone_sealed, PHONE), tries)


async def give_up(db: Db, actor: UserActor, asked: Inquiry, *, is_counted: bool) -> None:
    """The register told nothing. Where it was away, the try was none."""
    (await _locked(db, actor.user_id)).asking_until = None
    if not is_counted:
        await counters.give_back(db, asked.tries)


async def record(db: Db, actor: UserActor, asked: Inquiry, key: str, *, is_theirs: bool) -> Refusal | None:
    """Write down what the register answered. Answers the refusal, which stays, where the number is another account's.

    An account of theirs that was put away with its number is theirs again, with this one. The register has said by then that
    they own number and phone: to nobody else is it told that there is an account.
    """
    said, receipt = asked.said, await _receipt(db, actor, asked.said, key)
    # As wherever an account is put away: the number first, then its person, then their session.
    await putting_away.wait_for_sign_ins(db, actor.user_id)
    await users.lock(db, actor.user_id)
    await sessions.require_live(db, actor.user_id, actor.session_id)
    identity = await _locked(db, actor.user_id)
    identity.asking_until = None
    if receipt.result_id is not None or identity.status is IdentityStatus.CHECKED:
        receipt.result_id = actor.user_id
        return None
    if is_theirs and (owner_id := await _claim_number(db, actor.user_id, said)) != actor.user_id:
        await db.delete(receipt)
        return await putting_away.restore(db, owner_id, actor.user_id) or _elsewhere()
    await _settle(db, identity, said, IdentityStatus.CHECKED if is_theirs else IdentityStatus.MISMATCH)
    receipt.result_id = actor.user_id
    return None


async def _settle(db: Db, identity: PersonIdentity, said: Said, status: IdentityStatus) -> None:
    now = await readings.take_turn(db, identity.user_id)
    is_checked = status is IdentityStatus.CHECKED
    identity.answered_at = now
    told = [Observed(profiles.IDENTITY, is_checked, now)]
    if is_checked:
        seal = await vault.seal_of(db, identity.user_id)
        identity.name_sealed = seal.close(said.name, NAME)
        identity.number_sealed = seal.close(said.number.text, NUMBER)
        told.append(Observed(profiles.BIRTH_DATE, said.number.birth_date, now))
    await readings.record(db, identity.user_id, REGISTER, told)
    if identity.status is not status:
        LIFE.require(identity.status, status)
        identity.status = status
        await outbox.announce(db, CHECKED if is_checked else MISMATCHED, user_id=identity.user_id)
    await outbox.announce(db, profiles.CHANGED, user_id=identity.user_id)


def _refuse_minors(said: Said, now: datetime) -> None:
    age = age_on(said.number.birth_date, local_day(now))
    if said.number.birth_date > local_day(now) or age > profiles.AGE_MAX:
        raise invalid(N_("There is no such id number: its region or its birth date does not exist."), FIELD)
    if age < ADULT_YEARS:
        raise Refusal(
            RefusalCode.NOT_ELIGIBLE, N_("You need to be {age} or older for this."), field=FIELD, age=ADULT_YEARS
        )


async def _refuse_another(db: Db, identity: PersonIdentity, said: Said) -> None:
    theirs = await opened(db, identity)
    if theirs is None or not hmac.compare_digest(Said(*theirs).mark, said.mark):
        raise Refusal(
            RefusalCode.NOT_ALLOWED,
            N_(
                "Your identity is checked already, and stays. If your name or id number has changed, please write to us."
            ),
            field=FIELD,
        )


async def opened(db: Db, identity: PersonIdentity) -> tuple[str, IdNumber] | None:
    """Name and number of whoever is CHECKED."""
    if identity.name_sealed is None or identity.number_sealed is None:
        return None
    seal = await vault.seal_of(db, identity.user_id)
    return seal.open(identity.name_sealed, NAME), id_numbers.parse(seal.open(identity.number_sealed, NUMBER))


def opened_name(identity: PersonIdentity, seal: Seal) -> str | None:
    """The name that the register knows; None of whoever is not CHECKED."""
    return None if identity.name_sealed is None else str(seal.open(identity.name_sealed, NAME))


async def _take_try(db: Db, actor: UserActor, said: Said) -> tuple[Use, ...]:
    """Of one person, and of one id number from all accounts: nobody fishes for whose it is."""
    limits = settings().identity_limits
    tries = (
        Use(limits.per_person, "identity-person", str(actor.user_id)),
        Use(limits.per_number, "identity-number", said.index.hex()),
    )
    if retry_at := await counters.take(db, tries):
        sentence = N_("You have tried this too often. Please check name and number, and try again later.")
        raise Refusal(RefusalCode.RATE_LIMITED, sentence, field=FIELD, retry_at=retry_at)
    return tries


async def _claim_number(db: Db, user_id: UUID, said: Said) -> UUID:
    """Whose it is: theirs from now on, or somebody's before."""
    row = insert(KnownIdNumber).values(index=said.index, user_id=user_id).on_conflict_do_nothing()
    await db.execute(row)
    owner = select(KnownIdNumber.user_id).where(KnownIdNumber.index == said.index)
    return (await db.execute(owner)).scalar_one()


def _elsewhere() -> Refusal:
    sentence = N_(
        "You have an account already, with another phone number. Sign in with that number; you can change it there. If you do "
        "not have it any more, write to us."
    )
    return Refusal(RefusalCode.ACCOUNT_LINKED_ELSEWHERE, sentence, field=FIELD)


async def _receipt(db: Db, actor: UserActor, said: Said, key: str) -> Receipt:
    return await receipts.claim(db, actor=actor.name, operation="verifyIdentity", key=key, input={"said": said.mark})


async def _locked(db: Db, user_id: UUID) -> PersonIdentity:
    await db.execute(
        insert(PersonIdentity).values(user_id=user_id, status=IdentityStatus.UNCHECKED).on_conflict_do_nothing()
    )
    mine = select(PersonIdentity).where(PersonIdentity.user_id == user_id)
    anew = mine.with_for_update().execution_options(populate_existing=True)
    return (await db.execute(anew)).scalar_one()


async def forget_since(db: Db, user_id: UUID, since: datetime) -> bool:
    """Whoever was checked there since then was not the owner: the account is nobody's identity again. False where nobody was."""
    checked = (PersonIdentity.status == IdentityStatus.CHECKED, PersonIdentity.answered_at >= since)
    theirs = delete(PersonIdentity).where(PersonIdentity.user_id == user_id, *checked)
    if (await db.execute(theirs.returning(PersonIdentity.user_id))).scalar_one_or_none() is None:
        return False
    await db.execute(delete(KnownIdNumber).where(KnownIdNumber.user_id == user_id))
    return True


async def identity_of(db: Db, user_id: UUID) -> PersonIdentity | None:
    return await db.get(PersonIdentity, user_id)
