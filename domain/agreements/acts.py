"""Act: one thing that happened to an agreement's money, on its value date. What is owed, when, is worked out of all of them."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from infra.entity import Entity, Id, Minor, OwnerId
from infra.privacy import Erasure, Export, Privacy
from infra.records import Record
from infra.revisions import Raised, raises


class ActKind(StrEnum):
    ADVANCE = "ADVANCE"
    PAYMENT = "PAYMENT"
    FEE = "FEE"
    PENALTY = "PENALTY"
    PAUSE = "PAUSE"
    PAUSE_ENDED = "PAUSE_ENDED"
    DEFERRAL = "DEFERRAL"
    LOWERING = "LOWERING"
    DUE_DAY = "DUE_DAY"
    WAIVER = "WAIVER"
    LATE_FEE_WAIVED = "LATE_FEE_WAIVED"
    DRAW_WAITED = "DRAW_WAITED"
    REFUND = "REFUND"
    MOVE_IN = "MOVE_IN"
    NOTICE = "NOTICE"
    DEPOSIT_SETTLED = "DEPOSIT_SETTLED"
    RETURN = "RETURN"


@raises(Raised.OWNERS)
class AgreementAct(Entity):
    """`cause_id` is the draw-down, handover, treatment, payment, refund or return that it came of, the late fee that it waives, or the
    agreement itself; of each there is one act of a kind.

    `on` is the value date, `until` the last day of a pause (also of one that ends early), a hardship, a lease or a wait, `withheld` what of
    an advance was kept as the fee, or what of the fee a return gives up, `number` how many months are put off, how many instalments
    lowered, the day of the month, or the instalment whose late fee is waived.
    """

    __tablename__ = "agreement_acts"
    __privacy__ = Privacy(Export.INSIDE, Erasure.KEPT)
    __record__ = Record()

    user_id: Mapped[OwnerId]
    id: Mapped[Id] = mapped_column(init=False)
    agreement_id: Mapped[UUID]
    kind: Mapped[ActKind]
    on: Mapped[date]
    amount: Mapped[Minor]
    cause_id: Mapped[UUID]
    at: Mapped[datetime]
    place: Mapped[int]  # in the order in which they were written, from 0
    withheld: Mapped[Minor] = mapped_column(default=0)
    until: Mapped[date | None] = mapped_column(default=None)
    number: Mapped[int | None] = mapped_column(default=None)

    __table_args__ = (
        Index(None, "user_id", "agreement_id", "kind", "cause_id", unique=True),
        Index(None, "user_id", "agreement_id", "place", unique=True),
    )
