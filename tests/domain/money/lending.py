"""Made-up lives of loans: whatever may happen to one, in any order, by amounts that lie near what is due."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from hypothesis import strategies as st

from domain.money.conventions import LONGAN, Convention, DayCount, Rounding
from domain.money.due_dates import months_later
from domain.money.lives import LoanLife, charge_allowed, live, payoff
from domain.money.loans import Act, Amortisation, LoanEvent, LoanTerms

CAP = Decimal("0.24")
CONVENTIONS = [
    LONGAN,
    LONGAN,
    replace(LONGAN, rounding=Rounding.DOWN),
    replace(LONGAN, day_count=DayCount.ACT_365, rounding=Rounding.HALF_EVEN),
    replace(LONGAN, day_count=DayCount.ACT_ACT_ISDA),
    replace(LONGAN, day_count=DayCount.THIRTY_E_360),
]
GAPS = [0, 1, 3, 10, 28, 30, 31, 45]


@dataclass(frozen=True)
class LoanStory:
    terms: LoanTerms
    events: list[LoanEvent]
    on: date


OF_LEASES = (Act.MOVE_IN, Act.NOTICE, Act.DEPOSIT_SETTLED)


@st.composite
def terms(draw: st.DrawFn, conventions: list[Convention] = CONVENTIONS) -> LoanTerms:
    rate = draw(st.one_of(st.just(CAP), st.decimals(0, CAP, places=5)))
    return LoanTerms(
        annual_rate=rate,
        instalments=draw(st.sampled_from([1, 2, 3, 6, 12])),
        amortisation=draw(st.sampled_from([Amortisation.EQUAL, Amortisation.EQUAL, Amortisation.INTEREST_ONLY])),
        convention=draw(st.sampled_from(conventions)),
        cap=CAP,
        late_fee_rate=Decimal(draw(st.sampled_from(["0", "0.02", "0.05"]))),
    )


@st.composite
def stories(draw: st.DrawFn) -> LoanStory:
    agreed, on = draw(terms()), draw(st.dates(date(2023, 1, 1), date(2025, 3, 31)))
    amount = draw(st.one_of(st.integers(100, 1000), st.integers(10_000, 5_000_000)))
    events = [LoanEvent(Act.ADVANCE, on, amount, withheld=draw(st.sampled_from([0, amount // 100])), ref="0")]
    for step in range(draw(st.integers(0, 9))):
        on += timedelta(days=draw(st.sampled_from(GAPS)))
        events += draw(happenings(agreed, events, on, str(step + 1)))
    return LoanStory(agreed, events, on + timedelta(days=draw(st.sampled_from([0, 5, 40, 400]))))


@st.composite
def happenings(draw: st.DrawFn, agreed: LoanTerms, events: list[LoanEvent], on: date, ref: str) -> list[LoanEvent]:
    act = draw(st.sampled_from([Act.PAYMENT] * 6 + [each for each in Act if each not in OF_LEASES]))
    amount, until = draw(st.integers(1, 3000)), on + timedelta(days=draw(st.integers(0, 40)))
    match act:
        case Act.PAYMENT:
            amount = draw(payments(agreed, events, on))
        case Act.ADVANCE:
            amount *= events[0].amount // 2000 + 1
        case Act.FEE | Act.PENALTY:
            amount = min(amount, charge_allowed(agreed, events, on) or 0)
        case Act.RETURN:
            return []  # of a first day that is over; `test_returns.py` lives those
        case Act.REFUND:
            amount = min(amount, live(agreed, events, on).credit)
        case Act.DEFERRAL | Act.LOWERING:
            number = draw(st.integers(1, 4))
            return [LoanEvent(act, on, until=months_later(on, number) - timedelta(days=1), number=number, ref=ref)]
        case Act.LATE_FEE_WAIVED:
            return [LoanEvent(act, on, number=draw(st.integers(1, agreed.instalments)), ref=ref)]
        case Act.DUE_DAY:
            return [LoanEvent(act, on, number=draw(st.integers(1, 31)), ref=ref)]
    return (
        [LoanEvent(act, on, amount, until=until if act in (Act.PAUSE, Act.DRAW_WAITED) else None, ref=ref)]
        if amount
        else []
    )


@st.composite
def payments(draw: st.DrawFn, agreed: LoanTerms, events: list[LoanEvent], on: date) -> int:
    """What is due, half of it, what settles everything, a cent less, or any amount."""
    life, settles = live(agreed, events, on), payoff(agreed, events, on)
    due = _due(life)
    whole = settles.amount if settles else 5
    return draw(st.sampled_from([due, due, due // 2, whole, whole - 1, events[0].amount // 3]))


def _due(life: LoanLife) -> int:
    return life.next_due.outstanding if life.next_due else 5
