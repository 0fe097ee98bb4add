"""Plans that people buy, as marketing sees and changes them."""

from typing import Annotated, cast

import strawberry

from api.console.tiers import Benefit
from api.graphql.context import Info
from api.graphql.enums import show
from api.graphql.mutations import Input, commit, key
from api.graphql.periods import PlanPeriod
from api.graphql.refusals import Refused
from api.graphql.requiring import requires
from api.graphql.scalars import Money, MoneyInput
from api.graphql.showing import shows
from domain.permissions import Permission
from infra.database import reading
from infra.words import say
from membership import benefits
from membership.plans import offering, plans, subscriptions, wanted
from membership.plans.plans import OfferedStatus
from membership.plans.wanted import WantedPlan

show(
    OfferedStatus,
    "Where a version of a plan stands.",
    DRAFT="Written, and seen by nobody else yet.",
    SUBMITTED="It waits for a second person.",
    LIVE="It is sold.",
    RETIRED="It is sold no more; whoever bought it keeps it at its price.",
)
granted_by = benefits.granted_by  # a field of the same name stands below


@shows(plans.MembershipPlan, description="A version of a membership that can be bought.")
class Plan:
    code: str = strawberry.field(description="The plan's permanent name.")
    period: PlanPeriod = strawberry.field(description="For how long one payment is.")
    trial_days: int = strawberry.field(description="How many days cost nothing for who never had it.")
    status: OfferedStatus = strawberry.field(description="Where this version stands.")
    version: int = strawberry.field(description="1 at first, one more with each change.")

    @strawberry.field(description="What people read, in the reader's language.")
    def name(root: strawberry.Parent[plans.MembershipPlan], info: Info) -> str:
        return say(root.name, info.context.locale)

    @strawberry.field(description="For one period.")
    def price(root: strawberry.Parent[plans.MembershipPlan]) -> Money:
        return cast(Money, root.price)

    @strawberry.field(description="Of all that is sold: whoever approves it names it.")
    async def hash(root: strawberry.Parent[plans.MembershipPlan], info: Info) -> str:
        return cast(str, await info.context.load(wanted.hashes_of, root.id))

    @strawberry.field(description="How many people have the plan now, at whatever price they bought it.")
    async def subscribers(root: strawberry.Parent[plans.MembershipPlan], info: Info) -> int:
        return cast(int, await info.context.load(subscriptions.counts_of, root.code) or 0)

    @requires(Permission.SEE_TIERS)
    @strawberry.field(description="What this version grants.")
    async def benefits(root: strawberry.Parent[plans.MembershipPlan], info: Info) -> list[Benefit]:
        return cast(list[Benefit], await info.context.load(granted_by, root.source) or [])


PlanResult = Annotated[
    Plan | Refused, strawberry.union("PlanResult", description="The version as it is now, or why not.")
]


@strawberry.input(description="A plan as it shall be, all of it. Whoever has it keeps what they bought, at its price.")
class SavePlanInput:
    code: str = strawberry.field(description="Its permanent name: 1 to 60 letters, digits, dots, dashes, underscores.")
    name: str = strawberry.field(description="What people read: one line of up to 80 characters.")
    price: MoneyInput = strawberry.field(description="For one period, above 0.")
    period: PlanPeriod = strawberry.field(description="For how long one payment is.")
    trial_days: int = strawberry.field(description="0 to 90 days that cost nothing for who never had it.")
    benefit_codes: list[str] = strawberry.field(description="Codes of the benefits that it grants.")
    status: OfferedStatus = strawberry.field(
        description="DRAFT, SUBMITTED or LIVE; RETIRED ends the sale as it is. LIVE becomes SUBMITTED where price, period or trial differ."
    )
    expected_version: int | None = strawberry.field(
        default=None, description="The newest `version` that was seen; null for a new plan. STALE where it is another."
    )
    idempotency_key: str = key()


@strawberry.input(description="A second person's yes to a plan.")
class ApprovePlanInput:
    code: str = strawberry.field(description="Of a plan that is SUBMITTED.")
    hash: str = strawberry.field(description="The `hash` that was seen; STALE where it is another.")
    comment: str | None = strawberry.field(default=None, description="What to keep beside the approval.")


@strawberry.input(description="A no to a plan.")
class RejectPlanInput:
    code: str = strawberry.field(description="Of a plan that is SUBMITTED.")
    comment: str | None = strawberry.field(default=None, description="What to keep beside it.")


@strawberry.type
class PlanQuery:
    @requires(Permission.SEE_TIERS)
    @strawberry.field(
        description="What is sold and what waits, by code; of a plan that is sold no more its last version."
    )
    async def plans(self, info: Info) -> list[Plan]:
        async with reading() as db:
            return cast(list[Plan], await offering.for_marketing(db))


@strawberry.type
class PlanMutation:
    @requires(Permission.CHANGE_MEMBERSHIP)
    @strawberry.mutation(description="Write a plan or another version of it. What it costs waits for a second person.")
    async def save_plan(self, info: Info, input: Input[SavePlanInput]) -> PlanResult | None:
        actor, asked = info.context.staff, _wanted(input)
        status, seen, once = input.status, input.expected_version, input.idempotency_key
        return await commit(
            info, lambda db: offering.save(db, actor, asked, status=status, expected_version=seen, key=once)
        )

    @requires(Permission.APPROVE_MEMBERSHIP)
    @strawberry.mutation(
        description="Say yes to a submitted plan, as somebody else than its author: it is sold from now on."
    )
    async def approve_plan(self, info: Info, input: Input[ApprovePlanInput]) -> PlanResult | None:
        actor, code, seen, comment = info.context.staff, input.code, input.hash, input.comment or ""
        return await commit(info, lambda db: offering.approve(db, actor, code=code, seen=seen, comment=comment))

    @requires(Permission.APPROVE_MEMBERSHIP)
    @strawberry.mutation(description="Say no to a submitted plan, or take it back: it is a draft again.")
    async def reject_plan(self, info: Info, input: Input[RejectPlanInput]) -> PlanResult | None:
        actor, code, comment = info.context.staff, input.code, input.comment or ""
        return await commit(info, lambda db: offering.reject(db, actor, code=code, comment=comment))


def _wanted(input: SavePlanInput) -> WantedPlan:
    return WantedPlan(
        code=input.code,
        name=input.name,
        price=input.price.to_money("input", "price"),
        period=input.period,
        trial_days=input.trial_days,
        benefit_codes=input.benefit_codes,
    )
