"""When membership reacts: to a registration, a new score, an activity, and the end of a grace; and what it tells of it."""

from uuid import UUID

from sqlalchemy import select

from domain.agreements import agreements
from domain.credit import scores
from domain.notices.telling import notify
from domain.payments import refunds
from domain.payments.cashiers import PaymentStatus
from domain.payments.refunds import Refund
from domain.people import users
from domain.privacy import deletions, leaving
from domain.redeemed import REDEEMED
from infra import clock
from infra.database import Db
from infra.outbox import Event
from infra.reactions import reaction
from membership import (
    activity,
    benefits,
    evaluating,
    granting,
    joining,
    kept_counts,
    members,
    redeeming,
    redemptions,
    rules,
    saving,
    tallying,
    tiers,
    using,
    words,
)
from membership.campaigns import census
from membership.changing import publishing, reevaluations, simulating, simulations
from membership.members import Member
from membership.plans import renewing, subscriptions
from membership.plans.plans import MembershipPlan
from membership.plans.subscriptions import PlanSubscription


@reaction(users.REGISTERED, stored_as="join_at_registration")
async def join_at_registration(db: Db, event: Event) -> None:
    await joining.join(db, _member(event))


@reaction(scores.CHANGED, stored_as="evaluate_after_score")
async def evaluate_after_score(db: Db, event: Event) -> None:
    await evaluating.evaluate(db, _member(event))


@reaction(*activity.COUNTED, stored_as="evaluate_after_activity")
async def evaluate_after_activity(db: Db, event: Event) -> None:
    await activity.count(db, event)
    await evaluating.evaluate(db, _member(event))


@reaction(agreements.UNWOUND, stored_as="evaluate_after_taking_back")
async def evaluate_after_taking_back(db: Db, event: Event) -> None:
    await activity.take_back(db, event)
    await evaluating.evaluate(db, _member(event))


@reaction(simulations.BEGUN, stored_as="simulate_tier_rules", calls_out=True)
async def simulate_tier_rules(event: Event) -> None:
    """Simulate what was asked for. It calls nobody; but its snapshot stays open beside the transactions that tell how far it is."""
    assert event.subject_id is not None
    await simulating.run(event.subject_id)


@reaction(rules.PUBLICATION_DUE, stored_as="publish_tier_rules")
async def publish_tier_rules(db: Db, event: Event) -> None:
    assert event.subject_id is not None
    await publishing.go_live(db, event.subject_id)


@reaction(reevaluations.BATCH_DUE, stored_as="reevaluate_batch")
async def reevaluate_batch(db: Db, event: Event) -> None:
    assert event.subject_id is not None
    await reevaluations.do_next_batch(db, event.subject_id, int(event.data["range"]))


@reaction(granting.BATCH_DUE, stored_as="grant_batch")
async def grant_batch(db: Db, event: Event) -> None:
    assert event.subject_id is not None
    await granting.do_next_batch(db, event.subject_id, int(event.data["range"]))


@reaction(benefits.RETIREMENT_DUE, stored_as="finish_retiring")
async def finish_retiring(db: Db, event: Event) -> None:
    assert event.subject_id is not None
    await saving.finish_retiring(db, event.subject_id)


@reaction(kept_counts.DUE, stored_as="count_everybody")
async def count_everybody(db: Db, event: Event) -> None:
    """Before marketing asks."""
    await kept_counts.renew(db, (census.COUNTING, tallying.TALLY, using.USES), event.occurred_at)


@reaction(members.REVIEW_PLANNED, stored_as="review_member")
async def review_member(db: Db, event: Event) -> None:
    await evaluating.review(db, _member(event))


@reaction(members.TIER_CHANGED, stored_as="tell_of_tier")
async def tell_of_tier(db: Db, event: Event) -> None:
    """Unless they have moved on since, which they hear of instead."""
    member = await db.get(Member, _member(event))
    if member is None or member.tier_code != event.data["to_tier"]:
        return
    known = await tiers.tiers_by_code(db)
    before, tier = known[event.data["from_tier"]], known[event.data["to_tier"]]
    kind = words.TIER_RAISED if tier.rank > before.rank else words.TIER_LOWERED
    await notify(db, member.user_id, kind, tier=tier.name, before=before.name)


@reaction(members.TIER_ENDING, stored_as="tell_tier_ends_soon")
async def tell_tier_ends_soon(db: Db, event: Event) -> None:
    """Unless it has been reached again since."""
    member = await db.get(Member, _member(event))
    if member is not None and member.valid_until is not None and member.tier_code == event.data["tier"]:
        points, more_activity = await evaluating.missing_to_keep(db, member)
        kind = words.TIER_AT_RISK
        if not (points and more_activity):
            kind = words.TIER_LACKS_POINTS if points else words.TIER_LACKS_ACTIVITY
        await notify(
            db,
            member.user_id,
            kind,
            tier=(await tiers.tiers_by_code(db))[member.tier_code].name,
            until_at=member.valid_until,
            points=points,
            activity=more_activity,
        )


@reaction(subscriptions.LOOK_DUE, stored_as="look_after_plan")
async def look_after_plan(db: Db, event: Event) -> None:
    assert event.subject_id is not None
    await renewing.follow_up(db, _member(event), event.subject_id)


@reaction(deletions.LEAVING_DUE, stored_as="settle_plans_of_leaving")
async def settle_plans_of_leaving(db: Db, event: Event) -> None:
    """A day before they are erased, which waits until the money is back with them."""
    assert event.subject_id is not None
    if await leaving.is_due(db, event):
        await renewing.settle_early(db, event.subject_id)


@reaction(subscriptions.RENEWAL_NEAR, stored_as="tell_of_renewal")
async def tell_of_renewal(db: Db, event: Event) -> None:
    """Unless it is renewed no more, or was already."""
    bought = await db.get(PlanSubscription, (_member(event), event.subject_id))
    if bought is None or not bought.is_renewed_soon(await clock.now(db)):
        return
    plan = await db.get_one(MembershipPlan, bought.plan_id)
    await notify(
        db,
        bought.user_id,
        words.PLAN_RENEWS_SOON,
        plan=plan.name,
        price=str(plan.price),
        currency=plan.currency,
        until_at=bought.paid_until,
    )


@reaction(subscriptions.FAILED, stored_as="tell_of_failed_plan")
async def tell_of_failed_plan(db: Db, event: Event) -> None:
    assert event.subject_id is not None
    bought = await subscriptions.lock(db, _member(event), event.subject_id)
    if bought is not None and bought.grace_until is not None:
        await notify(db, bought.user_id, words.PLAN_NOT_PAID, until_at=bought.grace_until)


@reaction(subscriptions.LAPSED, stored_as="tell_of_lapsed_plan")
async def tell_of_lapsed_plan(db: Db, event: Event) -> None:
    await notify(db, _member(event), words.PLAN_LAPSED)


@reaction(subscriptions.REFUNDED, stored_as="tell_of_refunded_plan")
async def tell_of_refunded_plan(db: Db, event: Event) -> None:
    await notify(db, _member(event), words.PLAN_REFUNDED)


@reaction(refunds.FAILED, stored_as="tell_plan_not_refunded")
async def tell_plan_not_refunded(db: Db, event: Event) -> None:
    refund = await db.get_one(Refund, (event.user_id, event.subject_id))
    if refund.cause == subscriptions.CAUSE and refund.status is PaymentStatus.FAILED:
        await notify(db, refund.user_id, words.PLAN_NOT_REFUNDED)


@reaction(redemptions.EXPIRY_DUE, stored_as="expire_redemption")
async def expire_redemption(db: Db, event: Event) -> None:
    assert event.subject_id is not None
    await redeeming.expire(db, _member(event), event.subject_id)


@reaction(REDEEMED, stored_as="tell_of_benefit")
async def tell_of_benefit(db: Db, event: Event) -> None:
    await notify(db, _member(event), words.BENEFIT_USED, event.subject_id)


@reaction(agreements.REPAID, stored_as="tell_of_repayment")
async def tell_of_repayment(db: Db, event: Event) -> None:
    """A payment that settles several is told of once: with the last of them."""
    later = select(Event.id).where(
        Event.subject_id == event.subject_id,
        Event.name == event.name,
        Event.occurred_at == event.occurred_at,
        Event.id > event.id,
    )
    if (await db.execute(later.limit(1))).first() is not None:
        return
    await notify(db, _member(event), words.REPAYMENT_COUNTED, event.subject_id)


def _member(event: Event) -> UUID:
    assert event.user_id is not None, f"{event.name} is about a person"
    return event.user_id
