"""People by age, region and occupation: counts only, and no group of fewer than twenty people."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import select

from domain.facts.readings import Reading, sheet_from
from domain.people import profiles
from domain.people.profiles import Profile
from infra import clock, vault
from infra.database import Db
from infra.settings import settings

PEOPLE_MIN = 20
CHUNK = 1_000
OTHERS, UNTOLD = "others", "untold"
YOUNG = "-24"
AGES = ((25, YOUNG), (35, "25-34"), (45, "35-44"), (55, "45-54"))
OLDEST = "55-"
COLUMNS = ("age", "region", "occupation")

# A person, the day on which he was how old he was, and the figures to add up in his groups.
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
        for group, (people, *figures) in sorted(large_enough(sums[column]).items(), key=_named_first)
    ]


def _add(sums: dict[str, dict[str, list[float]]], groups: Iterable[str], figures: tuple[float, ...]) -> None:
    for column, group in zip(COLUMNS, groups, strict=True):
        before = sums[column].setdefault(group, [0.0] * (1 + len(figures)))
        sums[column][group] = [now + more for now, more in zip(before, (1.0, *figures), strict=True)]


def large_enough(sums: Mapping[str, list[float]]) -> dict[str, list[float]]:
    """Small groups become one, which takes in the next smallest until it is large enough itself.

    Else what is missing to the total would tell of the few. The first figure of each group is its people.
    """
    rising = sorted(sums.items(), key=lambda item: (item[1][0], item[0]))
    together: list[list[float]] = []
    while rising and (rising[0][1][0] < PEOPLE_MIN or 0 < sum(each[0] for each in together) < PEOPLE_MIN):
        together.append(rising.pop(0)[1])
    shown = dict(rising)
    total = [sum(figures) for figures in zip(*together, strict=True)]
    return {**shown, OTHERS: total} if together and total[0] >= PEOPLE_MIN else shown


def _named_first(item: tuple[str, list[float]]) -> tuple[bool, bool, str]:
    return item[0] == UNTOLD, item[0] == OTHERS, item[0]


def _groups_of(profile: Profile, day: date) -> tuple[str, str, str]:
    return age_band(profile.birth_date, day), profile.region or UNTOLD, profile.occupation or UNTOLD


def age_band(birth_date: date | None, day: date) -> str:
    if birth_date is None:
        return UNTOLD
    age = profiles.age_on(birth_date, day)
    return next((band for below, band in AGES if age < below), OLDEST)


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
