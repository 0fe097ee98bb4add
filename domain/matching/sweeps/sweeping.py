"""Matching everybody. A batch is two reads, the models for each of its people, and COPY; nobody waits for it."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from cryptography.exceptions import InvalidTag
from sqlalchemy import Row, select, text

from domain.applications import burdens
from domain.applications.burdens import NOTHING, Burden
from domain.credit.scoring import Scored, scorer
from domain.facts import accounts, readings
from domain.facts.readings import FactsVersion
from domain.facts.sheets import FactSheet
from domain.market.applicants import Applicant, applicant_of
from domain.market.products import ShelfVersion
from domain.matching import basis, lists, shelf
from domain.matching.matcher import matcher
from domain.matching.shelf import Shelf
from domain.matching.sweeps import group_costs, picks, reaches, snapshots
from domain.matching.sweeps.group_costs import Spending
from domain.matching.sweeps.sweeps import Sweep, SweepRange
from domain.runs import running
from domain.runs.running import Pace, Work
from infra import clock, vault
from infra.background import in_background
from infra.database import Db
from infra.events import declare
from infra.settings import settings

log = structlog.get_logger()

BATCH_DUE, DONE = declare("sweep.batch_due", range=int), declare("sweep.done")

READ = text(
    f"""
    WITH people AS MATERIALIZED (
         SELECT user_id, version FROM facts_versions
          WHERE user_id > :after AND user_id <= :last AND user_id NOT IN (SELECT user_id FROM uncounted)
          ORDER BY user_id LIMIT :most)
    SELECT people.user_id, people.version, key.wrapped, key.version AS key_version,
           coalesce(preference.is_personal, true) AS is_personal,
           {accounts.has_linked_sql("people.user_id")} AS has_linked,
           told.sources, told.sealed, told.simulated
      FROM people
      LEFT JOIN person_keys AS key ON key.user_id = people.user_id
      LEFT JOIN match_preferences AS preference ON preference.user_id = people.user_id
      LEFT JOIN LATERAL ({readings.live_arrays_sql("people.user_id")}) AS told ON true
     ORDER BY people.user_id
    """  # noqa: S608 - our own words alone
)


@dataclass(frozen=True)
class Matched:
    """What the sweep keeps of one person."""

    user_id: UUID
    applicant: Applicant
    picks: list[dict[str, Any]]
    spending: Spending | None
    simulated: bool


async def begin(db: Db, ranges: int | None = None) -> Sweep:
    version = (await db.execute(select(ShelfVersion.version))).scalar_one()
    return await running.begin(db, SWEEPING, Sweep(shelf_version=version), ranges)


async def begin_if_none_runs(db: Db) -> Sweep | None:
    """One that cannot go on is superseded by the next."""
    return None if await running.is_under_way(db, SWEEPING) else await begin(db)


async def do_next_batch(db: Db, sweep_id: UUID, number: int) -> None:
    await basis.catch_up(db)
    await running.do_next_batch(db, SWEEPING, sweep_id, number)


async def _batch(db: Db, sweep: Sweep, part: SweepRange) -> UUID | None:
    cpu_began, most = time.process_time(), settings().match_batch
    bounds = {"after": part.cursor, "last": part.last, "most": most, "now": await clock.now(db)}
    people = (await db.execute(READ, bounds)).all()
    # Later than all that was read, so that no fact of it seems to lie ahead.
    now, on_shelf = await clock.catch_up(db), await shelf.current(db)
    owed = await burdens.of_people(db, [person.user_id for person in people])
    found = await in_background(lambda: matched(people, owed, on_shelf, now))
    kept = await _write(db, sweep, part, found)
    part.matched += len(kept)
    part.simulated += sum(one.simulated for one in kept)
    part.unreadable += sum(person.wrapped is not None for person in people) - len(found)
    is_last = len(people) < most
    if is_last:
        await _count(db, sweep, part, on_shelf)
    part.cpu_seconds += time.process_time() - cpu_began
    return None if is_last else people[-1].user_id


def matched(people: Sequence[Row[Any]], owed: Mapping[UUID, Burden], on_shelf: Shelf, now: datetime) -> list[Matched]:
    """Open, score and rank. Who can't be opened is left out and named in the log; who was erased is left out."""
    opened: list[tuple[Row[Any], FactSheet]] = []
    for person in people:
        if person.wrapped is None:
            continue
        try:
            opened.append((person, _sheet(person, now)))
        except (InvalidTag, KeyError, ValueError) as error:
            log.error("sweep.unreadable", user_id=str(person.user_id), error=type(error).__name__)
    answers = iter(scorer().score_many([sheet for person, sheet in opened if person.has_linked]))
    return [
        _matched(
            person,
            sheet,
            next(answers) if person.has_linked else None,
            owed.get(person.user_id, NOTHING),
            on_shelf,
            now,
        )
        for person, sheet in opened
    ]


def _sheet(person: Row[Any], now: datetime) -> FactSheet:
    seal = vault.unwrap(person.user_id, person.wrapped, person.key_version)
    return readings.sheet_of_row(person, seal, now)


def _matched(
    person: Row[Any], sheet: FactSheet, answer: object, burden: Burden, on_shelf: Shelf, now: datetime
) -> Matched:
    scored = answer if isinstance(answer, Scored) else None
    applicant = applicant_of(sheet, scored, burden.monthly)
    candidates, ranking = lists.ranked(sheet, scored, applicant, on_shelf, is_personal=person.is_personal)
    common = {
        "user_id": person.user_id,
        "is_personal": person.is_personal,
        "model_version": matcher().model_version,
        "facts_version": person.version,
        "shelf_version": on_shelf.version,
        "picked_at": now,
    }
    rows = [{**common, **row} for row in picks.best(candidates, ranking)]
    simulated = sheet.simulated or (scored is not None and scored.simulated)
    return Matched(person.user_id, applicant, rows, group_costs.spending(candidates, ranking), simulated)


async def _write(db: Db, sweep: Sweep, part: SweepRange, found: Sequence[Matched]) -> list[Matched]:
    """Write the picks of those who are still there: whoever was erased meanwhile leaves no trace here."""
    there = await _hold(db, [one.user_id for one in found])
    kept = [one for one in found if one.user_id in there]
    if kept:
        await picks.replace(db, there, [row for one in kept for row in one.picks])
        await snapshots.add(db, sweep.id, part.number, [one.applicant for one in kept])
        spent = [(one.applicant, one.spending) for one in kept if one.spending is not None]
        await group_costs.add(db, sweep.id, part.number, spent)
    return kept


async def _hold(db: Db, user_ids: Sequence[UUID]) -> set[UUID]:
    """Who is still there, held for the moment of writing, in one order: an older sweep may be at its last batch."""
    held = select(FactsVersion.user_id).where(FactsVersion.user_id.in_(user_ids)).order_by(FactsVersion.user_id)
    return set((await db.execute(held.with_for_update(key_share=True))).scalars())


async def _count(db: Db, sweep: Sweep, part: SweepRange, on_shelf: Shelf) -> None:
    """Count the whole range by the shelf as it is at its end, so that each product is told by one set of rules."""
    people = await snapshots.of_range(db, sweep.id, part.number)
    await reaches.count(db, sweep.id, part.number, people, on_shelf)


def _pace() -> Pace:
    return Pace(settings().match_concurrency, settings().match_share)


SWEEPING = Work(run=Sweep, part=SweepRange, batch_due=BATCH_DUE, done=DONE, pace=_pace, batch=_batch)
