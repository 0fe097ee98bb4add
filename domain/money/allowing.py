"""Allowing: how much more the cap lets a person pay, after all that they got and paid so far."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from domain.money.cap import Flow, flow, room, room_roughly
from domain.money.loans import PlannedRow


class Allowance:
    """All that was got and paid since `start`, held against `cap`."""

    def __init__(self, cap: Decimal, start: date) -> None:
        self._cap, self._start = cap, start
        self._flows: list[Flow] = []

    def flow(self, minor: int, on: date) -> None:
        """The person paid so much, or got it where it is below nothing."""
        self._flows.append(flow(minor, self._start, on))

    def left(self, on: date, planned: Iterable[PlannedRow] = ()) -> int:
        """How much more may be paid on that day, if what is planned is paid too; below nothing where that is too much."""
        return room(self._flows_with(planned, on), self._cap, self._start, on)

    def is_near(self, on: date, amount: int) -> bool:
        """Whether so much on that day may come near the cap; of most floats are sure that it does not."""
        allowed, off = room_roughly(self._flows, self._cap, self._start, on)
        return allowed - off <= amount

    def within(self, planned: list[PlannedRow], on: date) -> list[PlannedRow]:
        """What is planned, less what is not allowed: a change makes it longer or dearer. The last are cut first, as the payment
        is that settles.
        """
        rows = list(planned)
        for place, row in reversed([*enumerate(rows)]):
            flows, day = self._flows_with(rows, on), max(on, row.due_on)
            allowed, off = room_roughly(flows, self._cap, self._start, day)
            if allowed > off or (exactly := room(flows, self._cap, self._start, day)) >= 0:
                break
            rows[place] = row.less(-exactly)
        return rows

    def _flows_with(self, planned: Iterable[PlannedRow], on: date) -> list[Flow]:
        return [*self._flows, *(flow(row.outstanding, self._start, max(on, row.due_on)) for row in planned)]
