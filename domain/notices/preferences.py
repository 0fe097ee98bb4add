"""Contact preferences: what a person wants to hear of by which way, when they sleep, and in what language they are told."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time
from functools import cache, partial
from uuid import UUID
from zoneinfo import ZoneInfo, available_timezones

from phonenumbers import parse
from phonenumbers.tzdata import TIMEZONE_DATA
from sqlalchemy import Time, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from domain.actors import UserActor
from domain.notices.classes import CHOICES, Choice, NoticeChannel, NoticeClass, is_always_on
from domain.notices.gate import QUIET_FROM, QUIET_UNTIL
from domain.people import users
from domain.people.users import User
from infra import clock, lasting, vault
from infra.database import Db
from infra.entity import Entity, Json, OwnerId
from infra.errors import Faults, invalid
from infra.loaders import ANY_KEY, loader
from infra.privacy import Erasure, Export, Privacy
from infra.questions import Question
from infra.revisions import Raised, raises
from infra.words import DEFAULT_LOCALE, N_, Locale

UNKNOWN_ZONE = "Etc/Unknown"  # Unicode's name for it (CLDR)
HOUR = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")


@raises(Raised.OWNERS)
class ContactPreference(Entity):
    """`choices` holds what the person chose, as MARKETING:PUSH; whatever is missing is as it is for everybody at first."""

    __tablename__ = "contact_preferences"
    __privacy__ = Privacy(Export.GIVEN, Erasure.DELETED)

    user_id: Mapped[OwnerId]
    choices: Mapped[Json] = mapped_column(default_factory=dict)
    quiet_from: Mapped[time] = mapped_column(Time, default=QUIET_FROM)
    quiet_until: Mapped[time] = mapped_column(Time, default=QUIET_UNTIL)
    time_zone: Mapped[str | None] = mapped_column(default=None)
    locale: Mapped[str | None] = mapped_column(default=None)


@dataclass(frozen=True)
class Preferences:
    """What a person prefers, whether they said so or not. `zone` is None where nobody knows it."""

    chosen: dict[Choice, bool]
    quiet_from: time
    quiet_until: time
    zone: ZoneInfo | None
    locale: Locale

    @property
    def time_zone(self) -> str:
        return self.zone.key if self.zone else UNKNOWN_ZONE


def preferences_of(row: ContactPreference | None, phone: str, at: datetime) -> Preferences:
    """The zone is the one that the person named, else that of their phone number where it is only one."""
    row = row or ContactPreference(user_id=UUID(int=0))
    return Preferences(
        chosen={choice: row.choices[name] for choice in CHOICES if (name := _name(choice)) in row.choices},
        quiet_from=row.quiet_from,
        quiet_until=row.quiet_until,
        zone=zone_named(row.time_zone) if row.time_zone else zone_of_number(phone, at),
        locale="en" if row.locale == "en" else DEFAULT_LOCALE,
    )


def _name(choice: Choice) -> str:
    return f"{choice[0]}:{choice[1]}"


def zone_named(name: str) -> ZoneInfo | None:
    return ZoneInfo(name) if name in _zones() else None


@cache
def _zones() -> frozenset[str]:
    """Those of the IANA's database that name a place, or the universal time."""
    return frozenset(
        name for name in available_timezones() if "/" in name and not name.startswith(("Etc/", "posix/", "right/"))
    ) | {"UTC"}


def zone_of_number(phone: str, at: datetime) -> ZoneInfo | None:
    """The zone of a number's country, where all its clocks show the same; where they do not, a mobile phone may be anywhere."""
    zones = [zone for name in TIMEZONE_DATA.get(str(parse(phone).country_code), ()) if (zone := zone_named(name))]
    if len(zones) > 1:
        lasting.doubt("zones of a country")
    if not zones or len({at.astimezone(zone).utcoffset() for zone in zones}) > 1:
        return None
    return zones[-1]


OF_USERS = Question(lambda: select(ContactPreference).where(ContactPreference.user_id == ANY_KEY))


@loader(OF_USERS, users.OF_USERS, vault.PERSON_KEYS)
async def of_users(
    db: Db | None,
    user_ids: set[UUID],
    now: datetime,
    rows: list[tuple[ContactPreference]],
    people: list[tuple[User]],
    keys: list[tuple[vault.PersonKey]],
) -> dict[UUID, Preferences]:
    by_user = {row.user_id: row for (row,) in rows}
    seals = {key.user_id: vault.seal_with(key) for (key,) in keys}
    return {
        user.id: preferences_of(by_user.get(user.id), users.phone_of(user, seals[user.id]), now)
        for (user,) in people
        if user.id in seals
    }


@dataclass(frozen=True)
class ContactChoice:
    """What somebody wants of one class by one way."""

    notice_class: NoticeClass
    channel: NoticeChannel
    is_allowed: bool


async def change(
    db: Db,
    actor: UserActor,
    *,
    wishes: Iterable[ContactChoice] = (),
    quiet_from: str | None = None,
    quiet_until: str | None = None,
    time_zone: str | None = None,
) -> None:
    """Write down what was said; what was not stays as it is. Refuses INVALID, naming all that is wrong."""
    faults = Faults()
    chosen = faults.of(partial(_chosen, [*wishes]))
    given = {
        "quiet_from": quiet_from and faults.of(partial(hour_of, quiet_from, "quietFrom")),
        "quiet_until": quiet_until and faults.of(partial(hour_of, quiet_until, "quietUntil")),
        "time_zone": time_zone and faults.of(partial(zone_name_of, time_zone)),
    }
    faults.refuse()
    row = await _locked(db, actor.user_id)
    row.choices = row.choices | (chosen or {})
    for name, value in given.items():
        if value is not None:
            setattr(row, name, value)
    await db.flush()


def _chosen(wishes: list[ContactChoice]) -> dict[str, bool]:
    for wish in wishes:
        if not wish.is_allowed and is_always_on((wish.notice_class, wish.channel)):
            raise invalid(
                N_(
                    "What concerns your security or your account itself is always told there, so it cannot be turned off."
                ),
                ("input", "preferences"),
            )
    return {_name((wish.notice_class, wish.channel)): wish.is_allowed for wish in wishes}


def hour_of(text: str, field: str) -> time:
    if (found := HOUR.fullmatch(text.strip())) is None:
        raise invalid(N_("Write the hour as 22:00."), ("input", field))
    return time(int(found[1]), int(found[2]))


def zone_name_of(text: str) -> str:
    if zone_named(text.strip()) is None:
        raise invalid(N_("Name a time zone of the IANA's, as Asia/Shanghai."), ("input", "timeZone"))
    return text.strip()


async def remember_language(db: Db, user_id: UUID, locale: Locale) -> None:
    """Remember the language of the last sign-in: people are told things in it while they do not ask."""
    row = insert(ContactPreference).values(
        user_id=user_id, choices={}, quiet_from=QUIET_FROM, quiet_until=QUIET_UNTIL, locale=locale
    )
    anew = row.on_conflict_do_update(
        index_elements=["user_id"],
        set_={"locale": row.excluded.locale},
        where=ContactPreference.locale.is_distinct_from(row.excluded.locale),
    )
    await db.execute(anew)


async def _locked(db: Db, user_id: UUID) -> ContactPreference:
    """The person's row, made if need be; nobody else changes it until this transaction ends."""
    made = insert(ContactPreference).values(user_id=user_id, choices={}, quiet_from=QUIET_FROM, quiet_until=QUIET_UNTIL)
    await db.execute(made.on_conflict_do_nothing())
    mine = select(ContactPreference).where(ContactPreference.user_id == user_id).with_for_update()
    return (await db.execute(mine.execution_options(populate_existing=True))).scalar_one()


async def lock(db: Db, user_id: UUID) -> None:
    """Two that would contact one person wait for each other, so that no count is passed by both.

    It is now when the lock is had: what the others wrote meanwhile is past.
    """
    await _locked(db, user_id)
    await clock.catch_up(db)
