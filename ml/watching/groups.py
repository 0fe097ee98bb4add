"""People by age, region and occupation: counts only, and no group of fewer than twenty people."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import select

from domain.facts.readings import Reading, sheet_from
from domain.people import profiles
from domain.people.groups import COLUMNS, UNTOLD, age_band, large_enough, named_first
from domain.people.profiles import Profile
from infra import clock, vault
from infra.database import Db
from infra.settings import settings

CHUNK = 1_000

# A person, the day on which they were how old they were, and the figures to add up in their groups.
Case = tuple[UUID, date, tuple[float, ...]]
# The column, the group, how many people, and the sums of their figures.
Line = tuple[str, str, int, tuple[float, ...]]


async def by_group(db: Db, cases: Sequence[Case]) -> list[Line]:
    """A line for each group of each column; small groups are put together until nobody can be told from them."""
    sums: dict[str, dict[str, list[float]]] = {column: {} for column in COLUMNS}
    for start in range(0, len(cases), CHUNK):
        chunk = cases[start : start + CHUNK]
        known = await _profiles(db, {user_id for user_id, _, _ in chunk})
        for user_id, day, figures in chunk:
            # Whoever was erased is in no group.
            if user_id in known:
                _add(sums, _groups_of(known[user_id], day), figures)
    return [
        (column, group, int(people), tuple(figures))
        for column in COLUMNS
        for group, (people, *figures) in sorted(
            large_enough(sums[column]).items(), key=lambda item: named_first(item[0])
        )
    ]


def _add(sums: dict[str, dict[str, list[float]]], groups: Iterable[str], figures: tuple[float, ...]) -> None:
    for column, group in zip(COLUMNS, groups, strict=True):
        before = sums[column].setdefault(group, [0.0] * (1 + len(figures)))
        sums[column][group] = [now + more for now, more in zip(before, (1.0, *figures), strict=True)]


def _groups_of(profile: Profile, day: date) -> tuple[str, str, str]:
    age = None if profile.birth_date is None else profiles.age_on(profile.birth_date, day)
    return age_band(age), profile.region or UNTOLD, profile.occupation or UNTOLD


async def _profiles(db: Db, user_ids: set[UUID]) -> dict[UUID, Profile]:
    """What they say of themselves now; their accounts stay sealed."""
    told = (
        select(Reading)
        .where(Reading.user_id.in_(user_ids), Reading.source == profiles.SOURCE, Reading.withdrawn_at.is_(None))
        .order_by(Reading.read_at)
    )
    mine: defaultdict[UUID, list[Reading]] = defaultdict(list)
    for reading in (await db.execute(told)).scalars():
        mine[reading.user_id].append(reading)
    seals, now = await vault.seals_of(db, user_ids), await clock.now(db)
    sheets = {user_id: sheet_from(mine[user_id], seal, now) for user_id, seal in seals.items()}
    return {user_id: profiles.profile_of(sheet, settings().currency) for user_id, sheet in sheets.items()}
