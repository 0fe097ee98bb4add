"""Movement: what one booking added to each part of what is owed, posted to the ledger with it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID, uuid5

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from domain.money.lives import Correction
from domain.money.loans import Booking, BookingKind, Parts
from infra import clock
from infra.entity import Entity, Minor, OwnerId
from infra.privacy import Erasure, Export, Privacy
from infra.records import Record
from infra.revisions import Raised, raises


class MovementKind(StrEnum):
    PRINCIPAL = "PRINCIPAL"
    INTEREST = "INTEREST"
    FEE = "FEE"
    RENT = "RENT"
    REPAYMENT = "REPAYMENT"
    REVERSAL = "REVERSAL"
    WAIVER = "WAIVER"
    REFUND = "REFUND"
    PAYOUT_RETURNED = "PAYOUT_RETURNED"


KINDS = {
    BookingKind.INTEREST: MovementKind.INTEREST,
    BookingKind.FEE: MovementKind.FEE,
    BookingKind.PENALTY: MovementKind.FEE,
    BookingKind.REPAYMENT: MovementKind.REPAYMENT,
    BookingKind.WAIVER: MovementKind.WAIVER,
    BookingKind.REFUND: MovementKind.REFUND,
    BookingKind.RETURN: MovementKind.PAYOUT_RETURNED,
}


@raises(Raised.OWNERS)
class Movement(Entity):
    """`booked` is the booking's kind, `number` its instalment, `ref` the act that it came of, `at` when it counts from.

    Below zero a part takes from what is owed. They are in order by `place`.
    """

    __tablename__ = "movements"
    __privacy__ = Privacy(Export.INSIDE, Erasure.KEPT)
    __record__ = Record()

    user_id: Mapped[OwnerId]
    id: Mapped[UUID] = mapped_column(primary_key=True)
    agreement_id: Mapped[UUID]
    kind: Mapped[MovementKind]
    booked: Mapped[str]
    on: Mapped[date]
    at: Mapped[datetime]
    posted_at: Mapped[datetime]
    place: Mapped[int]
    principal: Mapped[Minor]
    interest: Mapped[Minor]
    fees: Mapped[Minor]
    penalties: Mapped[Minor]
    credit: Mapped[Minor]
    number: Mapped[int | None]
    ref: Mapped[str]

    __table_args__ = (Index(None, "user_id", "agreement_id", "place", unique=True),)

    @property
    def parts(self) -> Parts:
        return Parts(self.principal, self.interest, self.fees, self.penalties)

    @property
    def booking(self) -> Booking:
        return Booking(BookingKind(self.booked), self.on, self.parts, self.credit, self.number, self.ref)

    @property
    def booking_taken_back(self) -> Booking:
        """The booking that stands no more, of a reversal."""
        return replace(self.booking, parts=-self.parts, credit=-self.credit)

    @property
    def words(self) -> str:
        """What tells it from others, but for its copies."""
        return f"{self.kind}:{self.booked}:{self.on}:{self.number}:{self.ref}:{[*self.parts]}:{self.credit}"

    @property
    def is_reversal(self) -> bool:
        return self.kind is MovementKind.REVERSAL

    @property
    def is_late_fee(self) -> bool:
        """Whether time has charged it, and nobody by hand."""
        return self.booked == BookingKind.PENALTY and not self.is_reversal and not self.ref

    @property
    def amount(self) -> int:
        """What it adds to what is owed, less credit."""
        return self.parts.total - self.credit


class Owned(Protocol):
    """Whose agreement it is, and which."""

    @property
    def user_id(self) -> UUID: ...
    @property
    def id(self) -> UUID: ...


class Written(Protocol):
    """When an act was written."""

    @property
    def at(self) -> datetime: ...


def of_corrections(
    changes: Sequence[Correction],
    before: Sequence[Movement],
    acts: Mapping[str, Written],
    agreement: Owned,
    now: datetime,
    given: MovementKind = MovementKind.PRINCIPAL,
) -> list[Movement]:
    """What is to be posted after those of `before`. Each has the same id, whether it is posted or only worked out.

    `given` is how the statement calls a line of what the person got.
    """
    made: list[Movement] = []
    copies = Counter(movement.words for movement in before)
    for place, change in enumerate(changes, len(before)):
        movement = _of_correction(change, acts, agreement, now, place, given)
        movement.id = uuid5(agreement.id, f"{movement.words}:{copies[movement.words]}")
        copies[movement.words] += 1
        made.append(movement)
    return made


def _of_correction(
    change: Correction, acts: Mapping[str, Written], agreement: Owned, now: datetime, place: int, given: MovementKind
) -> Movement:
    booking = change.booking
    parts, credit = (-booking.parts, -booking.credit) if change.reverses else (booking.parts, booking.credit)
    act = acts.get(booking.ref)
    at = now if change.reverses else act.at if act else clock.begins(booking.on)
    return Movement(
        user_id=agreement.user_id,
        id=agreement.id,
        agreement_id=agreement.id,
        kind=MovementKind.REVERSAL if change.reverses else (KINDS | {BookingKind.ADVANCE: given})[booking.kind],
        booked=booking.kind.value,
        on=booking.on,
        at=at,
        posted_at=now,
        place=place,
        principal=parts.principal,
        interest=parts.interest,
        fees=parts.fees,
        penalties=parts.penalties,
        credit=credit,
        number=booking.number,
        ref=booking.ref,
    )
