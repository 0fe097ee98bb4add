"""Sizes: how many people an audience is, as it is told: to the ten, none below 200, and nothing by asking twice.

Two audiences that differ by fewer than 200 people would tell the size of what they differ by. So the one that was asked for later
is told as the earlier one: no two different numbers are ever of audiences so near to each other. Each is held against all that
somebody was told of within the time that an audience looks back upon; beyond so many nobody is told of another one.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, select, text
from sqlalchemy.orm import Mapped, mapped_column

from domain.approvals import hash_of
from infra import clock
from infra.database import Db
from infra.entity import Entity, Id, Json
from infra.errors import Refusal, RefusalCode
from infra.words import N_
from membership.campaigns import census
from membership.campaigns.audiences import Audience
from membership.campaigns.census import Census, Mask

SMALLEST = 200
TEN = 10
ASKED_MAX = 5_000  # audiences that are told of within a year
ASKED_TOO_OFTEN = N_(
    "So many audiences were counted that another one could tell of single people. Choose one that was counted before."
)
ONE_AT_A_TIME = text("LOCK TABLE asked_audiences IN SHARE ROW EXCLUSIVE MODE")


class AskedAudience(Entity):
    """An audience whose size somebody was told, first at `asked_at` and last at `told_at`."""

    __tablename__ = "asked_audiences"

    id: Mapped[Id] = mapped_column(init=False)
    hash: Mapped[str] = mapped_column(unique=True)
    content: Mapped[Json]
    asked_at: Mapped[datetime]
    told_at: Mapped[datetime | None] = mapped_column(default=None)  # None: of a time before this was kept


@dataclass(frozen=True)
class ToldSize:
    """`overlaps`: by the key that each other audience was given under, how many people are in both; without those of none."""

    size: int
    reachable: int
    overlaps: dict[UUID, int]


def round_down(count: int) -> int:
    """To the ten, downwards, and 0 for fewer than 200."""
    return count // TEN * TEN if count >= SMALLEST else 0


def standing_for(counted: Census, asked: Mask, earlier: Sequence[Audience]) -> Mask:
    """The audience whose size is told for this one: itself, or the one before it that it hardly differs from, and so on."""
    for place, mask in enumerate(map(counted.mask_of, earlier)):
        if counted.count(mask) >= SMALLEST and 0 < counted.count(mask ^ asked) < SMALLEST:
            return standing_for(counted, mask, earlier[:place])
    return asked


def measure(counted: Census, asked: Audience, earlier: Sequence[Audience], others: dict[UUID, Audience]) -> ToldSize:
    """All that is told of an audience, after those that were told before it."""
    mine = counted.mask_of(asked)
    if counted.count(mine) < SMALLEST:
        return ToldSize(0, 0, {})
    mine = standing_for(counted, mine, earlier)
    size = counted.count(mine)
    overlaps = {key: _shared(counted, mine, counted.mask_of(other)) for key, other in others.items()}
    return ToldSize(
        round_down(size),
        round_down(counted.count_reachable(mine)),
        {key: people for key, people in overlaps.items() if people},
    )


def _shared(counted: Census, mine: Mask, other: Mask) -> int:
    """How many are in both. Where fewer than 200 are in one alone, all of it counts as shared: else they could be told apart."""
    both = counted.count(mine & other)
    if both < SMALLEST:
        return 0
    wholes = [counted.count(mine), counted.count(other)]
    return round_down(next((whole for whole in wholes if whole - both < SMALLEST), both))


async def tell(db: Db, asked: Audience, others: dict[UUID, Audience] | None = None) -> ToldSize:
    """What may be told of an audience now; it is written down that it was. Two that ask at once ask one after the other.

    Refuses RATE_LIMITED an audience that nobody was told of before, where too many were.
    """
    await db.execute(ONE_AT_A_TIME)
    before = await _told_before(db, asked)
    counted = await census.take(db)
    return await asyncio.to_thread(measure, counted, asked, before, others or {})


async def _told_before(db: Db, asked: Audience) -> list[Audience]:
    """The audiences that somebody was told of before this one, the oldest first; that this one is told is written down."""
    now, mark = await clock.now(db), hash_of(asked.content)
    last = func.coalesce(AskedAudience.told_at, AskedAudience.asked_at)
    await db.execute(delete(AskedAudience).where(last <= now - census.USED_WITHIN))
    known = select(AskedAudience).order_by(AskedAudience.asked_at, AskedAudience.id)
    told = list((await db.execute(known)).scalars())
    place = next((place for place, each in enumerate(told) if each.hash == mark), len(told))
    if place == ASKED_MAX:
        soonest = min(each.told_at or each.asked_at for each in told)
        raise Refusal(RefusalCode.RATE_LIMITED, ASKED_TOO_OFTEN, retry_at=soonest + census.USED_WITHIN)
    if place == len(told):
        told.append(AskedAudience(hash=mark, content=asked.content, asked_at=now))
        db.add(told[place])
    told[place].told_at = now
    await db.flush()
    return [Audience.of(each.content) for each in told[:place]]
