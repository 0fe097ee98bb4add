"""When a campaign runs: from its start to its end, unless it is paused, ended or taken back before."""

from datetime import datetime, timedelta
from uuid import UUID

from domain.actors import StaffActor
from infra import clock, outbox, receipts
from infra.database import Db
from infra.errors import Refusal, RefusalCode, invalid
from infra.words import N_
from membership import wishes
from membership.campaigns import approving, budgets, campaigns, revoking, telling
from membership.campaigns.approving import refuse_stale
from membership.campaigns.campaigns import END_DUE, FIELD, START_DUE, Campaign, CampaignStatus

AT_ONCE = timedelta(minutes=10)  # clocks differ: so long ago is now
AHEAD_MAX = LASTS_MAX = timedelta(days=365)
STARTS_AT, ENDS_AT = ("input", "startsAt"), ("input", "endsAt")
END_LATER = N_("Enter a time after the start, up to a year later.")
S = CampaignStatus


async def schedule(
    db: Db, actor: StaffActor, *, campaign_id: UUID, starts_at: datetime | None, ends_at: datetime, key: str
) -> Campaign:
    """Let an approved campaign run from one time, or None: from now, to another. Refuses NOT_FOUND, NOT_OPEN, INVALID, and
    STALE where its benefit is another one than was approved.
    """
    said = {"campaign": campaign_id, "starts": starts_at, "ends": ends_at}
    receipt = await receipts.claim(db, actor=actor.name, operation="schedule_campaign", key=key, input=said)
    campaign = await campaigns.demand(db, campaign_id)
    if receipt.result_id is not None:
        return campaign
    now = await clock.now(db)
    starts_at = starts_at or now
    if not now - AT_ONCE <= starts_at <= now + AHEAD_MAX:
        raise invalid(N_("Enter a time from now to a year ahead."), STARTS_AT)
    if not max(now, starts_at) < ends_at <= starts_at + LASTS_MAX:
        raise invalid(END_LATER, ENDS_AT)
    _require(campaign, S.APPROVED, N_("Somebody else must approve this campaign first."))
    await refuse_stale(db, campaign)
    campaign.starts_at, campaign.ends_at = max(now, starts_at), ends_at
    await campaigns.step(db, campaign, S.SCHEDULED, actor, "")
    await outbox.announce(db, START_DUE, subject_id=campaign.id, due_at=campaign.starts_at)
    await outbox.announce(db, END_DUE, subject_id=campaign.id, due_at=campaign.ends_at)
    receipt.result_id = campaign.id
    return campaign


async def unschedule(db: Db, actor: StaffActor, *, campaign_id: UUID, comment: str) -> Campaign:
    """Take back when a campaign is to begin, until it does: it is approved still. Refuses NOT_FOUND, NOT_OPEN, INVALID."""
    wishes.check_comment(comment)
    campaign = await campaigns.demand(db, campaign_id)
    if campaign.status is S.APPROVED:
        return campaign
    _require(campaign, S.SCHEDULED, N_("This campaign is not scheduled, or has begun."))
    campaign.starts_at = campaign.ends_at = None
    await campaigns.step(db, campaign, S.APPROVED, actor, comment)
    return campaign


async def start(db: Db, campaign_id: UUID) -> None:
    """Begin a campaign whose time has come; unless it was taken back, paused or put off. With another benefit than was approved
    it does not begin.
    """
    campaign = await campaigns.demand(db, campaign_id)
    if campaign.status is S.SCHEDULED and campaign.starts_at and campaign.starts_at <= await clock.now(db):
        await _run(db, campaign, None, "")


async def _run(db: Db, campaign: Campaign, actor: StaffActor | None, comment: str) -> None:
    if not await campaigns.is_as_approved(db, campaign):
        campaign.starts_at = campaign.ends_at = None
        await campaigns.step(db, campaign, S.APPROVED, None, approving.CHANGED)
        return
    await campaigns.step(db, campaign, S.RUNNING, actor, comment)
    await budgets.open_for(db, campaign)
    await telling.begin(db, campaign)


async def pause(db: Db, actor: StaffActor, *, campaign_id: UUID, comment: str) -> Campaign:
    """Let nobody more be told; what waits to leave waits on, and what was granted stays. Refuses NOT_FOUND, NOT_OPEN, INVALID."""
    wishes.check_comment(comment)
    campaign = await campaigns.demand(db, campaign_id)
    if campaign.status is not S.PAUSED:
        await stop(db, campaign, actor, comment)
    return campaign


async def stop(db: Db, campaign: Campaign, actor: StaffActor | None, comment: str) -> None:
    """Pause a campaign that its caller has locked. Refuses NOT_OPEN."""
    await campaigns.step(db, campaign, S.PAUSED, actor, comment, *FIELD)
    await telling.stop(db, campaign)


async def resume(db: Db, actor: StaffActor, *, campaign_id: UUID, comment: str) -> Campaign:
    """Go on where a campaign was paused: whoever was told is not told again. Refuses NOT_FOUND, NOT_OPEN, INVALID, and STALE
    where its benefit has changed meanwhile.
    """
    wishes.check_comment(comment)
    campaign = await campaigns.demand(db, campaign_id)
    if campaign.status in (S.RUNNING, S.SCHEDULED):
        return campaign
    _require(campaign, S.PAUSED, N_("This campaign is not paused."))
    await refuse_stale(db, campaign)
    assert campaign.starts_at is not None, "what was never scheduled was never paused"
    if campaign.starts_at > await clock.now(db):
        await campaigns.step(db, campaign, S.SCHEDULED, actor, comment)
    else:
        await _run(db, campaign, actor, comment)
    return campaign


async def end(db: Db, actor: StaffActor, *, campaign_id: UUID, comment: str) -> Campaign:
    """End a campaign for good, also one that never began. Refuses NOT_FOUND, NOT_OPEN, INVALID."""
    wishes.check_comment(comment)
    campaign = await campaigns.demand(db, campaign_id)
    if campaign.status is not S.ENDED:
        await _finish(db, campaign, actor, comment)
    return campaign


async def end_in_time(db: Db, campaign_id: UUID) -> None:
    """End a campaign whose time is over; unless it was taken back, or is to end later."""
    campaign = await campaigns.demand(db, campaign_id)
    is_over = campaign.ends_at is not None and campaign.ends_at <= await clock.now(db)
    if is_over and campaign.status is not S.ENDED:
        await _finish(db, campaign, None, "")


async def _finish(db: Db, campaign: Campaign, actor: StaffActor | None, comment: str) -> None:
    now, was = await clock.now(db), campaign.status
    await campaigns.step(db, campaign, S.ENDED, actor, comment, *FIELD)
    if was not in campaigns.LIFE.groups["going"]:
        return
    assert campaign.starts_at is not None and campaign.ends_at is not None, "what goes was scheduled"
    if campaign.starts_at < now < campaign.ends_at:
        campaign.ends_at = now
    await telling.stop(db, campaign)
    await revoking.begin(db, campaign)


def _require(campaign: Campaign, status: CampaignStatus, sentence: str) -> None:
    if campaign.status is not status:
        raise Refusal(RefusalCode.NOT_OPEN, sentence, field=FIELD)
