"""Approving a campaign: its author submits it, and somebody else says yes to exactly what is sent, to whom, for how much."""

from uuid import UUID

from domain import approvals
from domain.actors import StaffActor
from domain.permissions import Permission
from infra.database import Db
from infra.errors import Refusal, RefusalCode
from infra.words import N_
from membership import wishes
from membership.campaigns import campaigns
from membership.campaigns.campaigns import FIELD, Campaign, CampaignStatus

CAMPAIGN = approvals.declare(
    "campaign", proposes=Permission.CHANGE_MEMBERSHIP, approves=Permission.APPROVE_MEMBERSHIP, tells_itself=True
)
CHANGED = N_("The benefit of this campaign has changed since it was drafted. Draft a copy of it.")


async def submit(db: Db, actor: StaffActor, *, campaign_id: UUID, comment: str) -> Campaign:
    """Ask for a second person's word. Refuses NOT_FOUND, NOT_OPEN, INVALID, and STALE where its benefit is another one now."""
    wishes.check_comment(comment)
    campaign = await campaigns.demand(db, campaign_id)
    if campaign.status is CampaignStatus.SUBMITTED:
        return campaign
    await refuse_stale(db, campaign)
    await campaigns.step(db, campaign, CampaignStatus.SUBMITTED, actor, comment, *FIELD)
    await approvals.propose(db, actor, CAMPAIGN, subject=str(campaign.id), hash=campaign.hash, title=campaign.name)
    return campaign


async def approve(db: Db, actor: StaffActor, *, campaign_id: UUID, seen: str, comment: str) -> Campaign:
    """Say yes to the campaign of this hash. Refuses NOT_FOUND, NOT_OPEN, STALE, and SECOND_PERSON_REQUIRED to whoever drafted
    or submitted it.
    """
    wishes.check_comment(comment)
    campaign = await campaigns.demand(db, campaign_id)
    if campaign.author_id == actor.staff_id:
        raise Refusal(RefusalCode.SECOND_PERSON_REQUIRED, approvals.OWN)
    if await approvals.was_approved_by(db, actor, CAMPAIGN, subject=str(campaign.id), hash=seen):
        return campaign
    now = campaign.hash if await campaigns.is_as_approved(db, campaign) else ""
    await approvals.approve(db, actor, CAMPAIGN, subject=str(campaign.id), seen=seen, now=now, comment=comment)
    await campaigns.step(db, campaign, CampaignStatus.APPROVED, actor, comment)
    return campaign


async def reject(db: Db, actor: StaffActor, *, campaign_id: UUID, comment: str) -> Campaign:
    """Say no to what waits, which is a draft again; its author takes it back. Refuses NOT_FOUND, NOT_OPEN, INVALID."""
    wishes.check_comment(comment)
    campaign = await campaigns.demand(db, campaign_id)
    await campaigns.step(db, campaign, CampaignStatus.DRAFT, actor, comment, *FIELD)
    await approvals.reject(db, actor, CAMPAIGN, subject=str(campaign.id), comment=comment)
    return campaign


async def refuse_stale(db: Db, campaign: Campaign) -> None:
    if not await campaigns.is_as_approved(db, campaign):
        raise Refusal(RefusalCode.STALE, CHANGED, field=FIELD)
