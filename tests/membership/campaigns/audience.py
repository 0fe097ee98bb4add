"""People whom a test's campaigns are for: they hold a plan that nobody else has."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import select

from domain.notices.notices import Notice
from domain.people import users
from infra import clock
from infra.database import reading, transaction
from infra.ids import new_id
from membership import joining
from membership.campaigns.audiences import Audience
from membership.campaigns.telling import CampaignPerson
from membership.plans.plans import MembershipPlan, OfferedStatus, PlanPeriod
from membership.plans.subscriptions import PlanStatus, PlanSubscription
from tests.phones import new_number


@dataclass
class Crowd:
    """All who hold this plan, in the order of their ids."""

    plan_id: UUID = field(default_factory=new_id)
    code: str = field(default_factory=lambda: f"plan-{uuid4()}")
    people: list[UUID] = field(default_factory=list)

    @property
    def audience(self) -> Audience:
        return Audience(plan_codes=(self.code,))

    async def grow(self, count: int) -> list[UUID]:
        """So many more people join and hold the plan."""
        async with transaction() as db:
            made = [(await users.register(db, new_number())).id for _ in range(count)]
            for user_id in made:
                await joining.join(db, user_id)
        await self.take_in(*made)
        return made

    async def take_in(self, *user_ids: UUID) -> None:
        """Let these members hold the plan too."""
        async with transaction() as db:
            now = await clock.now(db)
            if not self.people:
                db.add(self._plan(now))
                await db.flush()
            db.add_all(self._bought(user_id, now) for user_id in user_ids)
        self.people = sorted([*self.people, *user_ids])

    def _plan(self, now: datetime) -> MembershipPlan:
        return MembershipPlan(
            id=self.plan_id,
            code=self.code,
            version=1,
            name="A plan",
            price_minor=1,
            currency="CNY",
            period=PlanPeriod.YEAR,
            trial_days=0,
            created_at=now,
            status=OfferedStatus.RETIRED,
        )

    def _bought(self, user_id: UUID, now: datetime) -> PlanSubscription:
        return PlanSubscription(
            user_id=user_id,
            plan_id=self.plan_id,
            begun_at=now,
            status=PlanStatus.ACTIVE,
            paid_until=now + timedelta(days=300),
        )


async def crowd_of(count: int) -> Crowd:
    crowd = Crowd()
    await crowd.grow(count)
    return crowd


async def told_of(campaign_id: UUID, people: list[UUID]) -> list[UUID]:
    """Whose list has its message, one entry for each time that it stands there."""
    async with reading() as db:
        its = select(Notice.user_id).where(Notice.subject_id == campaign_id, Notice.user_id.in_(people))
        return list((await db.execute(its.order_by(Notice.user_id))).scalars())


async def left_out_of(campaign_id: UUID) -> dict[UUID, bool]:
    """All who were drawn for it, and whether the lot left them out."""
    async with reading() as db:
        its = select(CampaignPerson.user_id, CampaignPerson.is_held_out)
        return dict((await db.execute(its.where(CampaignPerson.campaign_id == campaign_id))).all())
