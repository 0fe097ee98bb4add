"""Renewing: when a period is over it is paid again, or its benefits stay for some days and end; and a paid year is settled."""

from datetime import datetime, timedelta
from uuid import UUID

from domain.actors import UserActor
from domain.ledger import posting
from domain.ledger.kinds import AccountKind
from domain.ledger.transfers import Cause, CauseKind, transfer
from domain.payments import causes, payments, refunding
from domain.payments.causes import PaidFor
from domain.payments.payments import Payment
from domain.payments.refunds import Refund
from domain.privacy.owned import NO_SESSION
from infra import clock, outbox
from infra.database import Db
from infra.words import N_
from membership import grants, redeeming
from membership.plans import buying, subscriptions
from membership.plans.plans import MembershipPlan
from membership.plans.subscriptions import CAUSE, GRACE, LIFE, PlanStatus, PlanSubscription
from membership.plans.years import YearOfPlan

AGAIN = timedelta(days=1)  # until a payment that failed is tried anew


async def follow_up(db: Db, user_id: UUID, subscription_id: UUID) -> None:
    """Do what is due now, if something is: settle a year, ask for the next period, or let the benefits go."""
    bought = await subscriptions.lock(db, user_id, subscription_id)
    if bought is not None:
        await _follow_up(db, bought, is_leaving=False)


async def _follow_up(db: Db, bought: PlanSubscription, *, is_leaving: bool) -> None:
    now = await clock.now(db)
    plan = await db.get_one(MembershipPlan, bought.plan_id)
    await _settle_years(db, bought, plan, now, is_leaving=is_leaving)
    if bought.paid_until is None or bought.paid_until > now:
        return
    if bought.status is PlanStatus.CANCELLED:
        await _release_benefits(db, bought, plan, now)
    elif bought.status is PlanStatus.GRACE and bought.grace_until is not None and bought.grace_until <= now:
        await _lapse(db, bought, plan, now)
    elif bought.status in LIFE.groups["going"]:
        await _ask(db, bought, plan, now)


async def settle_early(db: Db, user_id: UUID) -> None:
    """Whoever leaves for good loses what is left of a plan that they had left already; what its year did not save goes back now,
    and so does what waited for vouchers, which go: they may stay after all, and would use them.
    """
    now = await clock.now(db)
    for each in await subscriptions.all_of(db, user_id):
        bought = await subscriptions.lock(db, user_id, each.id)
        if bought is None or bought.is_open:
            continue
        if bought.is_held_at(now):
            bought.paid_until = now
            await db.flush()
        await _follow_up(db, bought, is_leaving=True)


async def _ask(db: Db, bought: PlanSubscription, plan: MembershipPlan, now: datetime) -> None:
    asked = await payments.of_cause(db, bought.user_id, CAUSE, bought.id)
    if not any(payment.is_open for payment in asked):
        await buying.begin_payment(db, bought, plan)
    await _look_at(db, bought, min(now + AGAIN, bought.grace_until or now + AGAIN))


async def _lapse(db: Db, bought: PlanSubscription, plan: MembershipPlan, now: datetime) -> None:
    await LIFE.move(db, bought, PlanStatus.LAPSED)
    await _release_benefits(db, bought, plan, now)


async def _release_benefits(db: Db, bought: PlanSubscription, plan: MembershipPlan, now: datetime) -> None:
    """Unless they bought the same version twice, and the other still grants its benefits."""
    if not any(each.is_held_at(now) for each in await subscriptions.locked_of_plan(db, bought.user_id, plan.id)):
        await grants.release(db, [(bought.user_id, plan.source)])


async def _settle_years(
    db: Db, bought: PlanSubscription, plan: MembershipPlan, now: datetime, *, is_leaving: bool
) -> None:
    """Give back what was paid for each whole year that is over above what its benefits saved, once, without being asked. A year of
    which vouchers can still be used waits for them: else it could be had back, and used. Whoever leaves for good gives them back.
    """
    while bought.years_settled < bought.periods_paid // plan.periods_a_year:
        over = YearOfPlan(bought, plan, bought.years_settled)
        if is_leaving:
            await _cancel_vouchers(db, over, now)
        elif (waits_until := await over.open_until(db, now)) is not None:
            if over.ends <= now:
                await _look_at(db, bought, waits_until)
            return
        bought.years_settled += 1
        shortfall = (await over.figures(db)).shortfall
        if shortfall.minor and await refunding.begin(db, bought.user_id, PaidFor(CAUSE, bought.id), shortfall):
            await outbox.announce(db, subscriptions.REFUNDED, user_id=bought.user_id, subject_id=bought.id)


async def _cancel_vouchers(db: Db, year: YearOfPlan, now: datetime) -> None:
    their = UserActor(year.bought.user_id, NO_SESSION)
    for each in await year.open_vouchers(db, now):
        await redeeming.cancel(db, their, each.id)


async def _look_at(db: Db, bought: PlanSubscription, due_at: datetime) -> None:
    await outbox.announce(db, subscriptions.LOOK_DUE, user_id=bought.user_id, subject_id=bought.id, due_at=due_at)


class PlanCause:
    """What follows when money for a plan has come, or went back."""

    title = N_("Longan membership plan")

    async def lock(self, db: Db, user_id: UUID, id: UUID) -> None:
        await subscriptions.lock(db, user_id, id)

    async def settle(self, db: Db, payment: Payment) -> bool:
        """One more period. What comes for a plan that has ended, or for a period that is paid already, fits nothing."""
        bought = await db.get_one(PlanSubscription, (payment.user_id, payment.cause_id))
        plan = await db.get_one(MembershipPlan, bought.plan_id)
        if not bought.is_open or not bought.lacks(payment):
            return False
        assert payment.settled_at is not None, "it was settled just now"
        bought.paid_from = (
            bought.paid_from or bought.paid_until or await _begins_at(db, bought, plan, payment.settled_at)
        )
        bought.periods_paid += 1
        bought.paid_until, bought.grace_until = plan.ends(bought.paid_from, bought.periods_paid), None
        if bought.status is not PlanStatus.ACTIVE:
            await LIFE.move(db, bought, PlanStatus.ACTIVE)
        await grants.hold(db, [(bought.user_id, plan.source)])
        await _post(db, payment, Cause(CauseKind.PLAN, payment.id), AccountKind.COLLECTED, AccountKind.PLANS_SOLD)
        await subscriptions.plan_renewal(db, bought)
        return True

    async def is_wanted(self, db: Db, payment: Payment) -> bool:
        """No mandate is for this."""
        return False

    async def fail(self, db: Db, payment: Payment) -> None:
        bought = await db.get_one(PlanSubscription, (payment.user_id, payment.cause_id))
        if bought.status is PlanStatus.NEEDS_PAYMENT:
            await LIFE.move(db, bought, PlanStatus.LAPSED)
        elif bought.status in (PlanStatus.TRIAL, PlanStatus.ACTIVE) and bought.lacks(payment):
            # From now on, not from when it was due: we may have asked late.
            bought.grace_until = await clock.now(db) + GRACE
            await LIFE.move(db, bought, PlanStatus.GRACE)

    async def settle_refund(self, db: Db, refund: Refund) -> None:
        await _post(db, refund, Cause(CauseKind.PLAN_REFUND, refund.id), AccountKind.PLANS_SOLD, AccountKind.COLLECTED)

    async def is_owed_back(self, db: Db, refund: Refund) -> bool:
        """What a year did not save is theirs, whatever comes."""
        return True

    async def fail_refund(self, db: Db, refund: Refund) -> None:
        """Nothing was booked for it. They are told, and the staff sees it with all that the cashier did not give back."""


async def _begins_at(db: Db, bought: PlanSubscription, plan: MembershipPlan, settled_at: datetime) -> datetime:
    """When it was paid; or when what they left of the same plan is over, so that no day is paid twice."""
    left_until = await subscriptions.left_until(db, bought.user_id, plan.code)
    return max(settled_at, left_until or settled_at)


async def _post(db: Db, money: Payment | Refund, cause: Cause, debit: AccountKind, credit: AccountKind) -> None:
    assert money.settled_at is not None, "it was settled just now"
    booked = transfer(
        cause,
        debit,
        credit,
        money.amount,
        currency=money.currency,
        user_id=money.user_id,
        subject_id=money.cause_id,
        partner_id=None,
        value_on=clock.local_day(money.settled_at),
    )
    await posting.post(db, [booked])


causes.register(CAUSE, PlanCause())
