"""Budget: what a campaign's benefit may cost. Each voucher takes its cost before it is issued, and gives it back if it is not used."""

from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from infra import clock
from infra.database import Db
from infra.entity import Entity, Minor
from infra.errors import Refusal, RefusalCode
from infra.words import N_
from membership.benefits import Benefit, BenefitSource
from membership.campaigns.campaigns import LIFE, Campaign
from membership.grants import ITS_SOURCE, Grant, is_honoured
from membership.members import Member
from membership.redemptions import Redemption

PREFIX = "campaign:"
BENEFIT = ("input", "benefitId")


class CampaignBudget(Entity):
    """`taken_minor`: what vouchers that were issued cost, used or not yet."""

    __tablename__ = "campaign_budgets"

    campaign_id: Mapped[UUID] = mapped_column(ForeignKey("campaigns.id"), primary_key=True)
    budget_minor: Mapped[Minor]
    taken_minor: Mapped[Minor] = mapped_column(default=0)

    __table_args__ = (CheckConstraint("taken_minor BETWEEN 0 AND budget_minor", name="kept"),)


# Of many at once each waits for the row and sees what the others took.
TAKE = text("""
    UPDATE campaign_budgets AS budget SET taken_minor = taken_minor + :cost
      FROM campaigns AS campaign
     WHERE budget.campaign_id = :campaign_id AND campaign.id = budget.campaign_id AND campaign.status = ANY(:going)
       AND campaign.ends_at > :now AND budget.taken_minor + :cost <= budget.budget_minor
    RETURNING budget.campaign_id
""")


async def open_for(db: Db, campaign: Campaign) -> None:
    """Write a budget down when its campaign begins."""
    row = insert(CampaignBudget).values(campaign_id=campaign.id, budget_minor=campaign.budget_minor, taken_minor=0)
    await db.execute(row.on_conflict_do_nothing())


async def charge(db: Db, user_id: UUID, benefit: Benefit) -> UUID | None:
    """Take what one use costs out of the budget of the campaign that grants it; None where the person holds it without one.
    A tier or plan whose promise of it is over pays for nothing any more.

    Refuses QUOTA_SPENT where no campaign that grants it has so much left.
    """
    now = await clock.now(db)
    granting = (
        select(Grant.source, Member.joined_at, BenefitSource.ended_at)
        .join(Member, Member.user_id == Grant.user_id)
        .outerjoin(BenefitSource, ITS_SOURCE)
        .where(Grant.user_id == user_id, Grant.benefit_id == benefit.id)
    )
    found = (await db.execute(granting.order_by(Grant.granted_at, Grant.source))).all()
    good = [source for source, joined_at, ended_at in found if is_honoured(benefit, joined_at, now, ended_at)]
    if any(not source.startswith(PREFIX) for source in good):
        return None
    given = {"cost": benefit.unit_cost_minor, "going": [*LIFE.groups["going"]], "now": now}
    for source in good:
        taken = await db.execute(TAKE, given | {"campaign_id": UUID(source.removeprefix(PREFIX))})
        if (campaign_id := taken.scalar_one_or_none()) is not None:
            return UUID(str(campaign_id))
    raise Refusal(RefusalCode.QUOTA_SPENT, N_("All of this offer has been taken."), field=BENEFIT)


async def give_back(db: Db, issued: Redemption) -> None:
    """Return the cost of a voucher that was not used."""
    if issued.campaign_id is not None:
        mine = update(CampaignBudget).where(CampaignBudget.campaign_id == issued.campaign_id)
        less = CampaignBudget.taken_minor - issued.unit_cost_minor
        await db.execute(mine.values(taken_minor=less).execution_options(synchronize_session=False))
