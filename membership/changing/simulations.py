"""Simulation: what a version of the rules would do to all members as they were at one moment. Nobody is moved by it."""

import operator
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import astuple, dataclass
from datetime import datetime, timedelta
from decimal import ROUND_DOWN, Decimal
from enum import StrEnum
from fractions import Fraction
from itertools import product
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, select, text
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Mapped, mapped_column

from domain.approvals import hash_of
from domain.people.groups import PEOPLE_MIN
from infra.database import Db
from infra.entity import Entity, Id, Minor
from infra.events import declare
from infra.lifecycle import Lifecycle, Move
from infra.money import Money
from infra.records import Record
from membership import tiers
from membership.rules import TierRules

BEGUN = declare("tier_simulation.begun")
OVERDUE = timedelta(minutes=10)  # a simulation that takes longer will not end
SAMPLES = 3  # people told of for each move


class RunStatus(StrEnum):
    RUNNING = "RUNNING"
    DONE = "DONE"
    FAILED = "FAILED"


LIFE = Lifecycle(
    "Simulation",
    Move([RunStatus.RUNNING], RunStatus.DONE),
    Move([RunStatus.RUNNING], RunStatus.FAILED),
    begins=RunStatus.RUNNING,
    ends=[RunStatus.DONE, RunStatus.FAILED],
    event=BEGUN,
)


class Simulation(Entity):
    """`against_id`: the rules that were live then. `done` of `members` were looked at. `hash` is of all that is approved by
    whoever approves it: both rules, the members as they were, and what would become of them.
    """

    __tablename__ = "tier_simulations"
    __record__ = Record(
        later=("status", "against_id", "snapshot_at", "members", "done", "cells", "cost_minor", "hash"),
        closed_by="hash",
    )

    id: Mapped[Id] = mapped_column(init=False)
    rules_id: Mapped[UUID] = mapped_column(ForeignKey("tier_rules_versions.id"))
    against_id: Mapped[UUID] = mapped_column(ForeignKey("tier_rules_versions.id"))
    begun_at: Mapped[datetime]
    snapshot_at: Mapped[datetime]
    currency: Mapped[str]
    status: Mapped[RunStatus] = mapped_column(default=RunStatus.RUNNING)
    members: Mapped[int | None] = mapped_column(default=None)
    done: Mapped[int] = mapped_column(default=0)
    cells: Mapped[list[Any] | None] = mapped_column(default=None)
    cost_minor: Mapped[Minor | None] = mapped_column(default=None)
    hash: Mapped[str | None] = mapped_column(default=None)

    __table_args__ = (
        CheckConstraint("(status = 'DONE') = (hash IS NOT NULL)", name="done_with_a_hash"),
        Index("uq_tier_simulations_running", "rules_id", unique=True, postgresql_where=text("status = 'RUNNING'")),
        Index(None, "rules_id", "begun_at"),
    )


# So many members stand alike: tier, points and activity.
Standing = tuple[str, int, int]


@dataclass(frozen=True)
class MoveSample:
    """People as they are found in a move, without anything that names them. `points_short` up to the next ten."""

    activity: int
    activity_short: int
    points_short: int


@dataclass(frozen=True)
class TierCell:
    """How many members are at one tier and reach another, or the same, by the rules that are tried.

    `anyway` of them reach that one by the live rules too.
    """

    from_code: str
    to_code: str
    members: int
    anyway: int
    samples: tuple[MoveSample, ...]


@dataclass(frozen=True)
class TierOutcome:
    """What becomes of everybody, lowest tier first. `cost`: what all benefits would cost more a month if everything were used."""

    cells: tuple[TierCell, ...]
    cost: Money
    ranks: Mapping[str, int]

    def _sum(self, is_meant: Callable[[int, int], bool]) -> int:
        return sum(
            cell.members for cell in self.cells if is_meant(self.ranks[cell.from_code], self.ranks[cell.to_code])
        )

    @property
    def up(self) -> int:
        return self._sum(operator.lt)

    @property
    def down(self) -> int:
        return self._sum(operator.gt)

    @property
    def same(self) -> int:
        return self._sum(operator.eq)

    @property
    def down_anyway(self) -> int:
        return sum(cell.anyway for cell in self.cells if self.ranks[cell.from_code] > self.ranks[cell.to_code])

    @property
    def moves(self) -> list[TierCell]:
        return [cell for cell in self.cells if cell.from_code != cell.to_code]


def worked_out(standings: Mapping[Standing, int], tried: TierRules, live: TierRules) -> list[TierCell]:
    """The matrix of moves, in the order of the tiers from and to."""
    cells: Counter[tuple[str, str]] = Counter()
    anyway: Counter[tuple[str, str]] = Counter()
    usual: dict[tuple[str, str], Counter[Standing]] = {}
    reached, reached_anyway = tried.judge(), live.judge()
    for standing, members in standings.items():
        code, *known = standing
        move = code, reached(*known).code
        cells[move] += members
        anyway[move] += members if reached_anyway(*known).code == move[1] else 0
        usual.setdefault(move, Counter())[standing] = members
    codes = [rule.tier_code for rule in tried.ladder]
    return [
        TierCell(*move, cells[move], anyway[move], _samples(move, usual[move], tried))
        for move in product(codes, codes)
        if move in cells
    ]


def _samples(move: tuple[str, str], usual: Counter[Standing], tried: TierRules) -> tuple[MoveSample, ...]:
    """The most usual first, none of so few people that anybody could be told from them; of who stays none."""
    held, reached = move
    if held == reached:
        return ()
    rule = tried.of(held)
    assert rule is not None
    alike: Counter[MoveSample] = Counter()
    for (_, points, activity), members in usual.items():
        short = max(rule.points_at_least - points, 0), max(rule.activity_at_least - activity, 0)
        alike[MoveSample(activity, short[1], -(-short[0] // 10) * 10)] += members
    many = [sample for sample, members in alike.items() if members >= PEOPLE_MIN]
    return tuple(sorted(many, key=lambda sample: (-alike[sample], astuple(sample)))[:SAMPLES])


def cost_change(cells: Iterable[TierCell], monthly: Mapping[str, Fraction]) -> int:
    """What all benefits would cost more a month if everything were used, in minor units, rounded half up."""
    change = sum((each.members * (monthly[each.to_code] - monthly[each.from_code]) for each in cells), Fraction(0))
    return int((change + Fraction(1, 2)) // 1)


def mark_of(simulation: Simulation, tried: TierRules, live: TierRules, standings: Mapping[Standing, int]) -> str:
    """The hash by which it is approved."""
    return hash_of(
        {
            "rules": _content(tried),
            "live": {"id": str(live.id), "rules": _content(live)},
            "snapshot_at": simulation.snapshot_at.isoformat(),
            "standings": hash_of(sorted([*standing, members] for standing, members in standings.items())),
            "cells": simulation.cells,
            "cost": simulation.cost_minor,
        }
    )


def _content(version: TierRules) -> list[list[Any]]:
    columns = ("tier_code", "points_at_least", "activity_at_least", "grace_days")
    return [[getattr(rule, column) for column in columns] for rule in version.ladder]


async def find(db: Db, simulation_id: UUID) -> Simulation | None:
    return await db.get(Simulation, simulation_id, populate_existing=True)


async def newest(db: Db, rules_ids: set[UUID]) -> dict[UUID, Simulation]:
    """The newest of each of these rules; rules that were never simulated are missing."""
    mine = select(Simulation).where(Simulation.rules_id.in_(rules_ids)).ext(distinct_on(Simulation.rules_id))
    ordered = mine.order_by(Simulation.rules_id, Simulation.begun_at.desc(), Simulation.id.desc())
    return {each.rules_id: each for each in (await db.execute(ordered)).scalars()}


async def outcomes(db: Db, simulation_ids: set[UUID]) -> dict[UUID, TierOutcome]:
    """The outcomes of simulations that are done."""
    ranks = {code: tier.rank for code, tier in (await tiers.tiers_by_code(db)).items()}
    mine = select(Simulation).where(Simulation.id.in_(simulation_ids), Simulation.status == RunStatus.DONE)
    return {each.id: _outcome(each, ranks) for each in (await db.execute(mine)).scalars()}


def _outcome(done: Simulation, ranks: Mapping[str, int]) -> TierOutcome:
    assert done.cells is not None and done.cost_minor is not None
    cells = tuple(
        TierCell(**{**cell, "samples": tuple(MoveSample(**sample) for sample in cell["samples"])})
        for cell in done.cells
    )
    return TierOutcome(cells, Money(done.cost_minor, done.currency), ranks)


def progress(simulation: Simulation) -> Decimal:
    """From 0 to 1, in hundredths."""
    if simulation.status is RunStatus.DONE:
        return Decimal(1)
    share = Decimal(simulation.done) / max(simulation.members or 0, 1)
    return share.quantize(Decimal("0.01"), ROUND_DOWN)
