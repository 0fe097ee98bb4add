"""What a source told of a person at one time: a handful of facts, sealed together.

One row holds all the facts of one reading: a person is scored from three or four rows, not from forty, and opens as many seals.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Index, Row, delete, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from domain.facts.counting_on import PREFIX
from domain.facts.open_readings import CORRECTED, Observed, Opened, Rows, corrected, drawn_from, rows_of
from domain.facts.sheets import FactSheet
from infra import clock, vault
from infra.database import Db
from infra.entity import Entity, Id, OwnerId
from infra.lasting import until as lasts_until
from infra.loaders import ANY_KEY
from infra.privacy import Erasure, Export, Privacy
from infra.questions import Question, ask_of
from infra.revisions import Raised, raises

PLACE = "readings.facts"

IS_COUNTING_ON = text(f"source LIKE '{PREFIX}%'")


@raises(Raised.OWNERS)
class Reading(Entity):
    """`withdrawn_at`: from then on it counts for nothing, as when its account is unlinked; before, it did.
    `consent_id`: of what a partner told, with whose leave; it ends with that.

    What counts on after unlinking is a reading whose `withdrawn_at` lies ahead.
    """

    __tablename__ = "readings"
    __privacy__ = Privacy(Export.GIVEN, Erasure.SHREDDED)

    user_id: Mapped[OwnerId]
    id: Mapped[Id] = mapped_column(init=False)
    source: Mapped[str]
    facts_sealed: Mapped[bytes]
    read_at: Mapped[datetime]
    simulated: Mapped[bool] = mapped_column(default=False)
    withdrawn_at: Mapped[datetime | None] = mapped_column(default=None)
    consent_id: Mapped[UUID | None] = mapped_column(default=None)

    __table_args__ = (
        Index(None, "user_id", "source"),
        Index("ix_readings_counting_on", "withdrawn_at", postgresql_where=IS_COUNTING_ON),
    )


@raises(Raised.OWNERS)
class FactsVersion(Entity):
    """How often this person's facts have changed. What was computed from them names the version that it saw."""

    __tablename__ = "facts_versions"
    __privacy__ = Privacy(Export.WITHHELD, Erasure.DELETED)

    user_id: Mapped[OwnerId]
    version: Mapped[int]


async def version_of(db: Db, user_id: UUID) -> int:
    row = await db.get(FactsVersion, user_id, populate_existing=True)
    return row.version if row else 0


async def told_since(db: Db, user_id: UUID, moment: datetime) -> set[str]:
    """The sources that told something after this moment which counts still."""
    theirs = select(Reading.source).where(Reading.user_id == user_id, Reading.read_at > moment)
    return set((await db.execute(theirs.where(Reading.withdrawn_at.is_(None)))).scalars())


async def take_turn(db: Db, user_id: UUID) -> datetime:
    """Wait for whoever writes or scores this person's facts; what we write then comes after what they saw."""
    first = insert(FactsVersion).values(user_id=user_id, version=1)
    again = {"version": FactsVersion.version + 1}
    await db.execute(first.on_conflict_do_update(index_elements=["user_id"], set_=again))
    return await clock.catch_up(db)


async def record(
    db: Db, user_id: UUID, source: str, observed: Iterable[Observed], *, simulated: bool = False
) -> Reading:
    """Write down what a source told. Names outside the vocabulary are a bug of the reader, not of the person."""
    return await write(db, user_id, Opened(source, rows_of(observed), simulated))


async def write(
    db: Db, user_id: UUID, told: Opened, *, until: datetime | None = None, consent_id: UUID | None = None
) -> Reading:
    """`until`: when it stops to count by itself. `consent_id`: with whose leave a partner told it."""
    now = await take_turn(db, user_id)
    seal = await vault.seal_of(db, user_id)
    reading = Reading(
        user_id=user_id,
        source=told.source,
        facts_sealed=seal.close(told.rows, PLACE),
        read_at=now,
        simulated=told.simulated,
        withdrawn_at=until,
        consent_id=consent_id,
    )
    db.add(reading)
    await db.flush()
    return reading


async def withdraw(db: Db, user_id: UUID, *sources: str) -> None:
    """Let everything that these sources told count for nothing from now on."""
    now = await take_turn(db, user_id)
    theirs = (Reading.user_id == user_id, Reading.source.in_(sources), _counts_at(now))
    await db.execute(update(Reading).where(*theirs).values(withdrawn_at=now))


async def end_with_consent(db: Db, user_id: UUID, consent_id: UUID) -> bool:
    """Let all that was told with this leave count for nothing from now on; whether anything counted until then."""
    now = await take_turn(db, user_id)
    its = (Reading.user_id == user_id, Reading.consent_id == consent_id, _counts_at(now))
    ended = await db.execute(update(Reading).where(*its).values(withdrawn_at=now).returning(Reading.id))
    return bool(ended.scalars().all())


async def forget_withdrawn(db: Db, user_id: UUID, source: str) -> None:
    """Delete what a source told that counts for nothing any more."""
    over = (Reading.source == source, Reading.withdrawn_at.is_not(None))
    await db.execute(delete(Reading).where(Reading.user_id == user_id, *over))


async def correct(db: Db, user_id: UUID, source: str, wrong: Rows) -> None:
    """Let these facts of a source, as it wrote them down, count no more: also where it tells the very same again."""
    await write(db, user_id, Opened(f"{CORRECTED}{source}", wrong, simulated=False))


def _counts_at(moment: datetime) -> ColumnElement[bool]:
    return or_(Reading.withdrawn_at.is_(None), Reading.withdrawn_at > moment)


def live_arrays_sql(owner: str) -> str:
    """A row of what counts at `:now` of the person in this column, oldest first, as `sheet_of_row` takes it; NULL for none."""
    return f"""
           SELECT array_agg(source ORDER BY read_at, id) AS sources,
                  array_agg(facts_sealed ORDER BY read_at, id) AS sealed,
                  array_agg(simulated ORDER BY read_at, id) AS simulated
             FROM readings
            WHERE user_id = {owner} AND read_at <= :now AND (withdrawn_at IS NULL OR withdrawn_at > :now)"""  # noqa: S608 - our own words alone


async def live(db: Db, user_id: UUID) -> tuple[list[Opened], datetime]:
    """All that counts of a person now, oldest first and without what was found wrong, and the moment."""
    now = await clock.now(db)
    mine = select(Reading).where(Reading.user_id == user_id, Reading.read_at <= now, _counts_at(now))
    seal = await vault.seal_of(db, user_id)
    told = (await db.execute(mine.order_by(Reading.read_at, Reading.id))).scalars()
    return [*corrected([opened(reading, seal) for reading in told])], now


async def sheet(db: Db, user_id: UUID, as_of: datetime | None = None) -> FactSheet:
    """What is known of this person now, or what was known at `as_of`."""
    return (await sheets(db, {user_id}, as_of))[user_id]


async def sheets(db: Db, user_ids: set[UUID], as_of: datetime | None = None) -> dict[UUID, FactSheet]:
    """The sheets of these people, in one round trip; who was erased is missing."""
    moment = as_of or await clock.dated(db)
    theirs = {"keys": [*user_ids]}
    told, keys = await ask_of(db, [(ALL, theirs), (vault.PERSON_KEYS, theirs)])
    by_user: dict[UUID, list[Reading]] = {user_id: [] for user_id in user_ids}
    for reading in _live_at([reading for (reading,) in told], moment):
        by_user[reading.user_id].append(reading)
        if as_of is None:
            lasts_until(reading.withdrawn_at)
    seals = {key.user_id: vault.seal_with(key) for (key,) in keys}
    drawn = {user_id: sheet_from(by_user[user_id], seal, moment) for user_id, seal in seals.items()}
    if as_of is None:
        lasts_until(*(sheet.stale_at for sheet in drawn.values()))
    return drawn


async def sheets_at(db: Db, moments: set[tuple[UUID, datetime]]) -> dict[tuple[UUID, datetime], FactSheet]:
    """The sheet of each of these people at a moment of its own, in two round trips."""
    told = (
        select(Reading)
        .where(Reading.user_id.in_({user_id for user_id, _ in moments}))
        .order_by(Reading.read_at, Reading.id)
    )
    by_user: dict[UUID, list[Reading]] = {}
    for reading in (await db.execute(told)).scalars():
        by_user.setdefault(reading.user_id, []).append(reading)
    seals = await vault.seals_of(db, {user_id for user_id, _ in moments})
    return {
        (user_id, moment): sheet_at(by_user.get(user_id, []), seals[user_id], moment)
        for user_id, moment in moments
        if user_id in seals
    }


ALL = Question(lambda: select(Reading).where(Reading.user_id == ANY_KEY).order_by(Reading.read_at, Reading.id))


def sheet_at(readings: Sequence[Reading], seal: vault.Seal, moment: datetime) -> FactSheet:
    """What was known at this moment, of all that a person's sources ever told, oldest first."""
    return sheet_from(_live_at(readings, moment), seal, moment)


def _live_at(readings: Sequence[Reading], moment: datetime) -> list[Reading]:
    return [
        reading
        for reading in readings
        if reading.read_at <= moment and (reading.withdrawn_at is None or reading.withdrawn_at > moment)
    ]


def opened(reading: Reading, seal: vault.Seal) -> Opened:
    return Opened(reading.source, seal.open(reading.facts_sealed, PLACE), reading.simulated)


def sheet_from(readings: Iterable[Reading], seal: vault.Seal, as_of: datetime) -> FactSheet:
    return drawn_from([opened(reading, seal) for reading in readings], as_of)


def sheet_of_row(person: Row[Any], seal: vault.Seal, as_of: datetime) -> FactSheet:
    """The sheet of a row with the person's live readings as arrays `sources`, `sealed` and `simulated`, oldest first; NULL for none."""
    told = zip(person.sources or (), person.sealed or (), person.simulated or (), strict=True)
    return drawn_from(
        [Opened(source, seal.open(sealed, PLACE), simulated) for source, sealed, simulated in told], as_of
    )
