"""The rules of tiers: drafted, simulated, approved by a second person."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, cast

import strawberry

from api.console.tiers import Tier
from api.graphql.connections import After, Connection, First, listed
from api.graphql.context import Info
from api.graphql.enums import show
from api.graphql.requiring import requires
from api.graphql.scalars import Money
from api.graphql.showing import Node, shows
from domain.people import staff
from domain.permissions import Permission
from domain.runs.runs import RunState
from infra.database import reading
from infra.ids import parse_global_id
from infra.words import N_, say
from membership import overview, rules
from membership.changing import reevaluations, simulations
from membership.changing.simulations import RunStatus
from membership.rules import RulesStatus

show(
    RulesStatus,
    "Where a version of the rules stands.",
    DRAFT="Written, and seen by nobody else yet.",
    SUBMITTED="It waits for a second person.",
    APPROVED="A second person has said yes to what its simulation shows.",
    SCHEDULED="It becomes live at `effectiveAt`.",
    LIVE="Everybody is judged by it.",
    SUPERSEDED="It was live, and another took its place.",
    REJECTED="Somebody said no, or it was taken back.",
)
show(
    RunStatus,
    "Where something that goes through everybody stands.",
    RUNNING="It goes on; `progress` says how far it is.",
    DONE="It has been through everybody.",
    FAILED="It came to no end. Begin it again.",
)
HOUSE = N_("Longan")


@shows(simulations.MoveSample, description="People as they are found in a move, without anything that names them.")
class MoveSample:
    activity: int = strawberry.field(description="Their activity points.")
    activity_short: int = strawberry.field(description="Activity points that they lack for the tier they are at.")
    points_short: int = strawberry.field(description="Points of the score that they lack for it, up to the next ten.")


@shows(simulations.TierCell, description="People who would go from one tier to another.")
class Move:
    members: int = strawberry.field(description="How many.")
    anyway: int = strawberry.field(description="How many of them the live rules will bring there too.")
    samples: list[MoveSample] = strawberry.field(
        description="The most usual of them, up to three; none of fewer than 20 people."
    )

    @requires(Permission.SEE_TIERS)
    @strawberry.field(name="from", description="The tier they are at.")
    async def from_(root: strawberry.Parent[simulations.TierCell], info: Info) -> Tier:
        return cast(Tier, await info.context.load(overview.by_codes, root.from_code))

    @requires(Permission.SEE_TIERS)
    @strawberry.field(description="The tier that they would reach.")
    async def to(root: strawberry.Parent[simulations.TierCell], info: Info) -> Tier:
        return cast(Tier, await info.context.load(overview.by_codes, root.to_code))


@shows(simulations.TierOutcome, description="What a version of the rules would do to everybody.")
class Outcome:
    up: int = strawberry.field(description="How many would rise, at once.")
    down: int = strawberry.field(description="How many would fall, after their time of grace.")
    same: int = strawberry.field(description="How many would stay.")
    down_anyway: int = strawberry.field(description="How many of those who would fall do so by the live rules too.")
    moves: list[Move] = strawberry.field(description="The matrix, without those who stay.")

    @strawberry.field(
        description="What the benefits would cost more a month if everybody used all they may; negative: less."
    )
    def monthly_cost_change(root: strawberry.Parent[simulations.TierOutcome]) -> Money:
        return cast(Money, root.cost)


@shows(simulations.Simulation, description="Rules tried on all members as they were at one moment.")
class Simulation(Node):
    status: RunStatus = strawberry.field(description="Whether it is done.")
    snapshot_at: datetime = strawberry.field(description="The moment as of which members are counted.")
    members: int | None = strawberry.field(description="How many members there are; null until they are counted.")
    hash: str | None = strawberry.field(
        description="Of the rules, the live rules, the members and the outcome: who approves names it. Null until done."
    )

    @strawberry.field(description="From 0 to 1.")
    def progress(root: strawberry.Parent[simulations.Simulation]) -> Decimal:
        return simulations.progress(root)

    @strawberry.field(description="What would become of everybody; null until done.")
    async def outcome(root: strawberry.Parent[simulations.Simulation], info: Info) -> Outcome | None:
        return cast(Outcome | None, await info.context.load(simulations.outcomes, root.id))


@shows(rules.TierRule, description="What one version asks for one tier.")
class TierRule:
    points_at_least: int = strawberry.field(description="Points of the score.")
    activity_at_least: int = strawberry.field(
        description="Redemptions, repayments on time and orders of the last 365 days, one point each."
    )
    grace_days: int = strawberry.field(description="How long the tier is kept by who falls below it.")

    @requires(Permission.SEE_TIERS)
    @strawberry.field(description="The tier.")
    async def tier(root: strawberry.Parent[rules.TierRule], info: Info) -> Tier:
        return cast(Tier, await info.context.load(overview.by_codes, root.tier_code))


@shows(rules.TierRulesMove, description="A step that a version took.")
class RulesStep:
    at: datetime = strawberry.field(description="When.")
    status: RulesStatus = strawberry.field(description="What it came to.")
    comment: str = strawberry.field(description="What was said with it.")

    @strawberry.field(description="Who took it, by name; null where its time had come.")
    async def by(root: strawberry.Parent[rules.TierRulesMove], info: Info) -> str | None:
        return await info.context.load(staff.names_of, root.by_id) if root.by_id else None


RUNS = {RunState.RUNNING: RunStatus.RUNNING, RunState.DONE: RunStatus.DONE, RunState.SUPERSEDED: RunStatus.FAILED}


@shows(reevaluations.ReevaluationProgress, description="Everybody being judged by rules that have become live.")
class Reevaluation:
    people: int = strawberry.field(description="How many members there are.")
    done: int = strawberry.field(description="How many of them have been judged.")
    moved: int = strawberry.field(description="How many of them are at another tier now.")
    told_until: datetime | None = strawberry.field(
        description="When the last of these hears of it, one after another; null where nobody has moved."
    )

    @strawberry.field(description="FAILED where other rules became live in the middle.")
    def status(root: strawberry.Parent[reevaluations.ReevaluationProgress]) -> RunStatus:
        return RUNS[root.state]


@shows(rules.TierRules, description="A version of what each tier asks.")
class TierRules(Node):
    version: int = strawberry.field(description="1 at first, one more with each draft.")
    status: RulesStatus = strawberry.field(description="Where it stands.")
    effective_at: datetime | None = strawberry.field(description="From when it is or was live; null until scheduled.")
    created_at: datetime = strawberry.field(description="When it was drafted.")

    @strawberry.field(description="Why, in the author's words.")
    def note(root: strawberry.Parent[rules.TierRules], info: Info) -> str | None:
        return root.note if root.author_id else say(root.note, info.context.locale)

    @strawberry.field(name="rules", description="One for each tier, the lowest first.")
    def rules_(root: strawberry.Parent[rules.TierRules]) -> list[TierRule]:
        return cast(list[TierRule], root.ladder)

    @strawberry.field(description="Who drafted it, by name.")
    async def author(root: strawberry.Parent[rules.TierRules], info: Info) -> str:
        name = await info.context.load(staff.names_of, root.author_id) if root.author_id else None
        return name or say(HOUSE, info.context.locale)

    @requires(Permission.SEE_TIERS)
    @strawberry.field(description="The newest, which a second person approves by its hash; null where there is none.")
    async def simulation(root: strawberry.Parent[rules.TierRules], info: Info) -> Simulation | None:
        return cast(Simulation | None, await info.context.load(simulations.newest, root.id))

    @strawberry.field(description="How far everybody is judged by it; null where it never became live.")
    async def reevaluation(root: strawberry.Parent[rules.TierRules], info: Info) -> Reevaluation | None:
        return cast(Reevaluation | None, await info.context.load(reevaluations.newest, root.id))

    @strawberry.field(description="What was done with it since it was drafted, oldest first.")
    async def steps(root: strawberry.Parent[rules.TierRules], info: Info) -> list[RulesStep]:
        return cast(list[RulesStep], await info.context.load(rules.steps_of, root.id) or [])


SimulationId = Annotated[strawberry.ID, strawberry.argument(description="Of a Simulation.")]


@strawberry.type
class TierRulesQuery:
    @requires(Permission.SEE_TIERS)
    @strawberry.field(description="The rules by which everybody is judged.")
    async def current_tier_rules(self, info: Info) -> TierRules:
        async with reading() as db:
            return cast(TierRules, await rules.live(db))

    @requires(Permission.SEE_TIERS)
    @strawberry.field(description="All versions, the newest first.")
    async def tier_rules_versions(
        self, info: Info, first: First = None, after: After = None
    ) -> Connection[TierRules] | None:
        return await listed(rules.all_versions(), [rules.TierRules.version], first, after, newest_first=True)

    @requires(Permission.SEE_TIERS)
    @strawberry.field(description="One simulation; null for what is none.")
    async def simulation(self, info: Info, id: SimulationId) -> Simulation | None:
        parsed = parse_global_id(id)
        if parsed is None or parsed[0] != "Simulation":
            return None
        async with reading() as db:
            return cast(Simulation | None, await simulations.find(db, parsed[1]))
