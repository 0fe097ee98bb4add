"""Years of a plan: what was paid for each, what its benefits saved, and what of the difference went back."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, func, select

from domain.payments.cashiers import PaymentStatus
from domain.payments.refunds import Refund
from infra.database import Db
from infra.money import Money
from membership.benefits import BenefitSource
from membership.plans.plans import MembershipPlan
from membership.plans.subscriptions import CAUSE, PlanSubscription
from membership.redemptions import Redemption, RedemptionStatus


@dataclass(frozen=True)
class PaidYear:
    """A year of a plan, the last that anything was paid for: what was paid, what its benefits saved, what went back."""

    paid: Money
    saved: Money
    refunded: Money

    @property
    def shortfall(self) -> Money:
        return Money(max(self.paid.minor - self.saved.minor, 0), self.paid.currency)


async def years_of(db: Db, keys: set[tuple[UUID, UUID]]) -> dict[tuple[UUID, UUID], PaidYear]:
    """The last paid year of each, by (user, subscription)."""
    mine = select(PlanSubscription).where(
        PlanSubscription.user_id.in_({user_id for user_id, _ in keys}),
        PlanSubscription.id.in_({id for _, id in keys}),
    )
    found = (await db.execute(mine)).scalars().all()
    return {(each.user_id, each.id): await last_year(db, each) for each in found}


async def last_year(db: Db, bought: PlanSubscription) -> PaidYear:
    plan = await db.get_one(MembershipPlan, bought.plan_id)
    if bought.paid_from is None or not bought.periods_paid:
        nothing = Money(0, plan.currency)
        return PaidYear(nothing, nothing, nothing)
    return await YearOfPlan(bought, plan, (bought.periods_paid - 1) // plan.periods_a_year).figures(db)


@dataclass(frozen=True)
class YearOfPlan:
    """A year of a plan that something was paid for; `number` 0 is the first."""

    bought: PlanSubscription
    plan: MembershipPlan
    number: int

    @property
    def begins(self) -> datetime:
        return self._after(self.number)

    @property
    def ends(self) -> datetime:
        return self._after(self.number + 1)

    async def figures(self, db: Db) -> PaidYear:
        before = self.number * self.plan.periods_a_year
        periods = min(self.bought.periods_paid - before, self.plan.periods_a_year)
        refunded = await _refunded(db, self.bought, min(self.ends, self.bought.paid_until or self.ends))
        minors = self.plan.price_minor * periods, await self._saved(db), refunded
        return PaidYear(*(Money(minor, self.plan.currency) for minor in minors))

    async def open_until(self, db: Db, now: datetime) -> datetime | None:
        """The end of the year, or of the last of its vouchers that can be used; None where both are over."""
        if self.ends > now:
            return self.ends
        return max((each.expires_at for each in await self.open_vouchers(db, now)), default=None)

    async def open_vouchers(self, db: Db, now: datetime) -> list[Redemption]:
        is_open = Redemption.status == RedemptionStatus.ISSUED, Redemption.expires_at > now
        return list((await db.execute(select(Redemption).where(*self._issued(), *is_open))).scalars())

    async def _saved(self, db: Db) -> int:
        """What its benefits were worth to the person: of each voucher that was issued in it and used, be it later."""
        worth = select(func.coalesce(func.sum(Redemption.member_value_minor), 0)).where(
            *self._issued(), Redemption.status == RedemptionStatus.USED, Redemption.currency == self.plan.currency
        )
        return int((await db.execute(worth)).scalar_one())

    def _issued(self) -> tuple[ColumnElement[bool], ...]:
        granted = select(BenefitSource.benefit_id).where(BenefitSource.source == self.plan.source)
        return (
            Redemption.user_id == self.bought.user_id,
            Redemption.benefit_id.in_(granted),
            Redemption.issued_at >= self.begins,
            Redemption.issued_at < self.ends,
        )

    def _after(self, years: int) -> datetime:
        assert self.bought.paid_from is not None, "something was paid for"
        return self.plan.ends(self.bought.paid_from, years * self.plan.periods_a_year)


async def _refunded(db: Db, bought: PlanSubscription, ends: datetime) -> int:
    """A year is settled when it is over, or cut short, and before the next one is."""
    total = select(func.coalesce(func.sum(Refund.amount), 0)).where(
        Refund.user_id == bought.user_id,
        Refund.cause == CAUSE,
        Refund.cause_id == bought.id,
        Refund.begun_at >= ends,
        Refund.status != PaymentStatus.FAILED,
    )
    return int((await db.execute(total)).scalar_one())
