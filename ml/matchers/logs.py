"""The log of what was shown and what came of it, as interactions to learn from; each as it stood when it was shown.

An impression is judged when it is old enough that who wanted to apply has applied. Who turned personalisation off is not
learned from, and of who was erased nothing can be opened any more.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import blake2b
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Row, Select, and_, func, select, tuple_

from domain.applications.applications import Application
from domain.applications.decisions import IS_FINAL, Decision, DecisionOutcome
from domain.market.arrays import Flags, Floats, Indices
from domain.matching.impressions import ROW, Impression
from domain.matching.preferences import MatchPreference
from infra import vault
from infra.background import in_background
from infra.database import reading
from infra.settings import settings
from infra.vault import Seal
from ml.matchers.interactions import Interactions
from ml.models.pairs import COLUMNS, INPUTS, KIND_COLUMNS

BATCH = 5_000
# What had a small chance to stand where it stood speaks for all the times when something else did; but one impression never
# speaks for more than this many.
WEIGHT_MAX = 10.0

Key = tuple[UUID, UUID]
_NEEDED = frozenset(INPUTS)
_NO_KIND = dict.fromkeys(KIND_COLUMNS, 0.0)


@dataclass(frozen=True, eq=False)
class ImpressionLog:
    """`list_of` and `product` are numbers of what they name; one row each, as in `seen`."""

    seen: Interactions
    list_of: Indices
    product: Indices
    propensity: Floats

    def __len__(self) -> int:
        return len(self.seen)

    def only(self, which: Flags) -> "ImpressionLog":
        return ImpressionLog(self.seen.only(which), self.list_of[which], self.product[which], self.propensity[which])


async def read(now: datetime) -> ImpressionLog:
    """All that was shown long enough ago, the newest where there is more than can be learned from, in short transactions."""
    since, until = await _period(now)
    parts: list[_Part] = []
    after: Key | None = None
    while True:
        async with reading() as db:
            rows = (await db.execute(_batch(since, until, after))).all()
            seals = await vault.seals_of(db, {row.user_id for row in rows})
        parts.append(await in_background(partial(_opened, rows, seals)))
        if len(rows) < BATCH:
            return _log(parts)
        after = (rows[-1].user_id, rows[-1].id)


async def _period(now: datetime) -> tuple[datetime, datetime]:
    learning = settings().learning
    since = now - timedelta(days=learning.looks_back_days)
    until = now - timedelta(days=learning.judged_after_days)
    newest_first = select(Impression.shown_at).where(Impression.shown_at < until).order_by(Impression.shown_at.desc())
    async with reading() as db:
        one_too_many = (await db.execute(newest_first.offset(learning.impressions_max).limit(1))).scalar_one_or_none()
    return max(since, one_too_many or since), until


def _batch(since: datetime, until: datetime, after: Key | None) -> Select[*tuple[Any, ...]]:
    """A batch by the primary key of the impressions, so that it meets few people and goes on where the last one ended."""
    applied, decided = _outcomes(after)
    asked = (
        select(
            Impression.user_id,
            Impression.id,
            Impression.list_id,
            Impression.product_id,
            Impression.position,
            Impression.propensity,
            Impression.shown_at,
            Impression.row_sealed,
            Application.id.label("application_id"),
            Decision.outcome,
        )
        .outerjoin(Application, applied)
        .outerjoin(Decision, decided)
        .outerjoin(MatchPreference, MatchPreference.user_id == Impression.user_id)
        .where(
            Impression.is_personal,
            Impression.row_sealed.is_not(None),
            Impression.shown_at >= since,
            Impression.shown_at < until,
            func.coalesce(MatchPreference.is_personal, True),
        )
        .order_by(Impression.user_id, Impression.id)
        .limit(BATCH)
    )
    return asked if after is None else asked.where(tuple_(Impression.user_id, Impression.id) > after)


def _outcomes(after: Key | None) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Which application is an impression's, and which decision is the application's."""
    applied = and_(
        Application.user_id == Impression.user_id,
        Application.id == Impression.application_id,
        # A later one would count for old impressions only: the same wish, judged by another measure.
        Application.created_at < Impression.shown_at + timedelta(days=settings().learning.judged_after_days),
    )
    decided = and_(
        Decision.user_id == Application.user_id,
        Decision.application_id == Application.id,
        IS_FINAL,
    )
    if after is not None:
        # It follows from the joins, but Postgres would walk there from the beginning each time.
        applied, decided = (
            and_(each, kind.user_id >= after[0]) for each, kind in ((applied, Application), (decided, Decision))
        )
    return applied, decided


@dataclass(frozen=True, eq=False)
class _Part:
    """What one batch held, by column: a year of a big house must fit into memory."""

    users: NDArray[np.bytes_]
    lists: NDArray[np.bytes_]
    products: NDArray[np.bytes_]
    propensity: Floats
    shown_at: NDArray[np.datetime64]
    rows: Floats
    applied: Flags
    decided: Flags
    approved: Flags


def _opened(rows: Sequence[Row[Any]], seals: Mapping[UUID, Seal]) -> _Part:
    kept, values = [], []
    for row in rows:
        if row.user_id not in seals:
            continue
        # What was shown before a kind of product came was not of that kind.
        told = {**_NO_KIND, **seals[row.user_id].open(row.row_sealed, ROW)}
        # An earlier model may have read other columns.
        if told.keys() >= _NEEDED:
            kept.append(row)
            values.append([*(told[name] for name in INPUTS), row.position])
    return _Part(
        users=_names(row.user_id for row in kept),
        lists=_names(row.list_id for row in kept),
        products=_names(row.product_id for row in kept),
        propensity=np.array([row.propensity for row in kept], float),
        shown_at=_moments([row.shown_at for row in kept]),
        rows=np.array(values, float).reshape(len(kept), len(COLUMNS)),  # None is NaN
        applied=np.array([row.application_id is not None for row in kept], bool),
        decided=np.array([row.outcome is not None for row in kept], bool),
        approved=np.array([row.outcome is DecisionOutcome.APPROVE for row in kept], bool),
    )


def _log(parts: Sequence[_Part]) -> ImpressionLog:
    whole = {each.name: np.concatenate([getattr(part, each.name) for part in parts]) for each in fields(_Part)}
    people, person = np.unique(whole["users"], return_inverse=True)
    draw = np.array([_draw(name) for name in people], float)
    weight = np.minimum(1 / whole["propensity"], WEIGHT_MAX)
    seen = Interactions(
        person=person,
        draw=draw[person],
        rows=np.asfortranarray(whole["rows"]),
        weight=weight / weight.mean() if len(weight) else weight,
        applied=whole["applied"],
        decided=whole["decided"],
        approved=whole["approved"],
        shown_at=whole["shown_at"],
    )
    list_of, product = (np.unique(whole[name], return_inverse=True)[1] for name in ("lists", "products"))
    return ImpressionLog(seen, list_of, product, whole["propensity"])


def _draw(name: bytes) -> float:
    """A draw from 0 to 1, the same for this person in each training to come."""
    return int.from_bytes(blake2b(name, digest_size=7, person=b"longan matcher").digest()) / 2**56


def _names(ids: Iterable[UUID]) -> NDArray[np.bytes_]:
    # As numpy keeps it: without zeros at the end.
    return np.array([id.bytes for id in ids], "S16")


def _moments(times: Sequence[datetime]) -> NDArray[np.datetime64]:
    return np.array([time.astimezone(UTC).replace(tzinfo=None) for time in times], "datetime64[us]")
