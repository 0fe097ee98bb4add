"""What the first matches cost the people of each group, and how much more than the cheapest equivalent that they could have."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import sqrt
from uuid import UUID

import numpy as np
from sqlalchemy import ForeignKey, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from domain.market.applicants import Applicant
from domain.matching.matcher import Candidates, Ranking
from domain.people.groups import COLUMNS, UNTOLD, age_band, large_enough, named_first
from infra.database import Db
from infra.entity import Entity

FIRST = 5  # of a person's matches: what they look at
Z = 1.96  # 95 %
# A tenth of a point a year: less than this nobody pays for.
NOTICEABLE = 0.001


class GroupCost(Entity):
    """Summed over people: the mean annual cost of a person's first matches that lend, and what of it could be saved."""

    __tablename__ = "group_costs"

    sweep_id: Mapped[UUID] = mapped_column(ForeignKey("sweeps.id", ondelete="CASCADE"), primary_key=True)
    range: Mapped[int] = mapped_column(primary_key=True)
    column: Mapped[str] = mapped_column(primary_key=True)
    group: Mapped[str] = mapped_column(primary_key=True)
    people: Mapped[int]
    shown: Mapped[int]
    annual_cost: Mapped[float]
    overpaid: Mapped[float]
    overpaid_squares: Mapped[float]


@dataclass(frozen=True)
class Spending:
    """One person's: `shown` of their first matches lend. Costs as fractions of a year, the mean of those."""

    shown: int
    annual_cost: float
    overpaid: float


def spending(candidates: Candidates, ranking: Ranking) -> Spending | None:
    """What the first that lend cost beside their cheapest equivalents; None where none of them lends."""
    columns, rows = candidates.shelf.columns, candidates.rows
    is_lent = ~np.isnan(columns.annual_rate[rows])
    first = ranking.order[is_lent[ranking.order]][:FIRST]
    if not len(first):
        return None
    cost = np.where(is_lent, columns.annual_cost[rows], np.inf)
    kind, currency = columns.kind[rows], columns.currency[rows]
    low, high = columns.amount_min[rows], columns.amount_max[rows]

    def cheapest_equivalent(place: int) -> float:
        """The cheapest that the same person may have of the same kind, for the amount that they were shown."""
        amount = candidates.amount[place]
        alike = (kind == kind[place]) & (currency == currency[place])
        return float(cost[alike & (low <= amount) & (amount <= high)].min())

    cheapest = np.array([cheapest_equivalent(place) for place in first.tolist()])
    return Spending(len(first), float(cost[first].mean()), float((cost[first] - cheapest).mean()))


async def add(db: Db, sweep_id: UUID, range: int, people: Sequence[tuple[Applicant, Spending]]) -> None:
    """Count these people in, each in their group of each column."""
    sums: dict[tuple[str, str], list[float]] = {}
    for who, spent in people:
        figures = (1, spent.shown, spent.annual_cost, spent.overpaid, spent.overpaid**2)
        for place in _groups_of(who):
            before = sums.get(place, [0.0] * len(figures))
            sums[place] = [now + more for now, more in zip(before, figures, strict=True)]
    if not sums:
        return
    rows = [
        dict(zip(_NAMES, (sweep_id, range, *place, *_whole(figures)), strict=True)) for place, figures in sums.items()
    ]
    written = insert(GroupCost)
    more = {name: getattr(GroupCost, name) + written.excluded[name] for name in _NAMES[4:]}
    await db.execute(written.on_conflict_do_update(index_elements=_NAMES[:4], set_=more), rows)


_NAMES = ("sweep_id", "range", "column", "group", "people", "shown", "annual_cost", "overpaid", "overpaid_squares")


def _whole(figures: Sequence[float]) -> tuple[float, ...]:
    people, shown, *others = figures
    return int(people), int(shown), *others


def _groups_of(who: Applicant) -> Iterator[tuple[str, str]]:
    groups = age_band(who.age), who.region or UNTOLD, who.occupation or UNTOLD
    return zip(COLUMNS, groups, strict=True)


@dataclass(frozen=True)
class GroupLine:
    """`overpaid`: what an equivalent would have cost less, in fractions of a year, with its 95 % interval."""

    column: str
    group: str
    people: int
    annual_cost: float
    overpaid: float
    interval: tuple[float, float]
    is_concern: bool  # noticeably more than people in all, and not by chance


async def lines(db: Db, sweep_id: UUID) -> list[GroupLine]:
    """Each group that is large enough to be told of."""
    figures = [getattr(GroupCost, name) for name in _NAMES[4:]]
    added = select(GroupCost.column, GroupCost.group, *(func.sum(figure) for figure in figures))
    rows = (await db.execute(added.where(GroupCost.sweep_id == sweep_id).group_by(*added.selected_columns[:2]))).all()
    told: list[GroupLine] = []
    for column in COLUMNS:
        mine = {group: [float(figure) for figure in sums] for of, group, *sums in rows if of == column}
        everybody = [sum(each) for each in zip(*mine.values(), strict=True)]
        groups = sorted(large_enough(mine).items(), key=lambda item: named_first(item[0]))
        told += [_line(column, group, sums, everybody) for group, sums in groups]
    return told


def _line(column: str, group: str, sums: Sequence[float], everybody: Sequence[float]) -> GroupLine:
    people, _, annual_cost, overpaid, squares = sums
    mean = overpaid / people
    reach = Z * sqrt(max(squares / people - mean**2, 0.0) / people)
    return GroupLine(
        column=column,
        group=group,
        people=int(people),
        annual_cost=annual_cost / people,
        overpaid=mean,
        interval=(max(mean - reach, 0.0), mean + reach),
        is_concern=mean - reach > everybody[3] / everybody[0] + NOTICEABLE,
    )
