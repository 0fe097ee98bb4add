"""Rules for contacting people, as data: for each class and country, at what hours, on what days, and how often.

A class that has rules for no country is bound by the house's alone; one that has some is told to nobody elsewhere.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time, timedelta

from domain.notices.classes import NoticeClass

EVERYWHERE = "*"
ALL_DAYS = frozenset(range(7))  # Monday is 0
NOT_SUNDAYS = ALL_DAYS - {6}
DAY, WEEK = timedelta(hours=24), timedelta(days=7)


@dataclass(frozen=True)
class Hours:
    """When a person may be disturbed, by the clock where they are; `holidays_of` names whose holidays are left out."""

    source: str
    opens: time
    closes: time
    weekdays: frozenset[int] = ALL_DAYS
    holidays_of: str | None = None


@dataclass(frozen=True)
class Limit:
    """A limit: at most so many contacts of these classes within any span of this length."""

    source: str
    times: int
    within: timedelta
    counts: frozenset[NoticeClass]


@dataclass(frozen=True)
class RuleSet:
    hours: tuple[Hours, ...] = ()
    limits: tuple[Limit, ...] = ()


HOUSE = "house"
UNASKED = frozenset({NoticeClass.MONEY, NoticeClass.SERVICE, NoticeClass.MARKETING, NoticeClass.COLLECTION})
MONEY, SERVICE = frozenset({NoticeClass.MONEY}), frozenset({NoticeClass.SERVICE})
MARKETING, COLLECTION = frozenset({NoticeClass.MARKETING}), frozenset({NoticeClass.COLLECTION})

ADVERTISING = RuleSet(
    (Hours(HOUSE, time(9), time(20)),),
    (
        # What phone makers let an app send of this kind.
        Limit("Huawei and Honor, marketing messages", 2, DAY, MARKETING),
        Limit(HOUSE, 5, WEEK, MARKETING),
        # Who has heard enough from us today hears no advertisement too.
        Limit(HOUSE, 10, DAY, UNASKED),
    ),
)

RULES: Mapping[tuple[NoticeClass, str], RuleSet] = {
    (NoticeClass.MONEY, EVERYWHERE): RuleSet(limits=(Limit(HOUSE, 20, DAY, MONEY),)),
    (NoticeClass.SERVICE, EVERYWHERE): RuleSet(limits=(Limit(HOUSE, 10, DAY, SERVICE),)),
    (NoticeClass.MARKETING, "CN"): ADVERTISING,
    (NoticeClass.MARKETING, "ID"): ADVERTISING,
    (NoticeClass.MARKETING, "US"): ADVERTISING,
    (NoticeClass.COLLECTION, "CN"): RuleSet(
        (Hours("GB/T 45251-2025", time(8), time(22)),),
        (Limit("GB/T 45251-2025", 3, DAY, COLLECTION),),
    ),
    (NoticeClass.COLLECTION, "ID"): RuleSet(
        (Hours("POJK 22/2023", time(8), time(20), NOT_SUNDAYS, "ID"),),
        (Limit(HOUSE, 3, DAY, COLLECTION),),
    ),
    (NoticeClass.COLLECTION, "US"): RuleSet(
        (Hours("12 CFR 1006.6(b)(1)", time(8), time(21)),),
        (Limit("12 CFR 1006.14(b)(2)", 7, WEEK, COLLECTION), Limit(HOUSE, 3, DAY, COLLECTION)),
    ),
}
LONGEST = max(limit.within for rules in RULES.values() for limit in rules.limits)


def rules_of(purpose: NoticeClass, country: str | None) -> RuleSet | None:
    """None where nobody has written down what holds for this purpose in this country."""
    return RULES.get((purpose, EVERYWHERE)) or RULES.get((purpose, country or ""))
