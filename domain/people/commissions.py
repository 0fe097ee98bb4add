"""Commission: what share of the money that Longan collects for a partner the partner owes it; two of the staff agree on it."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric, select
from sqlalchemy.orm import Mapped, mapped_column

from domain import approvals, changes
from domain.actors import StaffActor
from domain.people.partners import Partner
from domain.permissions import Permission
from infra import clock
from infra.database import Db
from infra.entity import Entity, Id
from infra.errors import Refusal, RefusalCode, invalid, not_found
from infra.records import Record
from infra.words import N_

MOST = Decimal("0.2")
DIGITS = Decimal("0.00001")
KIND = approvals.declare("commission", proposes=Permission.MOVE_MONEY, approves=Permission.MOVE_MONEY)
GONE = N_("This was not proposed, or has already been decided.")


class CommissionRate(Entity):
    """A share of what is collected. It counts from `agreed_at`, when a second person said yes, until the next one does."""

    __tablename__ = "commission_rates"
    __record__ = Record(later=("agreed_at",), closed_by="agreed_at")

    id: Mapped[Id] = mapped_column(init=False)
    partner_id: Mapped[UUID] = mapped_column(ForeignKey("partners.id"))
    rate: Mapped[Decimal] = mapped_column(Numeric(7, 5))
    proposed_at: Mapped[datetime]
    agreed_at: Mapped[datetime | None] = mapped_column(default=None)

    __table_args__ = (
        CheckConstraint(f"rate BETWEEN 0 AND {MOST}", name="rate"),
        Index(None, "partner_id", "agreed_at"),
    )

    @property
    def hash(self) -> str:
        """A hash of all that a second person says yes to."""
        return approvals.hash_of([str(self.id), str(self.partner_id), str(self.rate.quantize(DIGITS))])


async def rate_of(db: Db, partner_id: UUID) -> Decimal:
    """What a partner owes of each amount now; 0 where nothing was agreed."""
    agreed = select(CommissionRate.rate).where(CommissionRate.partner_id == partner_id)
    newest = agreed.where(CommissionRate.agreed_at.is_not(None)).order_by(CommissionRate.agreed_at.desc()).limit(1)
    return (await db.execute(newest)).scalar_one_or_none() or Decimal(0)


async def propose(db: Db, actor: StaffActor, partner_id: UUID, rate: Decimal) -> CommissionRate:
    """Refuses NOT_ALLOWED, NOT_FOUND, INVALID a rate out of bounds, and NOT_OPEN while another one waits."""
    if rate.is_nan() or not 0 <= rate <= MOST or rate != rate.quantize(DIGITS):
        raise invalid(N_("A commission is a share from 0 to {most}, with up to 5 decimals."), "rate", most=str(MOST))
    partner = await db.get(Partner, partner_id)
    if partner is None:
        raise not_found(N_("We could not find this partner."), "partnerId")
    proposed = CommissionRate(partner_id=partner_id, rate=rate, proposed_at=await clock.now(db))
    db.add(proposed)
    await approvals.propose(
        db, actor, KIND, subject=str(partner_id), hash=proposed.hash, title=f"{partner.name}: {rate}"
    )
    return proposed


async def agree(db: Db, actor: StaffActor, rate_id: UUID, seen: str) -> CommissionRate:
    """Let it count from now on. Refuses what `approvals.approve` does."""
    proposed = await _proposed(db, rate_id)
    await approvals.approve(db, actor, KIND, subject=str(proposed.partner_id), seen=seen, now=proposed.hash)
    before = {"rate": str(await rate_of(db, proposed.partner_id))}
    proposed.agreed_at = await clock.now(db)
    after = {"rate": str(proposed.rate)}
    await changes.record(db, actor, KIND.name, str(proposed.partner_id), before=before, after=after)
    return proposed


async def reject(db: Db, actor: StaffActor, rate_id: UUID) -> None:
    """Say no; then another one may be proposed. Refuses what `approvals.reject` does."""
    proposed = await _proposed(db, rate_id)
    await approvals.reject(db, actor, KIND, subject=str(proposed.partner_id))


async def _proposed(db: Db, rate_id: UUID) -> CommissionRate:
    proposed = await db.get(CommissionRate, rate_id)
    if proposed is None or proposed.agreed_at is not None:
        raise Refusal(RefusalCode.NOT_OPEN, GONE)
    return proposed


async def history(db: Db) -> Sequence[CommissionRate]:
    """All that was ever proposed, the newest first."""
    every = select(CommissionRate).order_by(CommissionRate.proposed_at.desc(), CommissionRate.id)
    return (await db.execute(every)).scalars().all()
