"""Changing campaigns: each step of one, from a draft to its end."""

from datetime import datetime
from typing import Annotated, TypedDict
from uuid import UUID

import strawberry

from api.console.campaigns import AudienceInput, Campaign, PausedAll
from api.graphql.context import Info
from api.graphql.mutations import Input, commit, id_check, id_of, key
from api.graphql.refusals import Refused
from api.graphql.requiring import requires
from api.graphql.scalars import MoneyInput
from domain.actors import StaffActor
from domain.permissions import Permission
from infra.database import Db
from membership.campaigns import approving, campaigns, drafting, pausing, scheduling
from membership.campaigns.drafting import ProposedCampaign, ProposedMessage

CampaignResult = Annotated[
    Campaign | Refused, strawberry.union("CampaignResult", description="The campaign as it is now, or why not.")
]
PauseAllResult = Annotated[
    PausedAll | Refused, strawberry.union("PauseAllResult", description="What was paused, or why nothing was.")
]
CAMPAIGN_ID = id_check("Campaign")


@strawberry.input(description="What people read whose language this is.")
class MessageInput:
    locale: str = strawberry.field(description="zh or en; each once. Who reads another language gets the first.")
    title: str = strawberry.field(description="One line of up to 60 characters.")
    body: str = strawberry.field(description="Up to 500 characters.")
    link: str | None = strawberry.field(default=None, description="longan://... or https://...; none: the membership.")


@strawberry.input(description="A new campaign.")
class DraftCampaignInput:
    name: str = strawberry.field(description="What staff call it: one line of up to 100 characters.")
    audience: AudienceInput = strawberry.field(description="Whom it is for.")
    messages: list[MessageInput] = strawberry.field(description="One for each language.")
    benefit_code: str | None = strawberry.field(
        default=None, description="Of a live benefit that it grants; none: it only tells."
    )
    holdout_percent: int = strawberry.field(description="0 to 50 of a hundred, left out by lot to compare with.")
    budget: MoneyInput = strawberry.field(description="What its benefit may cost altogether.")
    idempotency_key: str = key()


@strawberry.input(description="Which campaign is to take a step.")
class CampaignStepInput:
    campaign_id: strawberry.ID = strawberry.field(description="Of a Campaign.", metadata=CAMPAIGN_ID)
    comment: str | None = strawberry.field(default=None, description="What to keep beside the step.")


@strawberry.input(description="A second person's yes.")
class ApproveCampaignInput:
    campaign_id: strawberry.ID = strawberry.field(description="Of a Campaign.", metadata=CAMPAIGN_ID)
    hash: str = strawberry.field(description="Of the campaign that was seen.")
    comment: str | None = strawberry.field(default=None, description="What to keep beside the approval.")


@strawberry.input(description="When a campaign runs.")
class ScheduleCampaignInput:
    campaign_id: strawberry.ID = strawberry.field(description="Of a Campaign.", metadata=CAMPAIGN_ID)
    starts_at: datetime = strawberry.field(description="From now to a year ahead.")
    ends_at: datetime = strawberry.field(description="After the start, up to a year later.")
    idempotency_key: str = key()


@strawberry.input(description="Why all campaigns are to be paused.")
class PauseAllInput:
    reason: str = strawberry.field(description="One line of up to 500 characters.")
    idempotency_key: str = key()


@strawberry.type
class CampaignMutation:
    @requires(Permission.CHANGE_MEMBERSHIP)
    @strawberry.mutation(description="Write a new campaign. Nobody hears of it before it is approved and scheduled.")
    async def draft_campaign(self, info: Info, input: Input[DraftCampaignInput]) -> CampaignResult | None:
        actor = info.context.staff
        return await commit(info, lambda db: _draft(db, actor, input))

    @requires(Permission.CHANGE_MEMBERSHIP)
    @strawberry.mutation(description="Ask a second person to approve a draft.")
    async def submit_campaign(self, info: Info, input: Input[CampaignStepInput]) -> CampaignResult | None:
        actor, step = info.context.staff, _step(input)
        return await commit(info, lambda db: approving.submit(db, actor, **step))

    @requires(Permission.APPROVE_MEMBERSHIP)
    @strawberry.mutation(
        description="Say yes to exactly what was seen, as somebody else than the author; STALE where its benefit has changed."
    )
    async def approve_campaign(self, info: Info, input: Input[ApproveCampaignInput]) -> CampaignResult | None:
        actor, seen, step = info.context.staff, input.hash, _step(input)
        return await commit(info, lambda db: approving.approve(db, actor, seen=seen, **step))

    @requires(Permission.APPROVE_MEMBERSHIP)
    @strawberry.mutation(
        description="Say no to a campaign that waits, which is a draft again; its author takes it back."
    )
    async def reject_campaign(self, info: Info, input: Input[CampaignStepInput]) -> CampaignResult | None:
        actor, step = info.context.staff, _step(input)
        return await commit(info, lambda db: approving.reject(db, actor, **step))

    @requires(Permission.CHANGE_MEMBERSHIP)
    @strawberry.mutation(description="End a campaign for good, also one that never began.")
    async def end_campaign(self, info: Info, input: Input[CampaignStepInput]) -> CampaignResult | None:
        actor, step = info.context.staff, _step(input)
        return await commit(info, lambda db: scheduling.end(db, actor, **step))

    @requires(Permission.CHANGE_MEMBERSHIP)
    @strawberry.mutation(description="Let an approved campaign run from one time to another.")
    async def schedule_campaign(self, info: Info, input: Input[ScheduleCampaignInput]) -> CampaignResult | None:
        actor, id = info.context.staff, id_of("Campaign", input.campaign_id, "input", "campaignId")
        times, once = {"starts_at": input.starts_at, "ends_at": input.ends_at}, input.idempotency_key
        return await commit(info, lambda db: scheduling.schedule(db, actor, campaign_id=id, **times, key=once))

    @requires(Permission.CHANGE_MEMBERSHIP)
    @strawberry.mutation(description="Take back when a campaign is to begin, until it does. It is approved still.")
    async def unschedule_campaign(self, info: Info, input: Input[CampaignStepInput]) -> CampaignResult | None:
        actor, step = info.context.staff, _step(input)
        return await commit(info, lambda db: scheduling.unschedule(db, actor, **step))

    @requires(Permission.APPROVE_MEMBERSHIP)
    @strawberry.mutation(description="Let nobody more be told for now. What was granted stays.")
    async def pause_campaign(self, info: Info, input: Input[CampaignStepInput]) -> CampaignResult | None:
        actor, step = info.context.staff, _step(input)
        return await commit(info, lambda db: scheduling.pause(db, actor, **step))

    @requires(Permission.CHANGE_MEMBERSHIP)
    @strawberry.mutation(description="Go on where a campaign was paused: nobody is told twice.")
    async def resume_campaign(self, info: Info, input: Input[CampaignStepInput]) -> CampaignResult | None:
        actor, step = info.context.staff, _step(input)
        return await commit(info, lambda db: scheduling.resume(db, actor, **step))

    @requires(Permission.APPROVE_MEMBERSHIP)
    @strawberry.mutation(description="Pause all campaigns that run or are scheduled, at one person's word.")
    async def pause_all_campaigns(self, info: Info, input: Input[PauseAllInput]) -> PauseAllResult | None:
        actor, reason, once = info.context.staff, input.reason, input.idempotency_key
        return await commit(info, lambda db: pausing.pause_all(db, actor, reason=reason, key=once))


async def _draft(db: Db, actor: StaffActor, input: DraftCampaignInput) -> campaigns.Campaign:
    asked = ProposedCampaign(
        name=input.name,
        audience=await input.audience.to_audience(db, "input", "audience"),
        messages=[ProposedMessage(**vars(message)) for message in input.messages],
        benefit_code=input.benefit_code,
        holdout_percent=input.holdout_percent,
        budget=input.budget.to_money("input", "budget"),
    )
    return await drafting.draft(db, actor, asked=asked, key=input.idempotency_key)


class _Step(TypedDict):
    campaign_id: UUID
    comment: str


def _step(input: CampaignStepInput | ApproveCampaignInput) -> _Step:
    return {"campaign_id": id_of("Campaign", input.campaign_id, "input", "campaignId"), "comment": input.comment or ""}
