"""Sizes: how many people an audience is, as it is told: to the ten, none below 200, and nothing by asking twice.

Two numbers of people who differ by fewer than 200 would tell the size of what they differ by. So the one that was asked for later
is told as the earlier one: no two different numbers are ever of people so near to each other. Each is held against all that
somebody was told of within the time that an audience looks back upon, be it an audience, those of it who can be reached, or what two
of them share; beyond so many nobody is told of another one. What two share has a number of its own beyond which it is not told,
so that whoever looks beside many campaigns takes no audience from anybody.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from functools import reduce
from operator import and_
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
ASKED_MAX = 1_500  # audiences whose number is told within a year, and with it that of those of them who can be reached
OVERLAPS_MAX = 2_000  # numbers of what two audiences share
ASKED_TOO_OFTEN = N_(
    "So many audiences were counted that another one could tell of single people. Choose one that was counted before."
)
ONE_AT_A_TIME = text("LOCK TABLE asked_audiences IN SHARE ROW EXCLUSIVE MODE")


@dataclass(frozen=True)
class Reached:
    """Whoever may be told news of the house, whatever audience they are in."""

    @property
    def content(self) -> Json:
        return {"reached": True}


REACHED = Reached()
Part = Audience | Reached
Shared = tuple[Part, ...]  # whoever is in all of these


class NumberKind(Enum):
    AUDIENCE, REACHED, OVERLAP = range(3)


class AskedAudience(Entity):
    """People whose number somebody was told, first at `asked_at` and last at `told_at`: an audience, or what two of them share."""

    __tablename__ = "asked_audiences"

    id: Mapped[Id] = mapped_column(init=False)
    hash: Mapped[str] = mapped_column(unique=True)
    content: Mapped[Json]
    asked_at: Mapped[datetime]
    told_at: Mapped[datetime | None] = mapped_column(default=None)  # None: of a time before this was kept


@dataclass(frozen=True)
class ToldSize:
    """`overlaps`: by the key that each other audience was given under, how many people are in both; without those of none.
    `counted_at`: when everybody was counted. `untold`: of so many others it is not told how many are in both, be it none.
    """

    size: int
    reachable: int
    overlaps: dict[UUID, int]
    counted_at: datetime | None = None
    untold: int = 0


def round_down(count: int) -> int:
    """To the ten, downwards, and 0 for fewer than 200."""
    return count // TEN * TEN if count >= SMALLEST else 0


@dataclass(frozen=True)
class Counted:
    """People as the groups of a census, and how many they are."""

    mask: Mask
    size: int


def standing_for(counted: Census, asked: Counted, earlier: Sequence[Counted]) -> Counted:
    """The people whose number is told for these: themselves, or those before them from whom they hardly differ, if at all, and so on."""
    for place, each in enumerate(earlier):
        may_be_near = each.size >= SMALLEST and abs(each.size - asked.size) < SMALLEST
        if may_be_near and counted.count(each.mask ^ asked.mask) < SMALLEST:
            return standing_for(counted, each, earlier[:place])
    return asked


class SizeTeller:
    """Tells numbers one after another, each held against all before it. `new`: those that are to be remembered from now on."""

    def __init__(self, counted: Census, told: Sequence[Shared]) -> None:
        self._counted = counted
        self._place_of = {each: place for place, each in enumerate(told)}
        self._earlier = [self._count(each) for each in told]
        self._many = Counter(map(_kind_of, told))
        self.new = list[Shared]()

    def may_tell(self, asked: Shared) -> bool:
        """Whether it was told before, or not too much was of its kind; it does not hang on how many they are."""
        if asked in self._place_of or (kind := _kind_of(asked)) is NumberKind.REACHED:  # which comes with its audience
            return True
        return self._many[kind] < (OVERLAPS_MAX if kind is NumberKind.OVERLAP else ASKED_MAX)

    def tell(self, asked: Shared) -> Counted | None:
        """The people whose number stands for these; None where it is not told, for they are too few, or too much was."""
        mine = self._count(asked)
        if mine.size < SMALLEST:
            return None
        place = self._place_of.get(asked)
        stands = standing_for(self._counted, mine, self._earlier[:place])
        if place is None and stands is mine:
            if not self.may_tell(asked):
                return None
            self._place_of[asked] = len(self._earlier)
            self._earlier.append(mine)
            self._many[_kind_of(asked)] += 1
            self.new.append(asked)
        return stands

    def _count(self, asked: Shared) -> Counted:
        mask = reduce(and_, (_mask_of(self._counted, each) for each in asked))
        return Counted(mask, self._counted.count(mask))


def _mask_of(counted: Census, part: Part) -> Mask:
    return counted.mask_of(part) if isinstance(part, Audience) else counted.reachable > 0


def measure(
    counted: Census, asked: Audience, told: Sequence[Shared], others: dict[UUID, Audience]
) -> tuple[ToldSize, list[Shared]]:
    """All that is told of an audience, after all that was told before, oldest first; and what was told just now for the first time."""
    teller = SizeTeller(counted, told)
    mine = teller.tell((asked,))
    if mine is None:
        return ToldSize(0, 0, {}), []
    overlaps, untold = dict[UUID, int](), 0
    for key, other in others.items():
        teller.tell((other,))
        both = shared_by(asked, other)
        if not teller.may_tell(both):
            untold += 1
        elif shared := teller.tell(both):
            overlaps[key] = round_down(shared.size)
    size, reached = round_down(mine.size), teller.tell(shared_by(asked, REACHED))
    # Those who stand for them may be more.
    reachable = min(round_down(reached.size), size) if reached else 0
    return ToldSize(size, reachable, overlaps, untold=untold), teller.new


def shared_by(one: Part, other: Part) -> Shared:
    """Who is in both; it is one thing, whichever is named first."""
    return tuple(sorted({one, other}, key=lambda each: hash_of(each.content)))


async def tell(db: Db, asked: Audience, others: dict[UUID, Audience] | None = None) -> ToldSize:
    """What may be told of an audience now; it is written down that it was. Two that ask at once ask one after the other.

    Refuses RATE_LIMITED an audience that nobody was told of before, where too many were.
    """
    await db.execute(ONE_AT_A_TIME)
    told = await _told_before(db)
    if (asked,) not in told:
        _refuse_too_many(told)
        told[(asked,)] = await _remember(db, (asked,))
    counted, counted_at = await census.take(db)
    found, new = await asyncio.to_thread(measure, counted, asked, [*told], others or {})
    for each in new:
        await _remember(db, each)
    now = await clock.now(db)
    besides: list[Part] = [REACHED, *(others or {}).values()]
    for shared in ((asked,), *(shared_by(asked, other) for other in besides)):
        if shared in told:
            told[shared].told_at = now
    await db.flush()
    return replace(found, counted_at=counted_at)


async def _told_before(db: Db) -> dict[Shared, AskedAudience]:
    """All whose number somebody was told within the time that counts, the oldest first."""
    last = func.coalesce(AskedAudience.told_at, AskedAudience.asked_at)
    await db.execute(delete(AskedAudience).where(last <= await clock.now(db) - census.USED_WITHIN))
    known = select(AskedAudience).order_by(AskedAudience.asked_at, AskedAudience.id)
    return {_shared_of(each.content): each for each in (await db.execute(known)).scalars()}


async def _remember(db: Db, shared: Shared) -> AskedAudience:
    now, (first, *others) = await clock.now(db), (each.content for each in shared)
    content = {"all": [first, *others]} if others else first
    asked = AskedAudience(hash=hash_of(content), content=content, asked_at=now, told_at=now)
    db.add(asked)
    return asked


def _shared_of(content: Json) -> Shared:
    return tuple(REACHED if each == REACHED.content else Audience.of(each) for each in content.get("all", [content]))


def _kind_of(shared: Shared) -> NumberKind:
    if REACHED in shared:
        return NumberKind.REACHED
    return NumberKind.OVERLAP if len(shared) > 1 else NumberKind.AUDIENCE


def _refuse_too_many(told: dict[Shared, AskedAudience]) -> None:
    last_told = [
        each.told_at or each.asked_at for shared, each in told.items() if _kind_of(shared) is NumberKind.AUDIENCE
    ]
    if len(last_told) >= ASKED_MAX:
        raise Refusal(RefusalCode.RATE_LIMITED, ASKED_TOO_OFTEN, retry_at=min(last_told) + census.USED_WITHIN)
