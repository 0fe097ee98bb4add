"""Census: all members at this moment, counted by what an audience may ask of them, so that any audience is a sum."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar

import numpy as np
from sqlalchemy import Row, text

from domain.notices import reaching
from infra import clock
from infra.database import Db
from infra.entity import Json
from membership import kept_counts
from membership.benefits import Segment
from membership.campaigns.audiences import Audience
from membership.plans.subscriptions import GOING

USED_WITHIN = timedelta(days=365)
DAYS_MAX = 999  # whoever has been inactive for longer is counted with these
V = TypeVar("V")
Mask = np.ndarray  # of the groups of a census: which of them are in an audience


def traits(within: str = "true") -> str:
    """A statement of what an audience asks of each member, and nothing else; only of those whose `user_id` is `within`."""
    return f"""
    SELECT member.user_id, member.tier_code, coalesce(bought.plans, '{{}}') AS plans,
           coalesce(used.segments, 0) AS segments,
           least({DAYS_MAX}, date_part('epoch', :now - greatest(member.joined_at, active.last_at)) / 86400)::int AS inactive_days
      FROM (SELECT user_id, tier_code, joined_at FROM members WHERE {within}) AS member
      LEFT JOIN (SELECT user_id, array_agg(DISTINCT plan.code ORDER BY plan.code) AS plans
                   FROM plan_subscriptions AS bought JOIN plans AS plan ON plan.id = bought.plan_id
                  WHERE (bought.status = ANY(:going) OR bought.paid_until > :now) AND {within}
                  GROUP BY user_id) AS bought ON bought.user_id = member.user_id
      LEFT JOIN (SELECT user_id, bit_or(1 << array_position(CAST(:segments AS text[]), benefit.segment) - 1) AS segments
                   FROM redemptions AS use JOIN benefits AS benefit ON benefit.id = use.benefit_id
                  WHERE use.status = 'USED' AND use.used_at > :used_since AND {within}
                  GROUP BY user_id) AS used ON used.user_id = member.user_id
      LEFT JOIN (SELECT user_id, max(occurred_at) AS last_at FROM activities WHERE {within} GROUP BY user_id) AS active
             ON active.user_id = member.user_id
    """  # noqa: S608


COUNT = text(f"""
    SELECT tier_code, plans, segments, inactive_days, {reaching.MAY_BE_TOLD} AS is_reachable, count(*)
      FROM ({traits()}) AS member {reaching.JOINED}
     WHERE member.user_id NOT IN (SELECT user_id FROM uncounted)
     GROUP BY 1, 2, 3, 4, 5
""")  # noqa: S608


@dataclass(frozen=True)
class Trait(Generic[V]):
    """What each group has, as a place among the few values that there are, so that a question is asked of each value once."""

    values: tuple[V, ...]
    places: np.ndarray

    @classmethod
    def of(cls, column: Sequence[V]) -> "Trait[V]":
        values = tuple(dict.fromkeys(column))
        place = {value: number for number, value in enumerate(values)}
        return cls(values, np.fromiter((place[value] for value in column), int, len(column)))

    def __getitem__(self, group: int) -> V:
        return self.values[int(self.places[group])]

    def where(self, is_meant: Callable[[V], bool]) -> Mask:
        meant: Mask = np.fromiter(map(is_meant, self.values), bool, len(self.values))
        return np.take(meant, self.places)


@dataclass(frozen=True)
class Census:
    """Groups of members who are alike in all that an audience may ask, with how many they are and how many can be reached."""

    tier_codes: Trait[str]
    plans: Trait[frozenset[str]]
    segments: Trait[frozenset[str]]
    inactive_days: np.ndarray
    people: np.ndarray
    reachable: np.ndarray

    def mask_of(self, audience: Audience) -> Mask:
        mask = self.inactive_days >= audience.inactive_days_at_least
        if audience.tier_codes:
            mask &= self.tier_codes.where(lambda code: code in audience.tier_codes)
        if audience.plan_codes:
            mask &= self.plans.where(lambda held: not held.isdisjoint(audience.plan_codes))
        if audience.used_segments:
            mask &= self.segments.where(lambda used: not used.isdisjoint(audience.used_segments))
        return mask

    def count(self, mask: Mask) -> int:
        return int(self.people[mask].sum())


async def take(db: Db) -> tuple[Census, datetime]:
    """Everybody, and when they were counted."""
    content, counted_at = await kept_counts.recall(db, COUNTING)
    return census_of(content["groups"]), counted_at


async def _count(db: Db) -> Json:
    """In one statement."""
    rows = await db.execute(COUNT, given_at(await clock.now(db)))
    return {"groups": [list(row) for row in rows]}


def _people(content: Json) -> int:
    return sum(group[-1] for group in content["groups"])


COUNTING = kept_counts.Counting("census", _count, _people)


def given_at(now: datetime) -> dict[str, object]:
    """What TRAITS is given."""
    return {"now": now, "used_since": now - USED_WITHIN, "going": list(GOING), "segments": list(Segment)}


def bits_of(segments: Iterable[str]) -> int:
    """A set of segments as one number, which Postgres gathers and groups by in no time."""
    return sum(1 << place for place, segment in enumerate(Segment) if segment in {*segments})


def census_of(rows: Sequence[Row[tuple[object, ...]]] | Sequence[tuple[object, ...]]) -> Census:
    """Rows of tier, plans, segments as bits, days, whether they can be reached, and how many they are."""
    columns: list[tuple[object, ...]] = [*zip(*rows, strict=True)] or [()] * 6
    codes, plans, segments, days, are_reachable, people = columns
    counts = np.array(people, int)
    return Census(
        tier_codes=Trait.of([str(code) for code in codes]),
        plans=Trait.of([frozenset(held) for held in plans]),  # type: ignore[call-overload]
        segments=Trait.of([frozenset(each for each in Segment if bits & bits_of([each])) for bits in segments]),  # type: ignore[operator]
        inactive_days=np.array(days, int),
        people=counts,
        reachable=counts * np.array(are_reachable, bool),
    )
