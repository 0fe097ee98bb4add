"""A sheet that is folded as the readings come is the one that whoever keeps everything, and looks at the end, would draw."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as some

from domain.facts.counting_on import CountingOn, source_of
from domain.facts.open_readings import Opened, drawn_from
from domain.facts.sheets import FactSheet
from domain.facts.vocabulary import VOCABULARY, FactType

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY = timedelta(days=1)
LARGER = {
    "account.age_months",
    "account.real_name",
    "repayment.delay_months",
    "repayment.on_time_24m",
    "repayment.late_24m",
    "repayment.worst_delay_days",
    "credit.outstanding",
    "credit.open_loans",
    "credit.applications_90d",
    "social.address_stability_months",
}
SMALLER = {"repayment.bills_on_time_rate"}
NAMES = [
    "credit.outstanding",
    "repayment.bills_on_time_rate",
    "income.stability",
    "account.real_name",
    "profile.birth_date",
]


def draw(readings: list[Opened]) -> FactSheet:
    """Everything at the end, from all that was told."""
    told: list[tuple[str, str, Any, datetime, datetime | None]] = []
    marks = [CountingOn.read(each.rows) for each in readings]
    for mark, each in zip(marks, readings, strict=True):
        for name, value, at in each.rows[1:] if mark else each.rows:
            if value is None:
                told = [one for one in told if one[:2] != (each.source, name)]
                continue
            seen, days = datetime.fromisoformat(at), VOCABULARY[name].lasts_days
            ends = mark.until if mark else seen + timedelta(days=days) if days else None
            told.append((each.source, name, read(name, value), seen, ends))
    live = [one for one in told if one[3] <= NOW and (one[4] is None or one[4] > NOW)]
    # Of equal moments the later told counts: sorting keeps the order in which they came.
    newest = {one[:2]: one for one in sorted(live, key=lambda one: one[3])}
    chosen = {name: choose(name, [one for key, one in newest.items() if key[1] == name]) for _, name in newest}
    in_force = tuple(mark for mark in marks if mark and mark.until > NOW)
    changes = [one[3] for one in told if one[3] > NOW] + [one[4] for one in newest.values() if one[4] is not None]
    return FactSheet(
        values={name: one[2] for name, one in chosen.items()},
        sources=frozenset(each.source for each in readings),
        simulated=any(each.simulated for each in readings),
        as_of=NOW,
        observed_at={name: one[3] for name, one in chosen.items()},
        sources_of={name: one[0] for name, one in chosen.items()},
        stale_at=min(changes + [mark.until for mark in in_force], default=None),
        counting_on=in_force,
    )


def read(name: str, value: Any) -> Any:
    match VOCABULARY[name].type:
        case FactType.MONEY:
            return Decimal(str(value))
        case FactType.DATE:
            return date.fromisoformat(value)
    return value


def choose(name: str, rivals: list[Any]) -> Any:
    rivals.sort(key=lambda one: (one[3], one[0]))
    if name in LARGER | SMALLER:
        wanted = (max if name in LARGER else min)(float(one[2]) for one in rivals)
        return next(one for one in rivals if float(one[2]) == wanted)
    return rivals[-1]


@some.composite
def rows(draw: some.DrawFn) -> list[Any]:
    name = draw(some.sampled_from(NAMES))
    value = draw(some.none() | (some.dates().map(date.isoformat) if name.endswith("date") else some.integers(0, 3)))
    # Expired, live and to come; many at the same moment.
    at = NOW + draw(some.sampled_from([-400, -181, -180, -2, -1, 0, 1])) * DAY
    return [name, value, at.isoformat()]


@some.composite
def told(draw: some.DrawFn) -> Opened:
    facts, simulated = draw(some.lists(rows(), max_size=6)), draw(some.booleans())
    if draw(some.booleans()):
        return Opened(draw(some.sampled_from(["wechat", "taobao", "profile"])), facts, simulated)
    account = UUID(int=draw(some.integers(1, 2)))
    until = NOW + draw(some.sampled_from([-1, 0, 30])) * DAY
    left = CountingOn(account, "jd", until, 5, (), ())
    return Opened(source_of(account), [left.mark, *facts], simulated)


@given(some.lists(told(), max_size=6))
def test_it_is_the_same_sheet(readings: list[Opened]) -> None:
    drawn = drawn_from(readings, NOW)
    assert drawn == draw(readings)
    assert list(drawn.values) == sorted(drawn.values)
    assert {name: type(value) for name, value in drawn.values.items()} == {
        name: type(value) for name, value in draw(readings).values.items()
    }
