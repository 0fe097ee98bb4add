"""What tiers and plans grant: all of it, and how marketing changes it."""

from typing import Annotated

import strawberry

from api.console.tiers import Benefit
from api.graphql.connections import After, CountedConnection, First, listed_counted
from api.graphql.context import Info
from api.graphql.mutations import Input, commit, id_check, id_of, key
from api.graphql.refusals import Refused
from api.graphql.requiring import requires
from api.graphql.scalars import MoneyInput
from domain.permissions import Permission
from membership import benefits, saving
from membership.benefits import QuotaCycle, QuotaReset, Segment
from membership.saving import WantedBenefit

BenefitResult = Annotated[
    Benefit | Refused, strawberry.union("BenefitResult", description="The benefit as it is now, or why not.")
]


@strawberry.input(description="A benefit as it shall be, all of it.")
class SaveBenefitInput:
    code: str = strawberry.field(description="Its permanent name: 1 to 60 letters, digits, dots, dashes, underscores.")
    name: str = strawberry.field(description="What people read: one line of up to 80 characters.")
    segment: Segment = strawberry.field(description="What part of life it is for.")
    tier_codes: list[str] = strawberry.field(
        description="Tiers that grant it. One that grants it no more leaves it to whoever has it until their own month or year is over."
    )
    plan_codes: list[str] = strawberry.field(
        description="Plans that grant it, of those that are sold now. A plan that this changes is another version, which waits for "
        "`approvePlan` and reaches nobody who pays already; with no tier it stays a DRAFT until then."
    )
    quota: int | None = strawberry.field(
        default=None, description="How often between two resets, 1 to 1000; null: as often as one likes."
    )
    reset: QuotaReset = strawberry.field(description="When the quota begins anew. It stays once people have it.")
    unit_cost: MoneyInput = strawberry.field(description="What one use costs us.")
    member_value: MoneyInput = strawberry.field(description="What one use saves the person.")
    partner_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="Of the Partner who confirms its use; null: whichever partner is shown the voucher.",
        metadata=id_check("Partner"),
    )
    cycle: QuotaCycle = strawberry.field(
        default=QuotaCycle.CALENDAR, description="Whose months and years count. It stays once people have it."
    )
    expected_version: int | None = strawberry.field(
        default=None, description="The `version` that was seen; null for a new one. STALE where it is another."
    )
    idempotency_key: str = key()


@strawberry.input(description="A benefit that is to be given to nobody any more.")
class RetireBenefitInput:
    benefit_id: strawberry.ID = strawberry.field(description="Of a Benefit.", metadata=id_check("Benefit"))
    expected_version: int = strawberry.field(description="The `version` that was seen; STALE where it is another.")


@strawberry.type
class BenefitQuery:
    @requires(Permission.SEE_TIERS)
    @strawberry.field(description="All benefits by code, drafts and retired ones included.")
    async def benefits(self, info: Info, first: First = None, after: After = None) -> CountedConnection[Benefit] | None:
        return await listed_counted(benefits.all_benefits(), [benefits.Benefit.code], first, after)


@strawberry.type
class BenefitMutation:
    @requires(Permission.CHANGE_MEMBERSHIP)
    @strawberry.mutation(
        description="Write a benefit or change the one of this code. Whoever is at a tier that newly grants it has it in a moment."
    )
    async def save_benefit(self, info: Info, input: Input[SaveBenefitInput]) -> BenefitResult | None:
        actor, wanted = info.context.staff, _wanted(input)
        seen, once = input.expected_version, input.idempotency_key
        return await commit(info, lambda db: saving.save(db, actor, wanted, expected_version=seen, key=once))

    @requires(Permission.CHANGE_MEMBERSHIP)
    @strawberry.mutation(
        description="Give a benefit to nobody any more. Whoever has it keeps it until their own month or year is over."
    )
    async def retire_benefit(self, info: Info, input: Input[RetireBenefitInput]) -> BenefitResult | None:
        actor, seen = info.context.staff, input.expected_version
        benefit_id = id_of("Benefit", input.benefit_id, "input", "benefitId")
        return await commit(info, lambda db: saving.retire(db, actor, benefit_id=benefit_id, expected_version=seen))


def _wanted(input: SaveBenefitInput) -> WantedBenefit:
    partner_id = input.partner_id and id_of("Partner", input.partner_id, "input", "partnerId")
    return WantedBenefit(
        code=input.code,
        name=input.name,
        segment=input.segment,
        tier_codes=input.tier_codes,
        plan_codes=input.plan_codes,
        quota=input.quota,
        reset=input.reset,
        unit_cost=input.unit_cost.to_money("input", "unitCost"),
        member_value=input.member_value.to_money("input", "memberValue"),
        partner_id=partner_id or None,
        cycle=input.cycle,
    )
