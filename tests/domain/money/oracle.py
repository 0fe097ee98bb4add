"""A loan by Longan's convention, counted the slow way: one day after the other, with a purse of interest for each row."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction

from domain.money.conventions import Rounding
from domain.money.loans import Amortisation, LoanTerms


@dataclass(frozen=True)
class Counted:
    rows: list[tuple[int, int]]
    penalties: list[int]
    owed: int
    credit: int


class Slot:
    """One instalment, or a month after the last; `purse` is the interest of its days, before anything is rounded."""

    def __init__(self, start: date, due: date) -> None:
        self.start, self.due, self.purse = start, due, Fraction(0)
        self.principal = self.interest = 0
        self.penalty = self.penalty_paid = 0
        self.fixed: tuple[int, int] | None = None
        self.is_done = False


def month(start: date, number: int) -> date:
    year, index = divmod(start.month - 1 + number, 12)
    year += start.year
    return date(year, index + 1, min(start.day, monthrange(year, index + 1)[1]))


class Counting:
    def __init__(self, terms: LoanTerms, start: date, amount: int) -> None:
        self.rate, self.n = Fraction(terms.annual_rate) / 12, terms.instalments
        self.late_rate = Fraction(terms.late_fee_rate)
        self.is_bullet = terms.amortisation is Amortisation.INTEREST_ONLY
        self.mode = ROUND_DOWN if terms.convention.rounding is Rounding.DOWN else ROUND_HALF_UP
        self.slots = [Slot(month(start, number), month(start, number + 1)) for number in range(self.n)]
        self.after = [Slot(month(start, number), month(start, number + 1)) for number in range(self.n, self.n + 20)]
        self.balance, self.amount, self.credit = amount, amount, 0
        self.level = self.whole(Fraction(amount) / sum((1 + self.rate) ** -k for k in range(1, self.n + 1)))

    def whole(self, value: Fraction) -> int:
        with localcontext(prec=60):
            exact = (Decimal(value.numerator) / value.denominator).quantize(Decimal("1e-25"))
            return int(exact.quantize(Decimal(1), rounding=self.mode))

    def pass_day(self, day: date) -> None:
        """The day that ends the night before `day` bears interest; what is due then is fixed."""
        slot = next(each for each in self.slots + self.after if each.start < day <= each.due)
        slot.purse += self.balance * self.rate / (slot.due - slot.start).days
        if day == slot.due and slot in self.slots:
            interest = slot.interest if slot.is_done else self.accrued(self.slots.index(slot))
            slot.fixed = (self.share(slot, interest), interest)
        for place, late in enumerate(self.slots):
            if (day - late.due).days == 4:
                late.penalty = self.whole(self.late_rate * sum(self.owed_of(place)))

    def accrued(self, place: int) -> int:
        """All interest so far, less what the rows before have or will have: each purse is rounded by itself."""
        so_far = sum(self.whole(slot.purse) for slot in self.slots[: place + 1])
        return so_far - sum(self.charged(slot) for slot in self.slots[:place])

    def charged(self, slot: Slot) -> int:
        if slot.fixed:
            return slot.fixed[1]
        return slot.interest if slot.is_done else self.accrued(self.slots.index(slot))

    def share(self, slot: Slot, interest: int) -> int:
        before = sum(each.fixed[0] for each in self.slots if each.fixed)
        left = self.amount - before
        if slot is self.slots[-1]:
            return left
        if slot.is_done:
            return slot.principal
        return min(left, max(0 if self.is_bullet else self.level - interest, slot.principal))

    def tail(self) -> int:
        return sum(self.whole(slot.purse) for slot in self.after)

    def owed_of(self, place: int) -> tuple[int, int]:
        """Interest and principal that settle a row now."""
        slot = self.slots[place]
        is_last = place == self.n - 1
        if slot.fixed:
            more = self.tail() if is_last else 0
            return slot.fixed[1] + more - slot.interest, slot.fixed[0] - slot.principal
        if slot.is_done:
            return 0, 0
        interest = self.accrued(place)
        if is_last:
            return interest - slot.interest, self.balance
        principal = 0 if self.is_bullet else max(0, self.level - interest - slot.principal)
        return interest - slot.interest, min(principal, self.balance - self.overdue())

    def overdue(self) -> int:
        return sum(slot.fixed[0] - slot.principal for slot in self.slots if slot.fixed)

    def pay(self, amount: int, day: date) -> None:
        for place, slot in enumerate(self.slots):
            interest, principal = self.owed_of(place)
            fee = min(amount, slot.penalty - slot.penalty_paid)
            slot.penalty_paid += fee
            amount -= fee
            first = min(amount, interest)
            second = min(amount - first, principal)
            slot.interest += first
            slot.principal += second
            self.balance -= second
            amount -= first + second
            if first + second and (first, second) == (interest, principal) and slot.due > day:
                slot.is_done = True
        self.credit += amount

    def owed(self) -> int:
        interest = sum(self.owed_of(place)[0] for place in range(self.n))
        return self.balance + interest + sum(slot.penalty - slot.penalty_paid for slot in self.slots)


def simulate(terms: LoanTerms, start: date, amount: int, payments: list[tuple[date, int]], on: date) -> Counted:
    counting, day = Counting(terms, start, amount), start
    while day <= on:
        if day > start:
            counting.pass_day(day)
        for when, paid in payments:
            if when == day:
                counting.pay(paid, day)
        day += timedelta(days=1)
    rows = [slot.fixed or (0, 0) for slot in counting.slots]
    principal, interest = rows[-1]
    rows = [*rows[:-1], (principal, interest + counting.tail())]
    return Counted(rows, [slot.penalty for slot in counting.slots], counting.owed(), counting.credit)
