"""Changing the rules of tiers: each step of a version, from a draft to live and back."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry

from api.console.tier_rules import Simulation, TierRules
from api.graphql.context import Info
from api.graphql.mutations import Input, commit, id_check, id_of, key
from api.graphql.refusals import Refused
from api.graphql.requiring import requires
from domain.permissions import Permission
from membership.changing import approving, drafting, publishing, simulating
from membership.changing.drafting import ProposedRule

TierRulesResult = Annotated[
    TierRules | Refused, strawberry.union("TierRulesResult", description="The version as it is now, or why not.")
]
SimulationResult = Annotated[
    Simulation | Refused, strawberry.union("SimulationResult", description="The simulation as it is now, or why not.")
]
RULES_ID = id_check("TierRules")


@strawberry.input(description="What a draft asks for one tier.")
class TierRuleInput:
    tier_code: str = strawberry.field(description="A tier's code.")
    points_at_least: int = strawberry.field(description="0 to 950, and no less than for the tier below.")
    activity_at_least: int = strawberry.field(description="0 to 1000, and no less than for the tier below.")
    grace_days: int = strawberry.field(description="0 to 730.")


@strawberry.input(description="A new version.")
class DraftTierRulesInput:
    rules: list[TierRuleInput] = strawberry.field(description="One for each tier, in any order.")
    note: str = strawberry.field(description="Why, for whoever approves it: one line of up to 500 characters.")
    idempotency_key: str = key()


@strawberry.input(description="Which rules to try.")
class SimulateTierRulesInput:
    tier_rules_id: strawberry.ID = strawberry.field(description="Of TierRules.", metadata=RULES_ID)


@strawberry.input(description="Which rules to take a step.")
class TierRulesStepInput:
    tier_rules_id: strawberry.ID = strawberry.field(description="Of TierRules.", metadata=RULES_ID)
    comment: str | None = strawberry.field(default=None, description="What to keep beside the step.")


@strawberry.input(description="A second person's yes.")
class ApproveTierRulesInput:
    tier_rules_id: strawberry.ID = strawberry.field(description="Of TierRules.", metadata=RULES_ID)
    simulation_hash: str = strawberry.field(
        description="Of the simulation that was seen; STALE where there is another since."
    )
    comment: str | None = strawberry.field(default=None, description="What to keep beside the approval.")


@strawberry.input(description="From when approved rules are to be live.")
class PublishTierRulesInput:
    tier_rules_id: strawberry.ID = strawberry.field(description="Of TierRules.", metadata=RULES_ID)
    effective_at: datetime = strawberry.field(description="From now to a year ahead.")
    idempotency_key: str = key()


@strawberry.input(description="One step back.")
class RollBackTierRulesInput:
    from_: strawberry.ID = strawberry.field(
        name="from", description="Of the live TierRules; STALE where they are not live any more.", metadata=RULES_ID
    )
    to: strawberry.ID = strawberry.field(description="Of the TierRules whose place they took.", metadata=RULES_ID)
    reason: str = strawberry.field(description="One line of up to 500 characters.")
    idempotency_key: str = key()


@strawberry.type
class TierRulesMutation:
    @requires(Permission.CHANGE_MEMBERSHIP)
    @strawberry.mutation(description="Write a new version. Nobody is judged by it before it is published.")
    async def draft_tier_rules(self, info: Info, input: Input[DraftTierRulesInput]) -> TierRulesResult | None:
        asked = [ProposedRule(**vars(rule)) for rule in input.rules]
        actor, note, once = info.context.staff, input.note, input.idempotency_key
        return await commit(info, lambda db: drafting.draft(db, actor, asked=asked, note=note, key=once))

    @requires(Permission.CHANGE_MEMBERSHIP)
    @strawberry.mutation(description="Try rules on a snapshot of all members. It runs by itself; ask `simulation`.")
    async def simulate_tier_rules(self, info: Info, input: Input[SimulateTierRulesInput]) -> SimulationResult | None:
        return await commit(info, lambda db: simulating.simulate(db, rules_id=_rules_id(input.tier_rules_id)))

    @requires(Permission.CHANGE_MEMBERSHIP)
    @strawberry.mutation(description="Ask a second person to approve what the newest simulation shows.")
    async def submit_tier_rules(self, info: Info, input: Input[TierRulesStepInput]) -> TierRulesResult | None:
        actor, comment = info.context.staff, input.comment or ""
        return await commit(
            info, lambda db: approving.submit(db, actor, rules_id=_rules_id(input.tier_rules_id), comment=comment)
        )

    @requires(Permission.APPROVE_MEMBERSHIP)
    @strawberry.mutation(description="Say yes to exactly what a simulation showed, as somebody else than the author.")
    async def approve_tier_rules(self, info: Info, input: Input[ApproveTierRulesInput]) -> TierRulesResult | None:
        actor, seen, comment = info.context.staff, input.simulation_hash, input.comment or ""
        return await commit(
            info,
            lambda db: approving.approve(
                db, actor, rules_id=_rules_id(input.tier_rules_id), seen=seen, comment=comment
            ),
        )

    @requires(Permission.APPROVE_MEMBERSHIP)
    @strawberry.mutation(description="Say no to rules that are not live yet; their author takes them back.")
    async def reject_tier_rules(self, info: Info, input: Input[TierRulesStepInput]) -> TierRulesResult | None:
        actor, comment = info.context.staff, input.comment or ""
        return await commit(
            info, lambda db: approving.reject(db, actor, rules_id=_rules_id(input.tier_rules_id), comment=comment)
        )

    @requires(Permission.CHANGE_MEMBERSHIP)
    @strawberry.mutation(
        description="Let approved rules become live at a time. Everybody is judged by them then; `reevaluation` says how far."
    )
    async def publish_tier_rules(self, info: Info, input: Input[PublishTierRulesInput]) -> TierRulesResult | None:
        actor, at, once = info.context.staff, input.effective_at, input.idempotency_key
        return await commit(
            info,
            lambda db: publishing.publish(
                db, actor, rules_id=_rules_id(input.tier_rules_id), effective_at=at, key=once
            ),
        )

    @requires(Permission.CHANGE_MEMBERSHIP)
    @strawberry.mutation(
        description="Take the live rules back. Everybody gets the tier again that they had, or one that they have earned since."
    )
    async def roll_back_tier_rules(self, info: Info, input: Input[RollBackTierRulesInput]) -> TierRulesResult | None:
        actor = info.context.staff
        return await commit(
            info,
            lambda db: publishing.roll_back(
                db,
                actor,
                from_id=_rules_id(input.from_, "from"),
                to_id=_rules_id(input.to, "to"),
                reason=input.reason,
                key=input.idempotency_key,
            ),
        )


def _rules_id(text: str, field: str = "tierRulesId") -> UUID:
    return id_of("TierRules", text, "input", field)
