"""Handover: goods of an agreement on their way to the person: reported by the partner, and confirmed."""

from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import Index, select
from sqlalchemy.orm import Mapped, mapped_column

from domain.agreements.agreements import Agreement
from infra import clock
from infra.database import Db
from infra.entity import Entity, Id, OwnerId
from infra.loaders import is_any_pair, loader
from infra.privacy import Erasure, Export, Privacy
from infra.questions import Question
from infra.revisions import Raised, raises

SILENCE = timedelta(days=7)  # after which what the partner reported counts as confirmed
RETURNABLE = timedelta(days=7)


@raises(Raised.OWNERS)
class Handover(Entity):
    """`delivered_at` is when the goods came, as who spoke of it first says. Only what is confirmed is owed. `reference` is the
    partner's. Of an agreement there is one.
    """

    __tablename__ = "handovers"
    __privacy__ = Privacy(Export.GIVEN, Erasure.KEPT)

    user_id: Mapped[OwnerId]
    id: Mapped[Id] = mapped_column(init=False)
    agreement_id: Mapped[UUID]
    delivered_at: Mapped[datetime]
    reported_at: Mapped[datetime | None] = mapped_column(default=None)
    confirmed_at: Mapped[datetime | None] = mapped_column(default=None)
    reference: Mapped[str | None] = mapped_column(default=None)

    __table_args__ = (Index(None, "user_id", "agreement_id", unique=True),)

    @property
    def delivered_on(self) -> date:
        return clock.local_day(self.delivered_at)

    @property
    def returnable_until(self) -> datetime:
        """The end of the last day on which the goods can be returned."""
        return clock.begins(lapses_on(self.delivered_on))


def lapses_on(delivered_on: date) -> date:
    """The first day on which they cannot be returned any more."""
    return delivered_on + RETURNABLE + timedelta(days=1)


async def of_agreement(db: Db, agreement: Agreement) -> Handover | None:
    """Read anew: whoever holds the agreement's row knows that nobody changes it."""
    its = select(Handover).where(Handover.user_id == agreement.user_id, Handover.agreement_id == agreement.id)
    return (await db.execute(its.execution_options(populate_existing=True))).scalar_one_or_none()


_OF_AGREEMENTS = Question(lambda: select(Handover).where(is_any_pair(Handover.user_id, Handover.agreement_id)))


@loader(_OF_AGREEMENTS)
async def of_agreements(
    db: Db | None, keys: set[tuple[UUID, UUID]], now: datetime, rows: list[tuple[Handover]]
) -> dict[tuple[UUID, UUID], Handover]:
    """What was handed over, by (user, agreement)."""
    return {(handover.user_id, handover.agreement_id): handover for (handover,) in rows}
