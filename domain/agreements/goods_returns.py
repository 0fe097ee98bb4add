"""GoodsReturn: goods on their way back, until the partner has them or says why it does not take them."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Index, select, tuple_
from sqlalchemy.orm import Mapped, mapped_column

from domain.agreements.agreements import Agreement
from domain.agreements.words import RETURN_DELAYED
from domain.deadlines.deadlines import DeadlineKind, declare_kind
from infra import vault
from infra.database import Db
from infra.entity import Entity, Id, Minor, OwnerId
from infra.lifecycle import Lifecycle, Move
from infra.loaders import is_any_pair, loader
from infra.privacy import Erasure, Export, Privacy
from infra.questions import Question
from infra.revisions import Raised, raises
from infra.vault import Seal
from infra.words import N_

REASON, ANSWER = "goods_returns.reason", "goods_returns.answer"
ANSWERED = declare_kind(DeadlineKind("goods_return", N_("A partner's answer to a return"), RETURN_DELAYED))


class ReturnStatus(StrEnum):
    ASKED = "ASKED"
    TAKEN_BACK = "TAKEN_BACK"
    REFUSED = "REFUSED"


# What happens to it happens to its agreement, which announces it.
LIFE = Lifecycle(
    "GoodsReturn",
    Move([ReturnStatus.ASKED], ReturnStatus.TAKEN_BACK),
    Move([ReturnStatus.ASKED], ReturnStatus.REFUSED),
    begins=ReturnStatus.ASKED,
    ends=(ReturnStatus.TAKEN_BACK, ReturnStatus.REFUSED),
)


@raises(Raised.OWNERS)
class GoodsReturn(Entity):
    """`amount` is what of the price the partner takes back, `fee` what of the fee goes with it. Reason and answer are the
    person's and the partner's own words. `promised_by` is when the partner is to have answered; None of those of before it had to.
    """

    __tablename__ = "goods_returns"
    __privacy__ = Privacy(Export.GIVEN, Erasure.SHREDDED)

    user_id: Mapped[OwnerId]
    id: Mapped[Id] = mapped_column(init=False)
    agreement_id: Mapped[UUID]
    reason_sealed: Mapped[bytes]
    asked_at: Mapped[datetime]
    promised_by: Mapped[datetime | None]
    status: Mapped[ReturnStatus] = mapped_column(default=ReturnStatus.ASKED)
    ended_at: Mapped[datetime | None] = mapped_column(default=None)
    amount: Mapped[Minor] = mapped_column(default=0)
    fee: Mapped[Minor] = mapped_column(default=0)
    answer_sealed: Mapped[bytes | None] = mapped_column(default=None)

    __table_args__ = (Index(None, "user_id", "agreement_id"),)

    @property
    def answer_by(self) -> datetime | None:
        """The time by which the partner is to answer; None once it has."""
        return self.promised_by if self.status is ReturnStatus.ASKED else None


async def newest_of(db: Db, agreement: Agreement) -> GoodsReturn:
    """The one that is asked for, or else the last: there is one, since the agreement is or was RETURNING."""
    its = select(GoodsReturn).where(GoodsReturn.user_id == agreement.user_id, GoodsReturn.agreement_id == agreement.id)
    newest = its.order_by(GoodsReturn.id.desc()).limit(1).execution_options(populate_existing=True)
    return (await db.execute(newest)).scalar_one()


_NEWEST = Question(
    lambda: (
        select(GoodsReturn).where(is_any_pair(GoodsReturn.user_id, GoodsReturn.agreement_id)).order_by(GoodsReturn.id)
    )
)


@loader(_NEWEST)
async def newest_of_agreements(
    db: Db | None, keys: set[tuple[UUID, UUID]], now: datetime, rows: list[tuple[GoodsReturn]]
) -> dict[tuple[UUID, UUID], GoodsReturn]:
    """The newest return of each agreement, by (user, agreement)."""
    return {(each.user_id, each.agreement_id): each for (each,) in rows}


@dataclass(frozen=True)
class ReturnWords:
    """Why the person returns it, and why the partner does not take it back; each for the two to read."""

    reason: str = field(repr=False)
    answer: str | None = field(repr=False)


async def words_of(db: Db, keys: set[tuple[UUID, UUID]]) -> dict[tuple[UUID, UUID], ReturnWords]:
    """What was said of each return, by (user, return); who was erased is missing."""
    rows = await db.execute(select(GoodsReturn).where(tuple_(GoodsReturn.user_id, GoodsReturn.id).in_(keys)))
    seals = await vault.seals_of(db, {user_id for user_id, _ in keys})
    return {
        (each.user_id, each.id): _opened(each, seal) for each in rows.scalars() if (seal := seals.get(each.user_id))
    }


def _opened(each: GoodsReturn, seal: Seal) -> ReturnWords:
    answer = seal.open(each.answer_sealed, ANSWER) if each.answer_sealed else None
    return ReturnWords(seal.open(each.reason_sealed, REASON), answer)
