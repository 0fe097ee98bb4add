"""Hardship: a person whose month is bad asks that nothing, or less, is due for a while; and what came of it."""

from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Index, Select, select, text
from sqlalchemy.orm import Mapped, mapped_column

from domain.actors import StaffActor
from domain.agreements import easing_words
from domain.agreements.agreements import Agreement
from domain.deadlines.deadlines import DeadlineKind, declare_kind
from domain.permissions import Permission
from infra.database import Db
from infra.entity import Entity, Id, OwnerId
from infra.events import declare
from infra.lifecycle import Lifecycle, Move
from infra.loaders import is_any_pair, loader
from infra.privacy import Erasure, Export, Privacy
from infra.questions import Question
from infra.records import Record
from infra.revisions import Raised, raises
from infra.words import N_

REASON, COMMENT = "hardships.reason", "hardships.comment"
REQUESTED, GRANTED = declare("hardship.requested"), declare("hardship.granted")
REFUSED, ENDED = declare("hardship.refused"), declare("hardship.ended")
END_DUE = declare("hardship.end_due")
ANSWER = declare_kind(DeadlineKind("hardship", N_("Answer to a hardship"), easing_words.HARDSHIP_DELAYED))
ANSWERED = N_("This request was answered already.")


class HardshipKind(StrEnum):
    PAUSE = "PAUSE"
    LOWER = "LOWER"


class HardshipStatus(StrEnum):
    REQUESTED = "REQUESTED"
    GRANTED = "GRANTED"
    REFUSED = "REFUSED"
    ENDED = "ENDED"


Status = HardshipStatus
OPEN = (Status.REQUESTED, Status.GRANTED)

LIFE = Lifecycle(
    "Hardship",
    Move([Status.REQUESTED], Status.GRANTED, GRANTED, refused=ANSWERED),
    Move([Status.REQUESTED], Status.REFUSED, REFUSED, refused=ANSWERED),
    Move([Status.GRANTED], Status.ENDED, ENDED, at="ends_on", due=END_DUE),
    Move([Status.REQUESTED], Status.ENDED, ENDED),
    begins=Status.REQUESTED,
    event=REQUESTED,
    ends=(Status.REFUSED, Status.ENDED),
    groups={"open": OPEN},
)


@raises(Raised.OWNERS)
class Hardship(Entity):
    """`from_on` is the day on which the bad time began, `ends_on` its last, once it is granted. What they said of why, and what
    they were answered, is sealed. `staff_id` is who answered; None where the house's limits did, or nobody has yet.
    """

    __tablename__ = "hardships"
    __privacy__ = Privacy(Export.GIVEN, Erasure.SHREDDED)
    __record__ = Record(later=("status", "ends_on", "answered_at", "staff_id", "comment_sealed"))

    user_id: Mapped[OwnerId]
    id: Mapped[Id] = mapped_column(init=False)
    agreement_id: Mapped[UUID]
    kind: Mapped[HardshipKind]
    months: Mapped[int]
    from_on: Mapped[date]
    reason_sealed: Mapped[bytes]
    asked_at: Mapped[datetime]
    promised_by: Mapped[datetime]
    status: Mapped[HardshipStatus] = mapped_column(default=HardshipStatus.REQUESTED)
    ends_on: Mapped[date | None] = mapped_column(default=None)
    answered_at: Mapped[datetime | None] = mapped_column(default=None)
    staff_id: Mapped[UUID | None] = mapped_column(default=None)
    comment_sealed: Mapped[bytes | None] = mapped_column(default=None)

    __table_args__ = (
        # Of one agreement, one is asked for or in force.
        Index(
            "uq_hardships_open",
            "user_id",
            "agreement_id",
            unique=True,
            postgresql_where=text("status IN ('REQUESTED', 'GRANTED')"),
        ),
        Index(None, "user_id", "agreement_id"),
        Index("ix_hardships_requested", "promised_by", "id", postgresql_where=text("status = 'REQUESTED'")),
        Index(None, "id"),
    )

    @property
    def answer_by(self) -> datetime | None:
        """The time by which it is answered; None once it is."""
        return self.promised_by if self.status is Status.REQUESTED else None


def waiting_for(actor: StaffActor) -> Select[Hardship]:
    """What waits for an answer, for whoever may give it; nothing for others."""
    waiting = select(Hardship).where(Hardship.status == Status.REQUESTED)
    return waiting if actor.may(Permission.ANSWER_HARDSHIPS) else waiting.where(text("false"))


async def of_agreement(db: Db, agreement: Agreement) -> Sequence[Hardship]:
    """All that were ever asked for, the oldest first; whoever asks holds the agreement's row."""
    its = select(Hardship).where(Hardship.user_id == agreement.user_id, Hardship.agreement_id == agreement.id)
    anew = its.order_by(Hardship.id).execution_options(populate_existing=True)
    return (await db.execute(anew)).scalars().all()


_IS_OPEN = text("hardships.status IN ('REQUESTED', 'GRANTED')")
_OPEN = Question(lambda: select(Hardship).where(is_any_pair(Hardship.user_id, Hardship.agreement_id), _IS_OPEN))


@loader(_OPEN)
async def open_of_agreements(
    db: Db | None, keys: set[tuple[UUID, UUID]], now: datetime, rows: list[tuple[Hardship]]
) -> dict[tuple[UUID, UUID], Hardship]:
    """What is asked for or in force, by (user, agreement)."""
    return {(each.user_id, each.agreement_id): each for (each,) in rows}
