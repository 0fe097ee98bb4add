"""Plans: what people can buy, what they bought, and what came of it."""

from datetime import datetime
from typing import Annotated, cast

import strawberry

from api.app.repayments import NextAction, action_of, read_on
from api.app.viewing import viewer_field
from api.graphql.context import Info
from api.graphql.enums import show
from api.graphql.mutations import Input, answer, commit, id_check, id_of, key
from api.graphql.periods import PlanPeriod
from api.graphql.refusals import Refused
from api.graphql.requiring import requires
from api.graphql.scalars import Money, MoneyInput
from api.graphql.showing import Node, shows
from domain.payments import payments
from domain.permissions import Permission
from infra.database import reading
from infra.words import say
from membership import benefits
from membership.benefits import QuotaReset, Segment
from membership.plans import buying, plans, subscriptions, years
from membership.plans.subscriptions import PlanStatus

show(
    PlanStatus,
    "Where a bought plan stands.",
    NEEDS_PAYMENT="It begins once it is paid.",
    TRIAL="It is tried out for free.",
    ACTIVE="It is paid.",
    GRACE="A payment failed; the benefits stay for some days.",
    LAPSED="It ended, since it was not paid.",
    CANCELLED="The person left it; the benefits stay until the paid time ends.",
)


@shows(benefits.Benefit, description="What a plan would give; not what somebody holds.")
class PlanBenefit:
    code: str = strawberry.field(description="Its permanent name.")
    segment: Segment = strawberry.field(description="What part of life it is for.")
    quota: int | None = strawberry.field(description="How often between two resets; null: as often as one likes.")
    reset: QuotaReset = strawberry.field(description="When the quota begins anew.")

    @strawberry.field(description="What to call it, in the language that was asked for.")
    def name(root: strawberry.Parent[benefits.Benefit], info: Info) -> str:
        return say(root.name, info.context.locale)


@shows(plans.MembershipPlan, description="A membership that can be bought.")
class Plan:
    code: str = strawberry.field(description="Its permanent name.")
    period: PlanPeriod = strawberry.field(description="For how long one payment is.")
    trial_days: int = strawberry.field(description="How many days cost nothing for who never had it.")

    @strawberry.field(description="What to call it, in the language that was asked for.")
    def name(root: strawberry.Parent[plans.MembershipPlan], info: Info) -> str:
        return say(root.name, info.context.locale)

    @strawberry.field(description="For one period.")
    def price(root: strawberry.Parent[plans.MembershipPlan]) -> Money:
        return cast(Money, root.price)

    @strawberry.field(description="What it grants.")
    async def benefits(root: strawberry.Parent[plans.MembershipPlan], info: Info) -> list[PlanBenefit]:
        return cast(list[PlanBenefit], await info.context.load(granted_by, root.source) or [])


granted_by = benefits.granted_by  # a field of the same name stands above


@shows(years.PlanYear, description="A year of a plan, or what was paid for of it.")
class PlanYear:
    begins_at: datetime = strawberry.field(description="When it began.")
    ends_at: datetime = strawberry.field(description="When it ends, or what was paid for of it.")

    @strawberry.field(description="What was paid for it.")
    def paid(root: strawberry.Parent[years.PlanYear]) -> Money:
        return cast(Money, root.came_to.paid)

    @strawberry.field(description="What its benefits were worth whose vouchers were issued in it and used.")
    def saved(root: strawberry.Parent[years.PlanYear]) -> Money:
        return cast(Money, root.came_to.saved)

    @strawberry.field(description="What went back of it, by itself.")
    def refunded(root: strawberry.Parent[years.PlanYear]) -> Money:
        return cast(Money, root.came_to.refunded)


all_years_of = years.years_of  # a field of the last word's name stands below


@shows(subscriptions.PlanSubscription, description="A plan that a person bought.")
class PlanSubscription(Node):
    viewer = viewer_field()
    status: PlanStatus = strawberry.field(description="Where it stands.")
    valid_until: datetime | None = strawberry.field(
        description="Until when its benefits are held; null before it is paid."
    )
    renews_at: datetime | None = strawberry.field(description="When it is paid again; null where it is not.")

    @strawberry.field(description="What was bought, at the price at which it was.")
    async def plan(root: strawberry.Parent[subscriptions.PlanSubscription], info: Info) -> Plan:
        return cast(Plan, await info.context.load(plans.by_ids, root.plan_id))

    @strawberry.field(description="What the person has to do at the cashier; null where there is nothing.")
    async def next_action(root: strawberry.Parent[subscriptions.PlanSubscription], info: Info) -> NextAction | None:
        # What is paid for a plan that has ended fits nothing.
        asked = await info.context.load(payments.of_causes, (root.user_id, root.id)) if root.is_open else None
        for payment in asked or []:
            if action := await action_of(payment, info):
                return action
        return None

    @strawberry.field(description="What was paid for the year of the plan that goes on, or was the last.")
    async def paid(root: strawberry.Parent[subscriptions.PlanSubscription], info: Info) -> Money:
        return cast(Money, (await _year_of(root, info)).paid)

    @strawberry.field(description="What its benefits were worth whose vouchers were issued in that year and used.")
    async def saved(root: strawberry.Parent[subscriptions.PlanSubscription], info: Info) -> Money:
        return cast(Money, (await _year_of(root, info)).saved)

    @strawberry.field(
        description="What went back of it, by itself: what was paid above what was saved, once the year is over and none of its "
        "vouchers can be used any more."
    )
    async def refunded(root: strawberry.Parent[subscriptions.PlanSubscription], info: Info) -> Money:
        return cast(Money, (await _year_of(root, info)).refunded)

    @strawberry.field(
        description="All years that something was paid for, the first one first; so what went back of one is told while another goes on."
    )
    async def years(root: strawberry.Parent[subscriptions.PlanSubscription], info: Info) -> list[PlanYear]:
        return cast(list[PlanYear], await info.context.load(all_years_of, (root.user_id, root.id)))


async def _year_of(bought: subscriptions.PlanSubscription, info: Info) -> years.PaidYear:
    return cast(years.PaidYear, await info.context.load(years.last_years_of, (bought.user_id, bought.id)))


@strawberry.type
class PlanQuery:
    @requires(Permission.PUBLIC)
    @strawberry.field(description="What can be bought, the cheapest first.")
    async def plans(self, info: Info) -> list[Plan]:
        async with reading() as db:
            return cast(list[Plan], await plans.offered(db))


JoinPlanResult = Annotated[
    PlanSubscription | Refused, strawberry.union("JoinPlanResult", description="What was bought, or why not.")
]
LeavePlanResult = Annotated[
    PlanSubscription | Refused, strawberry.union("LeavePlanResult", description="What ends, and when, or why not.")
]


@strawberry.input(description="Which plan to buy.")
class JoinPlanInput:
    plan_code: str = strawberry.field(description="Of one of `plans`.")
    price: MoneyInput = strawberry.field(description="What the person saw; another price is STALE.")
    idempotency_key: str = key()


@strawberry.input(description="Which plan to leave.")
class LeavePlanInput:
    plan_subscription_id: strawberry.ID = strawberry.field(
        description="Of a PlanSubscription.", metadata=id_check("PlanSubscription")
    )


@strawberry.type
class PlanMutation:
    @requires(Permission.SIGNED_IN)
    @strawberry.mutation(
        description="Buy a plan. Its benefits are held from the first payment on, or at once while it is tried out. Whoever left "
        "it and buys it again pays for the time after what is paid for already."
    )
    async def join_plan(self, info: Info, input: Input[JoinPlanInput]) -> JoinPlanResult | None:
        return await answer(info.context, _join(info, input))

    @requires(Permission.SIGNED_IN)
    @strawberry.mutation(description="Renew a plan no more. What is paid for stays until its time is over.")
    async def leave_plan(self, info: Info, input: Input[LeavePlanInput]) -> LeavePlanResult | None:
        actor = info.context.user
        return await commit(
            info,
            lambda db: buying.leave(
                db, actor, id_of("PlanSubscription", input.plan_subscription_id, *buying.SUBSCRIPTION)
            ),
        )


async def _join(info: Info, input: JoinPlanInput) -> subscriptions.PlanSubscription:
    bought = await buying.join(
        info.context.user,
        code=input.plan_code,
        price=input.price.to_money(*buying.PRICE),
        address=info.context.ip,
        key=input.idempotency_key,
    )
    await read_on(info)
    return bought
