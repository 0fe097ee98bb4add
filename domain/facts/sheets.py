"""A fact sheet: what was known of one person at one moment, ready to be scored."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import reduce
from operator import itemgetter
from typing import NamedTuple

from domain.facts.counting_on import INCOME, PREFIX, CountingOn

FactValue = float | int | Decimal | bool | str | date

# What a person says of themselves or what we counted ourselves is not a linked account.
REGISTER = "identity"
OWN_SOURCES = frozenset({"profile", "longan", REGISTER})
# What a partner told is filed under this and its id. It is no linked account, and no account is gainsaid by it.
PARTNERS = "partner:"


class Observation(NamedTuple):
    """One dated fact, as a source told it."""

    source: str
    name: str
    value: FactValue
    observed_at: datetime
    expires_at: datetime | None = None


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
        return frozenset(source for source in self.sources - OWN_SOURCES if not source.startswith((PREFIX, PARTNERS)))

    @property
    def points_carried(self) -> int:
        """What the score would have won by hiding, and does not win while that counts on."""
        return sum(each.points for each in self.counting_on)

    @property
    def hides_income(self) -> bool:
        """Whether an income was known that no account tells any more."""
        return INCOME not in self.values and any(each.hides_income for each in self.counting_on)


# When it was observed, by which source, the value, and when that ends: a bare tuple, as there are twenty for each person.
Seen = tuple[datetime, str, FactValue, datetime | None]
WHEN_AND_WHENCE = itemgetter(0, 1)


class Telling:
    """What sources tell of a person, folded as it comes: of each source and name the latest that is live at `as_of`."""

    __slots__ = ("_as_of", "_latest", "_to_come")

    def __init__(self, as_of: datetime) -> None:
        self._as_of = as_of
        self._latest: dict[str, dict[str, Seen]] = {}
        self._to_come: dict[tuple[str, str], list[datetime]] = {}

    def of(self, source: str) -> dict[str, Seen]:
        """The latest of a source, by name; whoever tells in order what is live already may write it here."""
        return self._latest.setdefault(source, {})

    def add(self, name: str, seen: Seen) -> None:
        observed_at, source, _, expires_at = seen
        if self._as_of < observed_at:
            self._to_come.setdefault((source, name), []).append(observed_at)
        elif expires_at is None or self._as_of < expires_at:
            latest = self.of(source)
            if name not in latest or latest[name][0] <= observed_at:
                latest[name] = seen

    def take_back(self, source: str, name: str) -> None:
        """Forget what this source said so far."""
        self.of(source).pop(name, None)
        self._to_come.pop((source, name), None)

    def observations(self) -> list[Observation]:
        """What each source said latest, by name and source."""
        told = [
            Observation(source, name, value, observed_at, expires_at)
            for latest in self._latest.values()
            for name, (observed_at, source, value, expires_at) in latest.items()
        ]
        return sorted(told, key=lambda each: (each.name, each.source))

    def sheet(
        self, *, simulated: bool, sources: Iterable[str] = (), counting_on: tuple[CountingOn, ...] = ()
    ) -> FactSheet:
        """Draw up the sheet: one value per name among the sources. `sources` are linked, whatever they told."""
        chosen = self._choose()
        names = sorted(chosen)
        told = [chosen[name] for name in names]
        changes = {seen[3] for latest in self._latest.values() for seen in latest.values()}
        changes.update([mark.until for mark in counting_on], *self._to_come.values())
        changes.discard(None)
        return FactSheet(
            values=dict(zip(names, [seen[2] for seen in told], strict=True)),
            sources=frozenset([source for source, latest in self._latest.items() if latest]).union(sources),
            simulated=simulated,
            as_of=self._as_of,
            observed_at=dict(zip(names, [seen[0] for seen in told], strict=True)),
            sources_of=dict(zip(names, [seen[1] for seen in told], strict=True)),
            stale_at=min(changes, default=None),  # type: ignore[type-var]
            counting_on=counting_on,
        )

    def _choose(self) -> dict[str, Seen]:
        chosen: dict[str, Seen] = {}
        contested: dict[str, list[Seen]] = {}
        for latest in self._latest.values():
            for name in chosen.keys() & latest.keys():
                contested.setdefault(name, [chosen[name]]).append(latest[name])
            chosen = latest | chosen
        for name, rivals in contested.items():
            chosen[name] = reduce(_PREFER.get(name, _newer), sorted(rivals, key=WHEN_AND_WHENCE))
        return chosen


def sheet_of(observations: Iterable[Observation], *, as_of: datetime, simulated: bool) -> FactSheet:
    """Draw up the sheet: each source's latest live value, then one value per name among the sources."""
    told = Telling(as_of)
    for seen in observations:
        told.add(seen.name, (seen.observed_at, seen.source, seen.value, seen.expires_at))
    return told.sheet(simulated=simulated)


def _newer(one: Seen, later: Seen) -> Seen:
    is_gainsaid = later[1].startswith(PARTNERS) and not one[1].startswith(PARTNERS)
    return one if is_gainsaid else later


def _larger(one: Seen, later: Seen) -> Seen:
    return later if float(later[2]) > float(one[2]) else one  # type: ignore[arg-type]


def _smaller(one: Seen, later: Seen) -> Seen:
    return later if float(later[2]) < float(one[2]) else one  # type: ignore[arg-type]


def _registered(one: Seen, later: Seen) -> Seen:
    """What a register said is not for anybody to say otherwise."""
    return one if one[1] == REGISTER else later


# Two accounts can both be right: the older one tells the age, the worst delay is the delay, and a debt that one of them
# knows is not undone by another that knows of none.
_PREFER: dict[str, Callable[[Seen, Seen], Seen]] = {
    "profile.birth_date": _registered,
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
