"""Contacting: what the gate has to know of a person, read once, and the ledger of all contacts, which it counts."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import phonenumbers
from sqlalchemy import DateTime, Index, bindparam, delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from domain.notices import gate, preferences
from domain.notices.classes import NoticeChannel, NoticeClass
from domain.notices.gate import Contactable, Contacted, GateAnswer
from domain.notices.preferences import ContactPreference
from domain.notices.rules import LONGEST
from domain.people import breathing_spaces, users
from domain.people.users import Phone, User, UserStatus
from infra import clock, vault
from infra.database import Db
from infra.entity import Entity, OwnerId
from infra.loaders import ANY_KEY
from infra.privacy import Erasure, Export, Privacy
from infra.questions import Question, ask_within
from infra.words import Locale

KEPT_FOR = 8 * LONGEST
SINCE = bindparam("since", None, type_=DateTime(timezone=True))
Key = tuple[UUID, NoticeChannel]  # of what is told, and by which way


class Contact(Entity):
    """One contact, written before it is made: whoever asks the gate meanwhile counts it. `about` is what was told."""

    __tablename__ = "contacts"
    __privacy__ = Privacy(Export.GIVEN, Erasure.DELETED)

    user_id: Mapped[OwnerId]
    about: Mapped[UUID] = mapped_column(primary_key=True)
    channel: Mapped[NoticeChannel] = mapped_column(primary_key=True)
    purpose: Mapped[NoticeClass]
    at: Mapped[datetime]

    __table_args__ = (Index(None, "user_id", "at"), Index(None, "at"))


@dataclass(frozen=True)
class Addressee:
    """A person as whoever tells them something has to know them."""

    facts: Contactable
    phone: str
    locale: Locale
    contacts: tuple[tuple[Key, Contacted], ...]
    is_invented: bool

    def facts_without(self, key: Key) -> Contactable:
        """The facts as they were before this was told: what was begun does not stand in its own way."""
        others = tuple(each for about, each in self.contacts if about != key)
        return Contactable(**(vars(self.facts) | {"contacts": others}))


# Whoever is put away has none, and of one that a carrier gave to somebody else only a code may try.
_NUMBER = Question(lambda: select(Phone.user_id).where(Phone.user_id == ANY_KEY, Phone.reassigned_at.is_(None)))
_CONTACTS = Question(lambda: select(Contact).where(Contact.user_id == ANY_KEY, Contact.at > SINCE))


async def addressee(db: Db, user_id: UUID) -> Addressee | None:
    """Whom to contact, in one round trip; None where there is no such person, or no more. What this transaction wrote must be flushed."""
    now = await clock.now(db)
    given = {"keys": [user_id]}
    people, keys, chosen, number, spaces, contacts = await ask_within(
        db,
        [
            (users.OF_USERS, given),
            (vault.PERSON_KEYS, given),
            (preferences.OF_USERS, given),
            (_NUMBER, given),
            (breathing_spaces.OF_USERS, given | {"today": clock.local_day(now)}),
            (_CONTACTS, given | {"since": now - LONGEST}),
        ],
    )
    if not people or not keys:
        return None
    ((user,), (key,)) = people[0], keys[0]
    made, prefers = [each for (each,) in contacts], chosen[0][0] if chosen else None
    breathes_until = breathing_spaces.ends_at(each for (each,) in spaces)
    seal = vault.seal_with(key)
    return _addressee(user, seal, prefers, made, now, has_number=bool(number), breathes_until=breathes_until)


def _addressee(
    user: User,
    seal: vault.Seal,
    chosen: ContactPreference | None,
    contacts: Iterable[Contact],
    now: datetime,
    *,
    has_number: bool,
    breathes_until: datetime | None,
) -> Addressee:
    phone = users.phone_of(user, seal)
    prefers = preferences.preferences_of(chosen, phone, now)
    made = tuple(((each.about, each.channel), Contacted(each.at, each.purpose, each.channel)) for each in contacts)
    facts = Contactable(
        zone=prefers.zone,
        country=phonenumbers.region_code_for_number(phonenumbers.parse(phone)),
        quiet_from=prefers.quiet_from,
        quiet_until=prefers.quiet_until,
        choices=prefers.chosen,
        contacts=tuple(each for _, each in made),
        is_restricted=user.status is UserStatus.RESTRICTED,
        has_number=has_number,
        breathes_until=breathes_until,
    )
    return Addressee(facts, phone, prefers.locale, made, user.is_invented)


async def may_contact(
    db: Db, user_id: UUID, purpose: NoticeClass, channel: NoticeChannel, at: datetime | None = None
) -> GateAnswer:
    """What the gate says of this person as they are now."""
    to = await addressee(db, user_id)
    return gate.may_contact(to.facts if to else None, purpose, channel, at or await clock.now(db))


async def may_be_sent_a_code(db: Db, phone_index: bytes) -> GateAnswer:
    """A code is sent to whoever has the number and asked, known to us, not yet, or not any more; it guards the account."""
    user = await users.find_by_phone(db, phone_index)
    to = await addressee(db, user.id) if user else None
    facts = replace(to.facts, has_number=True) if to else Contactable()
    return gate.may_contact(facts, NoticeClass.SECURITY, NoticeChannel.SMS, await clock.now(db))


async def reserve(db: Db, user_id: UUID, about: UUID, channel: NoticeChannel, purpose: NoticeClass) -> None:
    """Write the contact down that is about to be made; the same one again is no other. Whoever asked the gate holds the lock."""
    row = insert(Contact).values(user_id=user_id, about=about, channel=channel, purpose=purpose, at=await clock.now(db))
    await db.execute(row.on_conflict_do_nothing())


async def give_back(db: Db, user_id: UUID, about: UUID, channel: NoticeChannel) -> None:
    """Take a contact back that surely was not made."""
    mine: Any = (Contact.user_id == user_id, Contact.about == about, Contact.channel == channel)
    await db.execute(delete(Contact).where(*mine))
