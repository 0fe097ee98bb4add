"""Seeding: what the house begins with, written once. What marketing changed since stays changed."""

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from infra import clock
from infra.database import Db
from infra.ids import new_id
from infra.money import Money
from infra.settings import settings
from infra.words import N_
from membership.benefits import Benefit, BenefitSource, BenefitStatus, QuotaCycle, tier_source
from membership.catalogue import BENEFITS, PLANS, TIERS, FirstBenefit, FirstPlan, FirstTier
from membership.plans.plans import MembershipPlan, OfferedStatus, PlanPeriod, plan_source
from membership.rules import RulesStatus, TierRule, TierRules
from membership.tiers import Tier

NOTE = N_("The rules that the house began with.")


async def seed(db: Db) -> None:
    """Write what is not there yet, in a few round trips; for every start, and for several at once."""
    ranked = [{"code": tier.code, "name": tier.name, "rank": rank} for rank, tier in enumerate(TIERS, start=1)]
    await db.execute(insert(Tier).values(ranked).on_conflict_do_nothing())
    await _seed_rules(db)
    await _seed_benefits(db)
    await _seed_plans(db)


async def _seed_rules(db: Db) -> None:
    now = await clock.now(db)
    first = insert(TierRules).values(
        id=new_id(), version=1, status=RulesStatus.LIVE, note=NOTE, created_at=now, effective_at=now
    )
    rules_id = (await db.execute(first.on_conflict_do_nothing().returning(TierRules.id))).scalar_one_or_none()
    if rules_id is not None:
        await db.execute(insert(TierRule).values([_rule(tier) | {"rules_id": rules_id} for tier in TIERS]))


def _rule(tier: FirstTier) -> dict[str, Any]:
    return {
        "tier_code": tier.code,
        "points_at_least": tier.points_at_least,
        "activity_at_least": tier.activity_at_least,
        "grace_days": tier.grace_days,
    }


async def _seed_benefits(db: Db) -> None:
    rows = insert(Benefit).values([_columns(benefit) for benefit in BENEFITS]).on_conflict_do_nothing()
    new = dict((await db.execute(rows.returning(Benefit.code, Benefit.id))).all())
    # Only new benefits are given to tiers: which tiers grant the others has become marketing's to say.
    sources = [
        {"source": tier_source(tier), "benefit_id": new[benefit.code]}
        for benefit in BENEFITS
        if benefit.code in new
        for tier in benefit.granted_by
    ]
    if sources:
        await db.execute(insert(BenefitSource).values(sources))


async def _seed_plans(db: Db) -> None:
    rows = insert(MembershipPlan).values([_plan(plan, await clock.now(db)) for plan in PLANS]).on_conflict_do_nothing()
    new = set((await db.execute(rows.returning(MembershipPlan.code))).scalars())
    known = dict((await db.execute(select(Benefit.code, Benefit.id))).all())
    sources = [
        {"source": plan_source(plan.code, 1), "benefit_id": known[code]}
        for plan in PLANS
        if plan.code in new
        for code in plan.benefits
    ]
    if sources:
        await db.execute(insert(BenefitSource).values(sources))


def _plan(plan: FirstPlan, now: datetime) -> dict[str, Any]:
    currency = settings().currency
    return {
        "id": new_id(),
        "code": plan.code,
        "version": 1,
        "name": plan.name,
        "price_minor": Money.of(plan.price, currency).minor,
        "currency": currency,
        "period": PlanPeriod(plan.period),
        "trial_days": plan.trial_days,
        "created_at": now,
        "status": OfferedStatus.LIVE,
    }


def _columns(benefit: FirstBenefit) -> dict[str, Any]:
    currency = settings().currency
    return {
        "id": new_id(),
        "code": benefit.code,
        "name": benefit.name,
        "segment": benefit.segment,
        "quota": benefit.quota,
        "reset": benefit.reset,
        "unit_cost_minor": Money.of(benefit.cost, currency).minor,
        "cycle": QuotaCycle.CALENDAR,
        "currency": currency,
        "status": BenefitStatus.LIVE,
        "version": 1,
    }
