"""Buying a plan, and leaving it: what was paid for stays until its time is over."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import select

from domain.actors import UserActor
from domain.payments import paying
from domain.payments.causes import PaidFor
from domain.people import gates, recoveries
from infra import clock, outbox, receipts
from infra.database import Db, reading, transact
from infra.errors import Refusal, RefusalCode, not_found
from infra.money import Money
from infra.words import N_
from membership import coming_back, grants
from membership.members import Member
from membership.plans import plans, subscriptions
from membership.plans.plans import MembershipPlan
from membership.plans.subscriptions import CAUSE, LIFE, PlanStatus, PlanSubscription

PLAN, PRICE, SUBSCRIPTION = (("input", name) for name in ("planCode", "price", "planSubscriptionId"))


async def join(actor: UserActor, *, code: str, price: Money, address: str, key: str) -> PlanSubscription:
    """Begin in a transaction, ask the cashier outside of any. The first time a plan with a trial costs nothing yet.

    Refuses NOT_FOUND, NOT_ALLOWED whoever is leaving, STALE another price than the one that is asked now, and NOT_OPEN where a
    plan is bought already.
    """
    bought, payment_id = await transact(lambda db: _begin(db, actor, code, price, address, key))
    if payment_id is not None:
        await paying.ask(actor.user_id, payment_id)
    async with reading() as db:
        return await db.get_one(PlanSubscription, (actor.user_id, bought.id))


async def leave(db: Db, actor: UserActor, subscription_id: UUID) -> PlanSubscription:
    """Let a plan end with what is paid: it is not renewed any more. Refuses NOT_FOUND, and NOT_OPEN what has lapsed."""
    bought = await subscriptions.lock(db, actor.user_id, subscription_id)
    if bought is None:
        raise not_found(N_("We could not find this plan."), SUBSCRIPTION)
    if bought.status is not PlanStatus.CANCELLED:
        LIFE.require(bought.status, PlanStatus.CANCELLED, *SUBSCRIPTION)
        # Who leaves in grace has paid for nothing of it.
        bought.grace_until = None
        await LIFE.move(db, bought, PlanStatus.CANCELLED, *SUBSCRIPTION)
        await _plan_look(db, bought)
    return bought


async def begin_payment(db: Db, bought: PlanSubscription, plan: MembershipPlan, address: str = "") -> UUID:
    """Ask for one more period, at the price at which it was bought."""
    payment = await paying.begin(db, bought.user_id, PaidFor(CAUSE, bought.id), plan.price, address=address)
    return payment.id


async def _begin(
    db: Db, actor: UserActor, code: str, price: Money, address: str, key: str
) -> tuple[PlanSubscription, UUID | None]:
    said = {"plan": code, "price": [price.minor, price.currency]}
    receipt = await receipts.claim(db, actor=actor.name, operation="join_plan", key=key, input=said)
    if receipt.result_id is not None:
        return await db.get_one(PlanSubscription, (actor.user_id, receipt.result_id)), None
    await gates.refuse_closing(db, actor)
    await recoveries.refuse(db, actor)
    # Two wishes at once wait for each other here.
    await db.execute(select(Member.user_id).where(Member.user_id == actor.user_id).with_for_update())
    plan = await plans.find(db, code)
    if plan is None:
        raise not_found(N_("This plan is not sold."), PLAN)
    if plan.price != price:
        raise Refusal(RefusalCode.STALE, N_("The price has changed. Please look at it again."), field=PRICE)
    before = await subscriptions.all_of(db, actor.user_id)
    if any(each.is_open for each in before):
        raise Refusal(RefusalCode.NOT_OPEN, N_("You have a plan already. Leave it first."), field=PLAN)
    bought = PlanSubscription(user_id=actor.user_id, plan_id=plan.id, begun_at=await clock.now(db))
    db.add(bought)
    await db.flush()
    receipt.result_id = bought.id
    is_known = await _knows(db, actor.user_id, before, plan)
    await coming_back.note_bought(db, actor.user_id, plan.code)
    if plan.trial_days and not is_known:
        await _try(db, bought, plan)
        return bought, None
    return bought, await begin_payment(db, bought, plan, address)


async def _knows(db: Db, user_id: UUID, before: list[PlanSubscription], plan: MembershipPlan) -> bool:
    """Whether the person had this plan once, whatever its price was, or somebody with their number had: a trial is for who does
    not know it.
    """
    codes = select(MembershipPlan.code).where(MembershipPlan.id.in_({each.plan_id for each in before}))
    is_theirs = plan.code in set((await db.execute(codes)).scalars())
    return is_theirs or await coming_back.was_bought(db, user_id, plan.code)


async def _try(db: Db, bought: PlanSubscription, plan: MembershipPlan) -> None:
    bought.paid_until = bought.begun_at + timedelta(days=plan.trial_days)
    await LIFE.move(db, bought, PlanStatus.TRIAL)
    await grants.hold(db, [(bought.user_id, plan.source)])
    await subscriptions.plan_renewal(db, bought)


async def _plan_look(db: Db, bought: PlanSubscription) -> None:
    if bought.valid_until is not None:
        await outbox.announce(
            db, subscriptions.LOOK_DUE, user_id=bought.user_id, subject_id=bought.id, due_at=bought.valid_until
        )
