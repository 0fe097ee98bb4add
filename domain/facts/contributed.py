"""Contributed facts: what a partner may tell of a person who lets it, and what of that is believed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import partial
from uuid import UUID

from domain.facts.loan_reports import OutcomeKind
from domain.facts.open_readings import Observed
from domain.facts.sheets import PARTNERS, FactValue
from domain.facts.vocabulary import ADVERSE_LASTS, VOCABULARY, FactGroup, FactKind, FactType
from infra import texts
from infra.clock import local_day
from infra.errors import Faults, invalid
from infra.events import declare
from infra.money import Money
from infra.words import N_

MOST = 200
AHEAD = timedelta(minutes=5)  # by which a partner's clock may be ahead of ours
CONTRIBUTED, ENDED = declare("facts.contributed"), declare("facts.ended")

# Who somebody is they say themselves or a register does, and whom they know nobody tells for them.
GROUPS = ("repayment.", "credit.", "income.", "shopping.")
# No fact of a sheet: it says of one loan how it went, for the book that training reads.
PERFORMANCE = FactKind(
    "loan.performance",
    FactType.TEXT,
    FactGroup.REPAYMENT,
    N_("How a loan went until then"),
    choices=tuple(OutcomeKind),
    lasts_days=ADVERSE_LASTS.days,
)
KINDS = {name: kind for name, kind in VOCABULARY.items() if name.startswith(GROUPS)} | {PERFORMANCE.name: PERFORMANCE}
REFERENCE_MAX = 64
Said = Decimal | str | bool | Money
WANTED = {
    FactType.NUMBER: N_("{name} is told as a number."),
    FactType.MONEY: N_("{name} is told as an amount of money in CNY."),
    FactType.TEXT: N_("{name} is told as one of these words: {words}."),
}
assert {kind.type for kind in KINDS.values()} == WANTED.keys(), "of each type it can be said what is wanted"


@dataclass(frozen=True)
class ToldLoan:
    """A loan that the partner made outside of Longan. `reference`: its own word for it."""

    reference: str
    opened_on: date


@dataclass(frozen=True)
class ToldFact:
    """One item of a batch, as a partner says it; of one loan or, without it, of the person."""

    name: str
    value: Said
    observed_at: datetime
    loan: ToldLoan | None = None


@dataclass(frozen=True)
class ToldPerformance:
    """How one loan went until it was observed."""

    loan: ToldLoan
    how: OutcomeKind
    observed_at: datetime


@dataclass(frozen=True)
class Believed:
    """What a batch says: facts of the person, the oldest first, and how loans went."""

    facts: list[Observed] = field(default_factory=list)
    performances: list[ToldPerformance] = field(default_factory=list)


def source_of(partner_id: UUID) -> str:
    """Under which name a partner's readings are filed: what was found wrong of it stays so under its next consent."""
    return f"{PARTNERS}{partner_id}"


def check_size(told: Sequence[object]) -> None:
    """Refuses INVALID an empty batch, and one that is too long."""
    if not 1 <= len(told) <= MOST:
        raise invalid(N_("Tell 1 to {most} facts at a time."), ("input", "facts"), most=MOST)


def believe(told: Iterable[ToldFact], now: datetime) -> Believed:
    """Refuses INVALID whatever is wrong, each fault by its place in the batch."""
    faults, seen, believed = Faults(), set[tuple[str, str, datetime]](), Believed()
    for place, fact in enumerate(told):
        match faults.of(partial(_believe, fact, now, seen, ("input", "facts", str(place)))):
            case Observed() as observed:
                believed.facts.append(observed)
            case ToldPerformance() as performance:
                believed.performances.append(performance)
    faults.refuse()
    believed.facts.sort(key=lambda each: each.observed_at)
    return believed


def _believe(
    fact: ToldFact, now: datetime, seen: set[tuple[str, str, datetime]], item: tuple[str, ...]
) -> Observed | ToldPerformance:
    kind = KINDS.get(fact.name)
    if kind is None:
        raise invalid(N_("No fact of the vocabulary that partners tell has this name."), (*item, "name"))
    loan = _loan_of(kind, fact, (*item, "loan"))
    once = (fact.name, loan.reference if loan else "", fact.observed_at)
    if once in seen:
        raise invalid(N_("{name} is told twice of one time."), (*item, "name"), name=kind.name)
    seen.add(once)
    _refuse_time(kind, fact.observed_at, now, (*item, "observedAt"))
    value = _value(kind, fact.value, (*item, "value"))
    if loan is None:
        return Observed(fact.name, value, fact.observed_at)
    return ToldPerformance(loan, OutcomeKind(str(value)), fact.observed_at)


def _loan_of(kind: FactKind, fact: ToldFact, field: tuple[str, ...]) -> ToldLoan | None:
    """The loan that the item is of, named and dated as it can be; None of a fact of the person."""
    if kind is not PERFORMANCE:
        if fact.loan is not None:
            raise invalid(N_("{name} is of the person, and of no loan."), field, name=kind.name)
        return None
    if fact.loan is None:
        raise invalid(N_("{name} is of one loan: name it."), field, name=kind.name)
    if local_day(fact.observed_at) < fact.loan.opened_on:
        raise invalid(N_("The loan was opened after this was observed."), (*field, "openedOn"))
    return ToldLoan(texts.line(fact.loan.reference, REFERENCE_MAX, (*field, "reference")), fact.loan.opened_on)


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
        case FactType.TEXT, str() if said in kind.choices:
            return said
    raise invalid(WANTED[kind.type], field, name=kind.name, words=", ".join(kind.choices))


def _within(kind: FactKind, said: Decimal, field: tuple[str, ...]) -> Decimal:
    low, high = kind.low, kind.high
    assert low is not None and high is not None, "what others tell has a range"
    if not Decimal(str(low)) <= said <= Decimal(str(high)):
        values = {"name": kind.name, "low": f"{low:g}", "high": f"{high:.0f}", "unit": kind.unit}
        raise invalid(N_("{name} lies between {low} and {high} {unit}."), field, **values)
    return said
