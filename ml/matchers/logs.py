"""The log of what was shown and what came of it, as interactions to learn from; each as it stood when it was shown.

A showing is judged when it is old enough that who wanted to apply has applied. Who turned personalisation off is not
learned from, and of who was erased nothing can be opened any more.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import blake2b
from math import nan
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Row, Select, and_, func, select, tuple_

from domain.applications.applications import Application
from domain.applications.decisions import Decision, DecisionOutcome
from domain.matching.columns import Flags, Floats, Indices
from domain.matching.preferences import MatchPreference
from domain.matching.showings import ROW, Showing
from infra import vault
from infra.background import in_background
from infra.database import reading
from infra.settings import settings
from infra.vault import Seal
from ml.matchers.columns import COLUMNS, INPUTS
from ml.matchers.interactions import Interactions

BATCH = 5_000
# What had a small chance to stand where it stood speaks for all the times when something else did; but one showing never
# speaks for more than this many.
WEIGHT_MAX = 10.0
FINAL = (DecisionOutcome.APPROVE, DecisionOutcome.DECLINE)

Key = tuple[UUID, UUID]


@dataclass(frozen=True, eq=False)
class Log:
    """`list_of` and `product` are numbers of what they name; one row each, as in `seen`."""

    seen: Interactions
    list_of: Indices
    product: Indices
    propensity: Floats

    def __len__(self) -> int:
        return len(self.seen)

    def only(self, which: Flags) -> "Log":
        return Log(self.seen.only(which), self.list_of[which], self.product[which], self.propensity[which])


async def read(now: datetime) -> Log:
    """All that was shown long enough ago, in short transactions of their own."""
    lines: list[_Line] = []
    after: Key | None = None
    while True:
        async with reading() as db:
            rows = (await db.execute(_batch(now, after))).all()
            seals = await vault.seals_of(db, {row.user_id for row in rows})
        lines += await in_background(partial(_opened, rows, seals))
        if len(rows) < BATCH:
            return _log(lines)
        after = (rows[-1].user_id, rows[-1].id)


def _batch(now: datetime, after: Key | None) -> Select[*tuple[Any, ...]]:
    """By the primary key of the showings, so that a batch meets few people and goes on where the last one ended."""
    learning = settings().learning
    judged_after = timedelta(days=learning.judged_after_days)
    applied = and_(
        Application.user_id == Showing.user_id,
        Application.id == Showing.application_id,
        # A later one would count for old showings only: the same wish, judged by another measure.
        Application.created_at < Showing.shown_at + judged_after,
    )
    decided = and_(
        Decision.user_id == Application.user_id,
        Decision.application_id == Application.id,
        Decision.outcome.in_(FINAL),
    )
    asked = (
        select(
            Showing.user_id,
            Showing.id,
            Showing.list_id,
            Showing.product_id,
            Showing.position,
            Showing.propensity,
            Showing.shown_at,
            Showing.row_sealed,
            Application.id.label("application_id"),
            Decision.outcome,
        )
        .outerjoin(Application, applied)
        .outerjoin(Decision, decided)
        .outerjoin(MatchPreference, MatchPreference.user_id == Showing.user_id)
        .where(
            Showing.is_personal,
            Showing.row_sealed.is_not(None),
            Showing.shown_at >= now - timedelta(days=learning.looks_back_days),
            Showing.shown_at < now - judged_after,
            func.coalesce(MatchPreference.is_personal, True),
        )
        .order_by(Showing.user_id, Showing.id)
        .limit(BATCH)
    )
    return asked if after is None else asked.where(tuple_(Showing.user_id, Showing.id) > after)


@dataclass(frozen=True)
class _Line:
    user_id: UUID
    list_id: UUID
    product_id: UUID
    propensity: float
    shown_at: datetime
    values: list[float]
    applied: bool
    outcome: DecisionOutcome | None


def _opened(rows: Sequence[Row[Any]], seals: Mapping[UUID, Seal]) -> list[_Line]:
    lines = []
    for row in rows:
        if row.user_id not in seals:
            continue
        told = seals[row.user_id].open(row.row_sealed, ROW)
        if not told.keys() >= set(INPUTS):
            continue  # an earlier model read other columns
        values = [nan if told[name] is None else told[name] for name in INPUTS]
        lines.append(
            _Line(
                row.user_id,
                row.list_id,
                row.product_id,
                row.propensity,
                row.shown_at,
                [*values, float(row.position)],
                row.application_id is not None,
                row.outcome,
            )
        )
    return lines


def _log(lines: Sequence[_Line]) -> Log:
    people, person = _numbered([line.user_id for line in lines])
    draw = np.array([_draw(user_id) for user_id in people], float)
    propensity = np.array([line.propensity for line in lines], float)
    weight = np.minimum(1 / propensity, WEIGHT_MAX)
    seen = Interactions(
        person=person,
        draw=draw[person],
        rows=np.array([line.values for line in lines], float, order="F").reshape(len(lines), len(COLUMNS)),
        weight=weight / weight.mean() if len(lines) else weight,
        applied=np.array([line.applied for line in lines], bool),
        decided=np.array([line.outcome is not None for line in lines], bool),
        approved=np.array([line.outcome is DecisionOutcome.APPROVE for line in lines], bool),
        shown_at=_moments([line.shown_at for line in lines]),
    )
    lists, products = ([getattr(line, name) for line in lines] for name in ("list_id", "product_id"))
    return Log(seen, _numbered(lists)[1], _numbered(products)[1], propensity)


def _numbered(ids: Sequence[UUID]) -> tuple[list[UUID], Indices]:
    places: dict[UUID, int] = {}
    numbers = np.array([places.setdefault(id, len(places)) for id in ids], np.intp)
    return list(places), numbers


def _draw(user_id: UUID) -> float:
    """From 0 to 1, and the same for this person in each training to come."""
    return int.from_bytes(blake2b(user_id.bytes, digest_size=7, person=b"longan matcher").digest()) / 2**56


def _moments(times: Sequence[datetime]) -> NDArray[np.datetime64]:
    return np.array([time.astimezone(UTC).replace(tzinfo=None) for time in times], "datetime64[us]")
