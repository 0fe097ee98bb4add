"""Contributed facts: what a partner may tell of a person who lets it, and what of that is believed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from uuid import UUID

from domain.facts.open_readings import Observed
from domain.facts.sheets import PARTNERS, FactValue
from domain.facts.vocabulary import VOCABULARY, FactKind, FactType
from infra.errors import Faults, invalid
from infra.events import declare
from infra.money import Money
from infra.words import N_

MOST = 200
AHEAD = timedelta(minutes=5)  # by which a partner's clock may be ahead of ours
CONTRIBUTED, ENDED = declare("facts.contributed"), declare("facts.ended")

# Who somebody is they say themselves or a register does, and whom they know nobody tells for them.
GROUPS = ("repayment.", "credit.", "income.", "shopping.")
KINDS = {name: kind for name, kind in VOCABULARY.items() if name.startswith(GROUPS)}
Said = Decimal | str | bool | Money
WANTED = {
    FactType.NUMBER: N_("{name} is told as a number."),
    FactType.MONEY: N_("{name} is told as an amount of money in CNY."),
}
assert {kind.type for kind in KINDS.values()} == WANTED.keys(), "of each type it can be said what is wanted"


@dataclass(frozen=True)
class ToldFact:
    """One item of a batch, as a partner says it."""

    name: str
    value: Said
    observed_at: datetime


def source_of(partner_id: UUID) -> str:
    """Under which name a partner's readings are filed: what was found wrong of it stays so under its next consent."""
    return f"{PARTNERS}{partner_id}"


def check_size(told: Sequence[object]) -> None:
    """Refuses INVALID an empty batch, and one that is too long."""
    if not 1 <= len(told) <= MOST:
        raise invalid(N_("Tell 1 to {most} facts at a time."), ("input", "facts"), most=MOST)


def believe(told: Iterable[ToldFact], now: datetime) -> list[Observed]:
    """The facts as a reading holds them, the oldest first. Refuses INVALID whatever is wrong, each fault by its place in the batch."""
    faults, seen, believed = Faults(), set[tuple[str, datetime]](), list[Observed]()
    for place, fact in enumerate(told):
        if (each := faults.of(partial(_believe, fact, now, seen, ("input", "facts", str(place))))) is not None:
            believed.append(each)
    faults.refuse()
    return sorted(believed, key=lambda each: each.observed_at)


def _believe(fact: ToldFact, now: datetime, seen: set[tuple[str, datetime]], item: tuple[str, ...]) -> Observed:
    kind = KINDS.get(fact.name)
    if kind is None:
        raise invalid(N_("No fact of the vocabulary that partners tell has this name."), (*item, "name"))
    if (fact.name, fact.observed_at) in seen:
        raise invalid(N_("{name} is told twice of one time."), (*item, "name"), name=kind.name)
    seen.add((fact.name, fact.observed_at))
    _refuse_time(kind, fact.observed_at, now, (*item, "observedAt"))
    return Observed(fact.name, _value(kind, fact.value, (*item, "value")), fact.observed_at)


def _refuse_time(kind: FactKind, at: datetime, now: datetime, field: tuple[str, ...]) -> None:
    assert kind.lasts_days, "what others tell of a person ends by itself"
    if at > now + AHEAD:
        raise invalid(N_("Nobody has observed this yet: the time lies ahead."), field)
    if at + timedelta(days=kind.lasts_days) <= now:
        raise invalid(
            N_("{name} says nothing any more after {days} days."), field, name=kind.name, days=kind.lasts_days
        )


def _value(kind: FactKind, said: Said, field: tuple[str, ...]) -> FactValue:
    match kind.type, said:
        case FactType.NUMBER, Decimal():
            return float(_within(kind, said, field))
        case FactType.MONEY, Money(currency=kind.unit):
            return _within(kind, said.amount, field)
    raise invalid(WANTED[kind.type], field, name=kind.name)


def _within(kind: FactKind, said: Decimal, field: tuple[str, ...]) -> Decimal:
    low, high = kind.low, kind.high
    assert low is not None and high is not None, "what others tell has a range"
    if not Decimal(str(low)) <= said <= Decimal(str(high)):
        values = {"name": kind.name, "low": f"{low:g}", "high": f"{high:.0f}", "unit": kind.unit}
        raise invalid(N_("{name} lies between {low} and {high} {unit}."), field, **values)
    return said
