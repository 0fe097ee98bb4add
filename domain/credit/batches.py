"""A batch of people scored together: three reads, one call of the model, and COPY."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import structlog
from cryptography.exceptions import InvalidTag
from sqlalchemy import Row, text

from domain.credit import scores
from domain.credit.scores import Score, ScoringBasis
from domain.credit.scoring import NotEnoughKnown, Scored, scorer
from domain.facts import accounts, readings
from domain.facts.sheets import FactSheet
from infra import clock, outbox, vault
from infra.background import in_background, uncollected
from infra.copying import copy_in
from infra.database import Db
from infra.ids import new_id
from infra.settings import settings
from infra.vault import Seal

log = structlog.get_logger()

# Locked, so that somebody who links an account just now is scored before or after, never in between.
TAKE = text(
    """
    SELECT facts.user_id, facts.version
      FROM facts_versions AS facts LEFT JOIN scorings AS known ON known.user_id = facts.user_id
     WHERE facts.user_id > :after AND facts.user_id <= :last
       AND (known.user_id IS NULL
            OR known.facts_version <> facts.version
            OR (known.state <> 'NOTHING_LINKED' AND known.model_version IS DISTINCT FROM :model)
            OR known.stale_at <= :now)
     ORDER BY facts.user_id LIMIT :most
       FOR UPDATE OF facts
    """
)
# Read after the locks: what was scored while we waited for them is seen here.
READ = text(
    f"""
    SELECT facts.user_id, facts.version, key.wrapped, key.version AS key_version,
           known.state, known.facts_version, known.model_version, known.stale_at, score.points, score.grade,
           {accounts.has_linked_sql("facts.user_id")} AS has_linked,
           told.sources, told.sealed, told.simulated
      FROM facts_versions AS facts
      JOIN person_keys AS key ON key.user_id = facts.user_id
      LEFT JOIN scorings AS known ON known.user_id = facts.user_id
      LEFT JOIN scores AS score ON score.user_id = known.user_id AND score.id = known.score_id
      LEFT JOIN LATERAL ({readings.live_arrays_sql("facts.user_id")}) AS told ON true
     WHERE facts.user_id = ANY(CAST(:ids AS uuid[]))
     ORDER BY facts.user_id
    """  # noqa: S608 - our own words alone
)


@dataclass(frozen=True)
class Batch:
    """`last_seen`: the last person of the batch; None where nobody is left after it.

    `told_until`: when the last of those whose points changed hears of it.
    """

    last_seen: UUID | None
    told_until: datetime | None = None
    scored: int = 0
    changed: int = 0
    unreadable: int = 0


class ScoringOutcome(NamedTuple):
    """What a person's row of `scores` (if there is one) and of `scorings` become."""

    score: dict[str, Any] | None
    scoring: dict[str, Any]
    is_change: bool


async def rescore(db: Db, *, after: UUID, last: UUID, most: int, told_until: datetime | None = None) -> Batch:
    """Score the next people after `after`, up to `last`, whose score doesn't stand; those whose score does are passed by."""
    now, model = await clock.now(db), scorer().model_version
    bounds = {"after": after, "last": last, "model": model, "now": now, "most": most}
    ids = [row.user_id for row in await db.execute(TAKE, bounds)]
    if not ids:
        return Batch(None)
    # What was written while we waited for the locks counts in the versions, so it must count in the sheets.
    now = await clock.catch_up(db)
    people = [
        row
        for row in await db.execute(READ, {"ids": ids, "now": now})
        if not scores.is_current(row, row.version, model, now)
    ]
    with uncollected():
        outcomes, unreadable = await in_background(lambda: outcomes_of(people, now))
        told_until = await _write(db, outcomes, max(told_until or now, now))
    await _tell_unreadable(db, unreadable, now)
    return Batch(
        last_seen=ids[-1] if len(ids) == most else None,
        told_until=told_until,
        scored=len(outcomes),
        changed=sum(outcome.is_change for outcome in outcomes),
        unreadable=len(unreadable),
    )


async def _tell_unreadable(db: Db, unreadable: Mapping[UUID, str], now: datetime) -> None:
    """Once each, however often they are met."""
    for user_id in await scores.note_unreadable(db, list(unreadable), now) if unreadable else ():
        log.error("rescore.unreadable", user_id=str(user_id), error=unreadable[user_id])


def outcomes_of(people: Sequence[Row[Any]], now: datetime) -> tuple[list[ScoringOutcome], dict[UUID, str]]:
    """Open, score and seal. Who can't be opened is left out and named, with the reason: one damaged row stops nobody else."""
    unreadable: dict[UUID, str] = {}
    opened: list[tuple[Row[Any], Seal, FactSheet | None]] = []
    for person in people:
        try:
            opened.append((person, *_opened(person, now)))
        except (InvalidTag, KeyError, ValueError) as error:
            unreadable[person.user_id] = type(error).__name__
    told = iter(scorer().score_many([sheet for _, _, sheet in opened if sheet is not None]))
    return [
        _outcome(person, seal, sheet, next(told) if sheet is not None else None, now) for person, seal, sheet in opened
    ], unreadable


def _opened(person: Row[Any], now: datetime) -> tuple[Seal, FactSheet | None]:
    seal = vault.unwrap(person.user_id, person.wrapped, person.key_version)
    if not person.has_linked:
        return seal, None
    return seal, readings.sheet_of_row(person, seal, now)


def _outcome(
    person: Row[Any], seal: Seal, sheet: FactSheet | None, answer: Scored | NotEnoughKnown | None, now: datetime
) -> ScoringOutcome:
    stale_at = sheet.stale_at if sheet else None
    if isinstance(answer, Scored):
        row = scores.score_row(person.user_id, seal, answer, now, person.version)
        row["id"] = new_id()
        basis = ScoringBasis(person.version, answer.model_version, stale_at)
        scoring = scores.scoring_row(person.user_id, row["id"], basis)
        return ScoringOutcome(row, scoring, (person.points, person.grade) != (answer.points, answer.grade))
    basis = ScoringBasis(person.version, scorer().model_version if sheet else None, stale_at)
    scoring = scores.scoring_row(person.user_id, answer, basis)
    return ScoringOutcome(None, scoring, person.state != scoring["state"])


async def _write(db: Db, outcomes: Sequence[ScoringOutcome], told_until: datetime) -> datetime:
    """Write the outcomes. Those whose points changed hear of it one after another, so that what follows crowds nobody out."""
    await copy_in(db, Score, [outcome.score for outcome in outcomes if outcome.score is not None])
    await scores.conclude_all(db, [outcome.scoring for outcome in outcomes])
    changed = [(outcome.scoring["user_id"], outcome.scoring["score_id"]) for outcome in outcomes if outcome.is_change]
    apart = timedelta(seconds=settings().rescore_concurrency / settings().rescore_told_per_second)
    await outbox.announce_all(db, scores.CHANGED, changed, first_at=told_until, apart=apart)
    return told_until + len(changed) * apart
