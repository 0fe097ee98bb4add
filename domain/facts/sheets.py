"""A fact sheet: what was known of one person at one moment, ready to be scored."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from domain.facts.counting_on import INCOME, PREFIX, CountingOn

FactValue = float | int | Decimal | bool | str | date

# What a person says of themselves or what we counted ourselves is not a linked account.
OWN_SOURCES = frozenset({"profile", "longan"})


class Observation(NamedTuple):
    """One dated fact, as a source told it."""

    source: str
    name: str
    value: FactValue
    observed_at: datetime
    expires_at: datetime | None = None

    def is_live(self, at: datetime) -> bool:
        return self.observed_at <= at and (self.expires_at is None or at < self.expires_at)


@dataclass(frozen=True)
class FactSheet:
    """One value per fact name, point in time: nothing in it was observed after `as_of`. What is unknown is absent, never zero."""

    values: Mapping[str, FactValue]
    sources: frozenset[str]
    simulated: bool
    as_of: datetime
    observed_at: Mapping[str, datetime] = field(default_factory=dict)
    sources_of: Mapping[str, str] = field(default_factory=dict)  # name -> the source whose value counts
    stale_at: datetime | None = None  # when the first of these facts ends or another begins, and the sheet changes
    counting_on: tuple[CountingOn, ...] = ()  # what accounts left behind that were unlinked

    @property
    def linked_sources(self) -> frozenset[str]:
        return frozenset(source for source in self.sources - OWN_SOURCES if not source.startswith(PREFIX))

    @property
    def points_carried(self) -> int:
        """What the score would have won by hiding, and does not win while that counts on."""
        return sum(each.points for each in self.counting_on)

    @property
    def hides_income(self) -> bool:
        """Whether an income was known that no account tells any more."""
        return INCOME not in self.values and any(each.hides_income for each in self.counting_on)


def sheet_of(observations: Iterable[Observation], *, as_of: datetime, simulated: bool) -> FactSheet:
    """Draw up the sheet: each source's latest live value, then one value per name among the sources."""
    latest: dict[tuple[str, str], Observation] = {}
    to_come: list[datetime] = []
    for seen in observations:
        if as_of < seen.observed_at:
            to_come.append(seen.observed_at)
        before = latest.get((seen.name, seen.source))
        if seen.is_live(as_of) and (before is None or before.observed_at <= seen.observed_at):
            latest[seen.name, seen.source] = seen
    chosen: dict[str, Observation] = {}
    for (name, _), seen in sorted(latest.items(), key=lambda item: (item[0][0], item[1].observed_at, item[0][1])):
        chosen[name] = _PREFER.get(name, _newer)(chosen[name], seen) if name in chosen else seen
    return FactSheet(
        values={name: seen.value for name, seen in chosen.items()},
        sources=frozenset(source for _, source in latest),
        simulated=simulated,
        as_of=as_of,
        observed_at={name: seen.observed_at for name, seen in chosen.items()},
        sources_of={name: seen.source for name, seen in chosen.items()},
        stale_at=min([*to_come, *(seen.expires_at for seen in latest.values() if seen.expires_at)], default=None),
    )


def _newer(one: Observation, later: Observation) -> Observation:
    return later


def _larger(one: Observation, later: Observation) -> Observation:
    return later if float(later.value) > float(one.value) else one  # type: ignore[arg-type]


def _smaller(one: Observation, later: Observation) -> Observation:
    return later if float(later.value) < float(one.value) else one  # type: ignore[arg-type]


# Two accounts can both be right: the older one tells the age, the worst delay is the delay, and a debt that one of them
# knows is not undone by another that knows of none.
_PREFER: dict[str, Callable[[Observation, Observation], Observation]] = {
    "account.age_months": _larger,
    "account.real_name": _larger,
    "repayment.delay_months": _larger,
    "repayment.on_time_24m": _larger,
    "repayment.late_24m": _larger,
    "repayment.worst_delay_days": _larger,
    "repayment.bills_on_time_rate": _smaller,
    "credit.outstanding": _larger,
    "credit.open_loans": _larger,
    "credit.applications_90d": _larger,
    "social.address_stability_months": _larger,
}
