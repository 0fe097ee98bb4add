"""A replay of what happened: the bookings that come of it, and the credit that they leave."""

from datetime import date

from domain.money.loans import NOTHING, Booking, BookingKind, Parts


class LifeReplay:
    """`bookings` stand in the order in which they were made; `credit` is what was paid and pays nothing yet."""

    def __init__(self) -> None:
        self.bookings: list[Booking] = []
        self.credit = 0

    def _book(
        self,
        kind: BookingKind,
        on: date,
        parts: Parts = NOTHING,
        *,
        credit: int = 0,
        number: int | None = None,
        ref: str = "",
    ) -> None:
        self.credit += credit
        self.bookings.append(Booking(kind, on, parts, credit, number, ref))
