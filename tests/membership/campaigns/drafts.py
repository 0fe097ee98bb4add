"""Campaigns to try: drafted short, and brought as far as a test needs them."""

from typing import Any
from uuid import uuid4

from domain.actors import StaffActor
from infra.database import transaction
from infra.errors import Refusal, RefusalCode
from infra.money import Money
from membership.campaigns import approving, drafting
from membership.campaigns.audiences import Audience
from membership.campaigns.campaigns import Campaign, CampaignStatus
from membership.campaigns.drafting import ProposedCampaign, ProposedMessage

MESSAGES = (
    ProposedMessage("zh-CN", "周末影院", "会员可用 9.9 元看一场电影。", "longan://membership"),
    ProposedMessage("en", "A weekend at the cinema", "Members see a film for 9.9 yuan.", None),
)
BUDGET = Money(100_000, "CNY")


def proposed(**changes: Any) -> ProposedCampaign:
    usual: dict[str, Any] = {
        "name": "Cinema",
        "audience": Audience(),
        "messages": MESSAGES,
        "benefit_code": "cinema-ticket",
        "holdout_percent": 10,
        "budget": BUDGET,
    }
    return ProposedCampaign(**(usual | changes))


async def drafted(actor: StaffActor, key: str = "", **changes: Any) -> Campaign:
    async with transaction() as db:
        return await drafting.draft(db, actor, asked=proposed(**changes), key=key or str(uuid4()))


async def do(verb: Any, actor: StaffActor, campaign: Campaign, **how: Any) -> CampaignStatus | RefusalCode:
    """What became of the campaign, or why nothing did."""
    try:
        async with transaction() as db:
            stepped: Campaign = await verb(db, actor, campaign_id=campaign.id, **({"comment": ""} | how))
            return stepped.status
    except Refusal as refusal:
        return refusal.code


async def approved(author: StaffActor, approver: StaffActor, **changes: Any) -> Campaign:
    campaign = await drafted(author, **changes)
    assert await do(approving.submit, author, campaign) is CampaignStatus.SUBMITTED
    assert await do(approving.approve, approver, campaign, seen=campaign.hash) is CampaignStatus.APPROVED
    return campaign
