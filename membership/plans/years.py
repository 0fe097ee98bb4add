"""Years of a plan: what was paid for each, what its benefits saved, and what of the difference went back."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
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
    """What a year of a plan came to: what was paid for it, what its benefits saved, what went back."""

    paid: Money
    saved: Money
    refunded: Money

    @property
    def shortfall(self) -> Money:
        return Money(max(self.paid.minor - self.saved.minor, 0), self.paid.currency)


@dataclass(frozen=True)
class PlanYear:
    """A year of a plan, or what was paid for of it."""

    begins_at: datetime
    ends_at: datetime
    came_to: PaidYear


Key = tuple[UUID, UUID]  # user, subscription


async def last_years_of(db: Db, keys: set[Key]) -> dict[Key, PaidYear]:
    """What the last year of each came to that something was paid for."""
    return {(each.user_id, each.id): await _last_year(db, each) for each in await _bought(db, keys)}


async def years_of(db: Db, keys: set[Key]) -> dict[Key, list[PlanYear]]:
    """All years of each that something was paid for, the first one first."""
    found = dict[Key, list[PlanYear]]()
    for bought in await _bought(db, keys):
        all_years = await _all_years(db, bought)
        found[bought.user_id, bought.id] = [
            PlanYear(year.begins, year.closes, await year.figures(db)) for year in all_years
        ]
    return found


async def _bought(db: Db, keys: set[Key]) -> Sequence[PlanSubscription]:
    mine = select(PlanSubscription).where(
        PlanSubscription.user_id.in_({user_id for user_id, _ in keys}),
        PlanSubscription.id.in_({id for _, id in keys}),
    )
    return (await db.execute(mine)).scalars().all()


async def _last_year(db: Db, bought: PlanSubscription) -> PaidYear:
    if every := await _all_years(db, bought):
        return await every[-1].figures(db)
    nothing = Money(0, (await db.get_one(MembershipPlan, bought.plan_id)).currency)
    return PaidYear(nothing, nothing, nothing)


async def _all_years(db: Db, bought: PlanSubscription) -> "list[YearOfPlan]":
    plan = await db.get_one(MembershipPlan, bought.plan_id)
    many = -(-bought.periods_paid // plan.periods_a_year)
    return [YearOfPlan(bought, plan, number) for number in range(many)]


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

    @property
    def closes(self) -> datetime:
        """When it ends, or what is paid for of it does."""
        return min(self.ends, self.bought.paid_until or self.ends)

    async def figures(self, db: Db) -> PaidYear:
        before = self.number * self.plan.periods_a_year
        periods = min(self.bought.periods_paid - before, self.plan.periods_a_year)
        minors = self.plan.price_minor * periods, await self._saved(db), await self._refunded(db)
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

    async def _refunded(self, db: Db) -> int:
        """Each year is settled once it is over, or cut short, and before the next one is."""
        settled = self.bought.years_settled
        if self.number >= settled:
            return 0
        total = select(func.coalesce(func.sum(Refund.amount), 0)).where(
            Refund.user_id == self.bought.user_id,
            Refund.cause == CAUSE,
            Refund.cause_id == self.bought.id,
            Refund.begun_at >= self.closes,
            Refund.status != PaymentStatus.FAILED,
        )
        later = replace(self, number=self.number + 1)
        its = total.where(Refund.begun_at < later.closes) if later.number < settled else total
        return int((await db.execute(its)).scalar_one())

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
