"""Plan: what is sold, for how much, over which time. Another price is another version, which nobody gets who pays already."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Select, select, text
from sqlalchemy.orm import Mapped, mapped_column

from infra.clock import local_day, local_moment, zone
from infra.database import Db
from infra.entity import Entity, Id, Minor
from infra.lifecycle import Lifecycle, Move
from infra.loaders import ANY_KEY, loader
from infra.money import Money
from infra.questions import Question
from infra.records import Record
from infra.revisions import Raised, raises
from membership.benefits import PLAN
from membership.quotas import months_after


class PlanPeriod(StrEnum):
    MONTH = "MONTH"
    QUARTER = "QUARTER"
    YEAR = "YEAR"

    @property
    def months(self) -> int:
        return {PlanPeriod.MONTH: 1, PlanPeriod.QUARTER: 3, PlanPeriod.YEAR: 12}[self]


class OfferedStatus(StrEnum):
    DRAFT = "DRAFT"
    SUBMITTED = "SUBMITTED"
    LIVE = "LIVE"
    RETIRED = "RETIRED"


S = OfferedStatus
LIFE = Lifecycle(
    "Plan",
    Move([S.DRAFT], S.SUBMITTED),
    Move([S.SUBMITTED], S.DRAFT),
    Move([S.DRAFT, S.SUBMITTED], S.LIVE),
    Move([S.DRAFT, S.SUBMITTED, S.LIVE], S.RETIRED),
    begins=S.DRAFT,
    ends=[S.RETIRED],
    groups={"undecided": (S.DRAFT, S.SUBMITTED)},
)


@raises(Raised.EVERYBODYS)
class MembershipPlan(Entity):
    """One version of a plan, which never changes: another wish is another version, with benefits of its own. `name` is a msgid
    where the house named it. `author_id` None: the house's first version.
    """

    __tablename__ = "plans"
    __record__ = Record(later=("status",))

    id: Mapped[Id]
    code: Mapped[str]
    version: Mapped[int]
    name: Mapped[str]
    price_minor: Mapped[Minor]
    currency: Mapped[str]
    period: Mapped[PlanPeriod]
    trial_days: Mapped[int]
    created_at: Mapped[datetime]
    status: Mapped[OfferedStatus] = mapped_column(default=OfferedStatus.LIVE)
    author_id: Mapped[UUID | None] = mapped_column(default=None)

    __table_args__ = (
        CheckConstraint("price_minor > 0 AND trial_days >= 0", name="sensible"),
        Index(None, "code", "version", unique=True),
        Index("uq_plans_live", "code", unique=True, postgresql_where=text("status = 'LIVE'")),
        Index("uq_plans_undecided", "code", unique=True, postgresql_where=text("status IN ('DRAFT', 'SUBMITTED')")),
    )

    @property
    def price(self) -> Money:
        return Money(self.price_minor, self.currency)

    @property
    def source(self) -> str:
        """What its benefits are granted by."""
        return plan_source(self.code, self.version)

    @property
    def periods_a_year(self) -> int:
        return 12 // self.period.months

    def ends(self, begun_at: datetime, periods: int) -> datetime:
        """When so many periods are over, at the same time of the day; from the 31st on the last day of a shorter month."""
        day: date = months_after(local_day(begun_at), periods * self.period.months)
        return local_moment(day, begun_at.astimezone(zone()).time())


def plan_source(code: str, version: int) -> str:
    """What grants the benefits of one version of a plan. The first was named before there were others."""
    return PLAN + (code if version == 1 else f"{code}:{version}")


def all_versions() -> Select[MembershipPlan]:
    return select(MembershipPlan)


async def offered(db: Db) -> list[MembershipPlan]:
    """What can be bought, the cheapest first."""
    live = select(MembershipPlan).where(MembershipPlan.status == OfferedStatus.LIVE)
    return list((await db.execute(live.order_by(MembershipPlan.price_minor, MembershipPlan.code))).scalars())


async def find(db: Db, code: str) -> MembershipPlan | None:
    """The version that is sold under this code."""
    live = select(MembershipPlan).where(MembershipPlan.code == code, MembershipPlan.status == OfferedStatus.LIVE)
    return (await db.execute(live)).scalar_one_or_none()


@loader(Question(lambda: select(MembershipPlan).where(MembershipPlan.id == ANY_KEY)))
async def by_ids(
    db: Db | None, ids: set[UUID], now: datetime, rows: list[tuple[MembershipPlan]]
) -> dict[UUID, MembershipPlan]:
    return {plan.id: plan for (plan,) in rows}
