"""A plan: rows that fall due one after the other, and what each is to take, as far as it is known on a day."""

from collections.abc import Iterator
from datetime import date
from fractions import Fraction

from domain.money.after_term import AfterTerm
from domain.money.balances import Balance
from domain.money.conventions import LoanPart, Recalculation
from domain.money.due_dates import Calendar
from domain.money.legs import regular
from domain.money.loans import Amortisation, LoanTerms
from domain.money.rounding import nearest
from domain.money.rows import PARTS, Amounts, Row, no_amounts

INTEREST, PRINCIPAL = LoanPart.INTEREST, LoanPart.PRINCIPAL
Planned = tuple[int, int]  # principal and interest


class LoanPlan:
    """Rows before `open` have fallen due and stay what they are; the others are planned anew whenever it is asked. Where
    payments change nothing (`is_fixed`), all stay what they are, and the balance is that of the plan.

    `carried` is interest of rows that were closed before their day: it falls due with the next open one. `left` is the
    principal that no row before `open` has taken. Where it `spreads`, no row takes more interest than its level: what is more
    is carried on, and bears none itself.
    """

    def __init__(self, terms: LoanTerms, start: date) -> None:
        self.terms, self.convention, self.start = terms, terms.convention, start
        self.is_fixed = terms.amortisation is Amortisation.FLAT or self.convention.recalculation is Recalculation.NONE
        self.balance = Balance(Fraction(terms.annual_rate), self.convention)
        self.calendar, self.rows = Calendar(start, self.convention), list[Row]()
        self.open = self.carried = self.left = self.each = 0
        self.spreads = False
        self._after_term: AfterTerm | None = None
        self._begin(terms.down_payment)

    def _begin(self, down: int) -> None:
        if down:
            self.rows.append(Row(1, self.start, self.start, level=down, due=no_amounts() | {PRINCIPAL: down}))
        self.lengthen(self.terms.instalments)

    def lengthen(self, instalments: int) -> None:
        """Plan so many rows more, after the last."""
        for _ in range(instalments):
            before = self.last.due_on if self.rows else self.start
            due_on = self.calendar.date(self.number(len(self.rows)))
            self.rows.append(Row(len(self.rows) + 1, before, due_on, legs=regular(before, due_on, self.convention)))
        self._follow()

    def _follow(self) -> None:
        """What comes after the last day."""
        if self.convention.after_term and not self.is_fixed:
            self._after_term = AfterTerm(self.calendar, self.number(len(self.rows) - 1), self.balance, self.last)

    def number(self, place: int) -> int:
        """The number by which the calendar knows the day of a row."""
        return place if self.terms.down_payment else place + 1

    @property
    def last(self) -> Row:
        return self.rows[-1]

    @property
    def open_rows(self) -> list[Row]:
        return self.rows[self.open :]

    @property
    def is_over(self) -> bool:
        """Whether all rows have fallen due."""
        return self.open == len(self.rows)

    @property
    def after_term(self) -> AfterTerm | None:
        """Where all rows have fallen due, and what is still owed bears interest."""
        return self._after_term if self.is_over else None

    @property
    def next_on(self) -> date | None:
        """When something falls due next; None where nothing will by itself."""
        if not self.is_over:
            return self.rows[self.open].due_on
        return self.after_term.ends_on if self.after_term else None

    def lend(self, amount: int, on: date) -> None:
        self.balance.change(on, amount)
        if self.is_over:
            self.last.due[PRINCIPAL] += amount
        else:
            self.left += amount

    def repay(self, amount: int, on: date) -> None:
        if not self.is_fixed:
            self.balance.change(on, -amount)

    def fall_due(self, on: date) -> Iterator[tuple[Row, date]]:
        """The rows whose interest falls due up to that day, each with its day."""
        while not self.is_over and self.rows[self.open].due_on <= on:
            row = self.rows[self.open]
            self._settle(row)
            self.open += 1
            yield row, row.due_on
        if self.after_term:
            yield from ((self.last, day) for day in self.after_term.fall_due(on))

    def _settle(self, row: Row) -> None:
        if self.is_fixed:
            self.balance.change(row.due_on, -row.due[PRINCIPAL])
        else:
            row.due[INTEREST], self.carried = self._interest(row, row.due_on, row.due_on, self.carried)
            row.due[PRINCIPAL] = self._principal(row, row.due[INTEREST], self.left)
        self.left -= row.due[PRINCIPAL]

    def _interest(self, row: Row, until: date, known: date, carried: int, later: int = 0) -> tuple[int, int]:
        """What a row bears until a day, and what is carried on to the next one."""
        own = carried + row.again
        if until > row.starts_on:
            own += self.rounded(self.balance.interest(row.legs, until, known, later))
        if row.early is not None:
            return row.early, own - row.early
        takes = min(own, self._most(row)) if self.spreads and row is not self.last else own
        return takes, own - takes

    def _most(self, row: Row) -> int:
        return max(row.level, row.paid[INTEREST])

    def _principal(self, row: Row, interest: int, left: int) -> int:
        """What a row takes of the principal that is left."""
        if row is self.last:
            return left
        if row.early is not None:
            return row.paid[PRINCIPAL]
        return min(left, max(self._share(row, interest), row.paid[PRINCIPAL]))

    def _share(self, row: Row, interest: int) -> int:
        return 0 if self.terms.amortisation is Amortisation.INTEREST_ONLY else row.level - interest

    def reopen(self, on: date) -> None:
        """Opens the rows that are still to come once more, after all was paid off: no interest is unpaid."""
        self.carried = 0
        for place, row in enumerate(self.open_rows):
            row.early, row.settled_on, row.again = None, None, 0
            borne, _ = self._interest(row, on, on, 0) if place == 0 else (0, 0)
            row.again = row.paid[INTEREST] - borne

    def amounts(self, on: date) -> list[Planned]:
        """The amount of each row; of the open ones as they will be if what is overdue is paid on that day, and the rest on its own."""
        fallen = self.rows if self.is_fixed else self.rows[: self.open]
        amounts = [(row.due[PRINCIPAL], row.due[INTEREST]) for row in fallen]
        if self.after_term:
            principal, interest = amounts[-1]
            amounts[-1] = principal, interest + self.after_term.interest(on)
        return amounts if self.is_fixed else [*amounts, *self.open_amounts(on)]

    def open_amounts(self, on: date) -> list[Planned]:
        return [amounts for amounts, _, _ in self.walk(on)]

    def walk(self, on: date) -> Iterator[tuple[Planned, int, int]]:
        """What each open row takes; and the principal that is out after it, and the interest that is carried on."""
        later, left, carried = self.debt(), self.left, self.carried
        for row in self.open_rows:
            interest, carried = self._interest(row, row.due_on, on, carried, later)
            principal = self._principal(row, interest, left)
            left -= principal
            later -= principal - (0 if self.is_fixed else row.paid[PRINCIPAL])
            yield (principal, interest), later, carried

    def debt(self) -> int:
        """The principal that will be out once all that has fallen due is paid."""
        if self.is_fixed:
            return self.balance.today
        return self.balance.today - sum(row.due[PRINCIPAL] - row.paid[PRINCIPAL] for row in self.rows[: self.open])

    def payable(self, on: date) -> list[Amounts]:
        """What settles each row on that day. Of a row whose day is still to come: the interest until now, and its principal."""
        free, carried = self.balance.today, self.carried
        payable = []
        for row, is_open in zip(self.rows, self._are_open(), strict=True):
            amounts = {part: row.due[part] - row.paid[part] for part in PARTS}
            if is_open:
                interest, carried = self._interest(row, on, on, carried)
                amounts[INTEREST] = interest - row.paid[INTEREST]
                amounts[PRINCIPAL] = self._ahead(row, interest, free)
            elif row is self.last and self.after_term:
                amounts[INTEREST] += self.after_term.interest(on)
            free -= amounts[PRINCIPAL]
            payable.append(amounts)
        return payable

    def _are_open(self) -> list[bool]:
        return [not self.is_fixed and number >= self.open for number in range(len(self.rows))]

    def _ahead(self, row: Row, interest: int, free: int) -> int:
        """What more of its principal a row may take before its day."""
        if row is self.last:
            return free
        return 0 if row.early is not None else min(free, max(0, self._share(row, interest) - row.paid[PRINCIPAL]))

    def part_of_year(self, row: Row) -> Fraction:
        return sum((leg.part(self.convention.day_count, leg.ends_on) for leg in row.legs), Fraction(0))

    def rounded(self, value: Fraction) -> int:
        return nearest(value, self.convention.rounding)
