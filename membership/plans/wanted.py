"""What marketing wants of a plan: checked as a whole, written down as plain values, and hashed for whoever approves it."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy import select

from domain import approvals
from infra import texts
from infra.database import Db
from infra.errors import Faults, invalid
from infra.money import Money
from infra.words import N_
from membership import wishes
from membership.benefits import LIFE as BENEFIT_LIFE
from membership.benefits import Benefit, BenefitSource
from membership.plans.plans import MembershipPlan, PlanPeriod

NAME_LENGTH_MAX, TRIAL_DAYS_MAX = 80, 90
GRANTABLE = BENEFIT_LIFE.groups["changeable"]


@dataclass(frozen=True)
class WantedPlan:
    """A plan as marketing wants it."""

    code: str
    name: str
    price: Money
    period: PlanPeriod
    trial_days: int
    benefit_codes: Collection[str]

    @property
    def content(self) -> dict[str, Any]:
        """All that marketing says of it, as the record of changes keeps it."""
        return {
            "name": self.name,
            "price": str(self.price),
            "currency": self.price.currency,
            "period": self.period.value,
            "trialDays": self.trial_days,
            "benefits": sorted(set(self.benefit_codes)),
        }


async def check(db: Db, wanted: WantedPlan) -> tuple[WantedPlan, list[Benefit]]:
    """The plan with its name as it is kept, and its benefits. Refuses with all that is wrong at once."""
    codes = set(wanted.benefit_codes)
    granted = await grantable(db, codes)
    faults = Faults()
    faults.of(lambda: wishes.check_code(wanted.code))
    name = faults.of(lambda: texts.line(wanted.name, NAME_LENGTH_MAX, ("input", "name")))
    faults.of(lambda: _check_price(wanted.price))
    faults.of(lambda: _check_trial(wanted.trial_days))
    faults.of(lambda: _refuse_strangers(codes - {benefit.code for benefit in granted}))
    faults.refuse()
    return replace(wanted, name=name or ""), granted


async def grantable(db: Db, codes: Collection[str]) -> list[Benefit]:
    """Choose of these benefits those that can be granted anew."""
    its = select(Benefit).where(Benefit.code.in_(codes), Benefit.status.in_(GRANTABLE))
    return list((await db.execute(its)).scalars())


async def contents_of(db: Db, plan_ids: set[UUID]) -> dict[UUID, dict[str, Any]]:
    """What each version of a plan says, as `WantedPlan.content`."""
    return {plan.id: _content(plan, granted) for plan, granted in await _with_benefits(db, plan_ids)}


async def hashes_of(db: Db, plan_ids: set[UUID]) -> dict[UUID, str]:
    """The hash by which each version is approved: of all that would be sold, and what each benefit of it is and costs."""
    return {
        plan.id: approvals.hash_of(
            {**_content(plan, granted), "id": str(plan.id), "terms": {each.code: each.terms for each in granted}}
        )
        for plan, granted in await _with_benefits(db, plan_ids)
    }


def _content(plan: MembershipPlan, granted: Sequence[Benefit]) -> dict[str, Any]:
    codes = [each.code for each in granted]
    return WantedPlan(plan.code, plan.name, plan.price, plan.period, plan.trial_days, codes).content


async def _with_benefits(db: Db, plan_ids: set[UUID]) -> list[tuple[MembershipPlan, Sequence[Benefit]]]:
    """Each version with what it grants. What retires is granted to nobody who buys it."""
    plans = list((await db.execute(select(MembershipPlan).where(MembershipPlan.id.in_(plan_ids)))).scalars())
    granting = select(BenefitSource.source, Benefit).join(Benefit, Benefit.id == BenefitSource.benefit_id)
    its = BenefitSource.source.in_({plan.source for plan in plans}), BenefitSource.ended_at.is_(None)
    granted: defaultdict[str, list[Benefit]] = defaultdict(list)
    for source, benefit in await db.execute(granting.where(*its, Benefit.status.in_(GRANTABLE))):
        granted[source].append(benefit)
    return [(plan, granted[plan.source]) for plan in plans]


def _check_price(price: Money) -> None:
    wishes.check_money(price, "price")
    if not price.minor:
        raise invalid(N_("Enter an amount above 0."), ("input", "price"))


def _check_trial(days: int) -> None:
    if not 0 <= days <= TRIAL_DAYS_MAX:
        raise invalid(N_("Enter a number from 0 to {most}."), ("input", "trialDays"), most=TRIAL_DAYS_MAX)


def _refuse_strangers(codes: set[str]) -> None:
    if codes:
        sentence = N_("These benefits cannot be granted: {codes}.")
        raise invalid(sentence, ("input", "benefitCodes"), codes=", ".join(sorted(codes)))
