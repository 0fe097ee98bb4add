"""Replaying: a loan's events in the order of their value dates, and the bookings that come of each."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from fractions import Fraction

from domain.money.allowing import Allowance
from domain.money.conventions import LoanPart
from domain.money.day_counts import DAY
from domain.money.late_fees import Lateness, Times, Wait, charged_on, has_waited, is_spared
from domain.money.levelling import level
from domain.money.loans import Act, BookingKind, LoanEvent, LoanTerms, Parts, PlannedRow
from domain.money.paying_order import Step, to_give_up, to_pay
from domain.money.planning import LoanPlan
from domain.money.replanning import change_due_day, defer, lower
from domain.money.replays import LifeReplay
from domain.money.rows import Amounts, Row, no_amounts, parts

FEE, PENALTY = LoanPart.FEE, LoanPart.PENALTY
INTEREST, PRINCIPAL = LoanPart.INTEREST, LoanPart.PRINCIPAL
# A pause comes first of its day, so that no payment then pays the interest of that day; then what keeps it from falling due.
FIRST = (Act.PAUSE, Act.DEFERRAL, Act.LOWERING)


class LoanReplay(LifeReplay):
    """`plan` begins with the first advance; before it there is nothing to charge or to pay off."""

    def __init__(self, terms: LoanTerms) -> None:
        super().__init__()
        self.terms = terms
        self.plan: LoanPlan | None = None
        self._allowance: Allowance | None = None
        self._lateness: Lateness | None = None
        self._pauses: list[Times] = []
        self._spared: list[Times] = []
        self._fees_waived: set[int] = set()  # of the rows with these numbers
        self._waits: list[Wait] = []

    def run(self, events: Sequence[LoanEvent], on: date) -> None:
        self._fees_waived = {event.number for event in events if event.act is Act.LATE_FEE_WAIVED}
        self._waits = [(event.on, event.until) for event in events if event.act is Act.DRAW_WAITED]
        for event in sorted(events, key=lambda event: (event.on, _turn(event.act))):
            self._fall_due(min(event.on - DAY * (event.act in FIRST), on))  # a charge may be dated ahead
            if event.act in _ACTS:
                _ACTS[event.act](self, event)
        self._fall_due(on)

    def _fall_due(self, on: date) -> None:
        for row in self._lateness.over(on) if self._lateness else ():
            day = charged_on(row.due_on)
            self._accrue_until(day)
            self._charge_late(row, day)
        self._accrue_until(on)

    def _accrue_until(self, on: date) -> None:
        for row, day in self.plan.fall_due(on) if self.plan else ():
            self._accrue(row, row.due[INTEREST], day)

    def _charge_late(self, row: Row, on: date) -> None:
        """As much as the cap allows, for whoever then pays as planned."""
        assert self.plan is not None, "a row is of a plan"
        if not row.is_open or row.number in self._fees_waived:
            return
        if is_spared(row.due_on, self._spared) or has_waited(on, self._waits):
            return
        fee = self.plan.rounded(Fraction(self.terms.late_fee_rate) * _total([self.payable(on)[row.number - 1]]))
        allowed = self.allowed(on, self.planned(on))
        if (fee := fee if allowed is None else min(fee, max(0, allowed))) > 0:
            row.due[PENALTY] += fee
            self._book(BookingKind.PENALTY, on, Parts(penalties=fee), number=row.number)

    def _accrue(self, row: Row, interest: int, on: date, ref: str = "") -> None:
        """Books a row's interest up to this much."""
        if interest > row.booked:
            new = Parts(interest=interest - row.booked)
            self._book(BookingKind.INTEREST, on, new, number=row.number, ref=ref)
            row.booked = interest

    def advance(self, event: LoanEvent) -> None:
        if self.plan is None:
            self.plan = LoanPlan(self.terms, event.on)
            self._allowance = None if self.terms.cap is None else Allowance(self.terms.cap, event.on)
            self._lateness = Lateness(self.plan) if self.terms.late_fee_rate else None
            for first, last in self._pauses:
                self.plan.balance.pause(first, last)
        elif not self.is_fixed and not any(each[INTEREST] + each[PRINCIPAL] for each in self.payable(event.on)):
            self.plan.reopen(event.on)
        self._flow(event.withheld - event.amount, event.on)
        self.plan.lend(event.amount, event.on)
        self._book(BookingKind.ADVANCE, event.on, Parts(principal=event.amount), ref=event.ref)
        self._fall_due(event.on)  # a down payment
        level(self.plan, event.on)

    def charge(self, event: LoanEvent) -> None:
        assert self.plan is not None, "charged before anything was lent"
        if any(first <= event.on <= last for first, last in self._spared):
            return
        part, kind = (FEE, BookingKind.FEE) if event.act is Act.FEE else (PENALTY, BookingKind.PENALTY)
        row = next((row for row in self.plan.rows if event.on <= row.due_on), self.plan.last)
        row.due[part] += event.amount
        row.settled_on = None
        self._book(kind, event.on, parts(no_amounts() | {part: event.amount}), number=row.number, ref=event.ref)

    def take_back(self, event: LoanEvent) -> None:
        """The rows keep their level, so that there are fewer of them. It comes before anything that was paid.

        Of a fee that was never charged nothing comes back.
        """
        assert self.plan is not None and event.on == self.plan.start, "taken back from the first day on"
        self._flow(event.amount, event.on)
        self.plan.lend(-event.amount, event.on)
        row = self.plan.rows[0]
        fee = min(event.withheld, row.due[FEE])
        row.due[FEE] -= fee
        back = Parts(principal=-event.amount, fees=-fee)
        self._book(BookingKind.RETURN, event.on, back, number=row.number, ref=event.ref)

    def pause(self, event: LoanEvent) -> None:
        self._pauses.append((event.on, event.until or event.on))
        self._spared.append(self._pauses[-1])
        if self.plan is not None:
            self.plan.balance.pause(*self._pauses[-1])

    def replan(self, event: LoanEvent) -> None:
        if event.until is not None:
            self._spared.append((event.on, event.until))
        if self.plan is not None:
            _CHANGES[event.act](self.plan, event.on, event.number)

    def refund(self, event: LoanEvent) -> None:
        """Credit that is paid back. What is more than there is, as after a payment that failed in the end, is lent."""
        lent = max(0, event.amount - self.credit)
        if lent and self.plan:
            self._flow(-lent, event.on)
            self.plan.lend(lent, event.on)
            self._book(BookingKind.REFUND, event.on, Parts(principal=lent), ref=event.ref)
        if event.amount > lent:
            self._book(BookingKind.REFUND, event.on, credit=lent - event.amount, ref=event.ref)

    def pay(self, event: LoanEvent) -> None:
        payable = self.payable(event.on)
        if self._is_cut(event, _total(payable)):
            payable = self.payable(event.on)
        steps = to_pay(self._rows, event.on, self.terms.convention)
        left = self._spend(event.amount, event, BookingKind.REPAYMENT, steps, payable)
        self._flow(event.amount - left, event.on)  # what is too much is still theirs
        if left:
            self._book(BookingKind.REPAYMENT, event.on, credit=left, ref=event.ref)

    def waive(self, event: LoanEvent) -> None:
        self._waive(event.amount, event)

    def _waive(self, amount: int, event: LoanEvent) -> None:
        self._spend(amount, event, BookingKind.WAIVER, to_give_up(self._rows), self.payable(event.on))

    def _is_cut(self, event: LoanEvent, owed: int) -> bool:
        """Gives up what the cap does not allow, where this payment settles the rest; whether there was anything of that."""
        if not owed or self._allowance is None or not self._allowance.is_near(event.on, min(owed, event.amount)):
            return False
        allowed = self._allowance.left(event.on)
        if allowed >= owed or event.amount < allowed:
            return False
        # Each payment so far was less than was allowed then, and what is allowed only grows: it is never below nothing.
        self._waive(owed - allowed, event)
        return True

    def owed(self, on: date) -> int:
        """What settles everything on that day, before the cap is asked."""
        return _total(self.payable(on))

    def payable(self, on: date) -> list[Amounts]:
        return self.plan.payable(on) if self.plan else []

    def allowed(self, on: date, planned: Iterable[PlannedRow] = ()) -> int | None:
        """How much more may be paid on that day under the cap, if what is planned is paid too; None where nothing caps it."""
        return self._allowance.left(on, planned) if self._allowance else None

    def within_cap(self, planned: list[PlannedRow], on: date) -> list[PlannedRow]:
        """What is planned, less what the cap will not allow."""
        return self._allowance.within(planned, on) if self._allowance else planned

    @property
    def next_on(self) -> date | None:
        """When something falls due next, or a late fee is charged; None where nothing happens by itself."""
        days = [each.next_on for each in (self.plan, self._lateness) if each]
        return min((day for day in days if day is not None), default=None)

    @property
    def is_fixed(self) -> bool:
        return self.plan is not None and self.plan.is_fixed

    def planned(self, on: date) -> list[PlannedRow]:
        if self.plan is None:
            return []
        return [row.planned(*each) for row, each in zip(self.plan.rows, self.plan.amounts(on), strict=True)]

    @property
    def _rows(self) -> list[Row]:
        return self.plan.rows if self.plan else []

    def _spend(
        self, amount: int, event: LoanEvent, kind: BookingKind, steps: Iterable[Step], payable: list[Amounts]
    ) -> int:
        """What is left of an amount after these parts have taken theirs, one after the other."""
        taken: dict[int, Amounts] = {}
        for place, part in steps:
            if takes := min(amount, payable[place][part]):
                taken.setdefault(place, no_amounts())[part] = takes
                payable[place][part] -= takes
                amount -= takes
        for place, amounts in sorted(taken.items()):
            self._take(self._rows[place], amounts, payable[place], event, kind)
        return amount

    def _take(self, row: Row, takes: Amounts, rest: Amounts, event: LoanEvent, kind: BookingKind) -> None:
        assert self.plan is not None
        interest = row.paid[INTEREST] + takes[INTEREST] + rest[INTEREST]
        if takes[INTEREST]:
            if row is self.plan.last and self.plan.after_term:
                self.plan.after_term.charge(event.on)
            self._accrue(row, interest, event.on, event.ref)
        self.plan.repay(takes[PRINCIPAL], event.on)
        row.take(takes, is_waived=kind is BookingKind.WAIVER)
        if not any(rest.values()):
            row.settled_on = event.on
            if row.due_on > event.on and not self.plan.is_fixed and row.early is None:
                row.early = interest
        self._book(kind, event.on, -parts(takes), number=row.number, ref=event.ref)

    def _flow(self, minor: int, on: date) -> None:
        if self._allowance is not None:
            self._allowance.flow(minor, on)


def _turn(act: Act) -> int:
    return FIRST.index(act) if act in FIRST else len(FIRST)


def _total(payable: Iterable[Amounts]) -> int:
    return sum(sum(each.values()) for each in payable)


_CHANGES: dict[Act, Callable[[LoanPlan, date, int], None]] = {
    Act.DEFERRAL: defer,
    Act.LOWERING: lower,
    Act.DUE_DAY: change_due_day,
}
_ACTS: dict[Act, Callable[[LoanReplay, LoanEvent], None]] = {
    Act.ADVANCE: LoanReplay.advance,
    Act.PAYMENT: LoanReplay.pay,
    Act.FEE: LoanReplay.charge,
    Act.PENALTY: LoanReplay.charge,
    Act.WAIVER: LoanReplay.waive,
    Act.PAUSE: LoanReplay.pause,
    Act.DEFERRAL: LoanReplay.replan,
    Act.LOWERING: LoanReplay.replan,
    Act.DUE_DAY: LoanReplay.replan,
    Act.REFUND: LoanReplay.refund,
    Act.RETURN: LoanReplay.take_back,
}
