"""PlanSubscription: a plan that a person bought, and until when it is paid."""

from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, func, or_, select, text
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Mapped, mapped_column

from domain.payments.payments import Payment
from domain.people import invented, putting_away
from infra import clock, outbox
from infra.database import Db
from infra.entity import Entity, Id, OwnerId
from infra.events import declare
from infra.lifecycle import Lifecycle, Move
from infra.loaders import ANY_KEY
from infra.privacy import Erasure, Export, Privacy
from infra.questions import Question
from infra.revisions import Raised, raises
from infra.words import N_
from membership.plans.plans import MembershipPlan

GRACE = timedelta(days=7)
CAUSE = "plan"  # of its payments and refunds
# The subject of all of them is the subscription.
BEGAN, LEFT, FAILED, LAPSED = map(declare, ("plan.began", "plan.left", "plan.payment_failed", "plan.lapsed"))
LOOK_DUE, REFUNDED = declare("plan.look_due"), declare("plan.refunded")
RENEWAL_NEAR = declare("plan.renewal_near")
# In China five days ahead at the least (Measures for Online Trading, article 18); quiet hours may take one of the seven.
FORETOLD = timedelta(days=7)


class PlanStatus(StrEnum):
    NEEDS_PAYMENT = "NEEDS_PAYMENT"
    TRIAL = "TRIAL"
    ACTIVE = "ACTIVE"
    GRACE = "GRACE"
    LAPSED = "LAPSED"
    CANCELLED = "CANCELLED"


S = PlanStatus
GOING = (S.TRIAL, S.ACTIVE, S.GRACE)
LIFE = Lifecycle(
    "Plan subscription",
    Move([S.NEEDS_PAYMENT], S.TRIAL, BEGAN),
    Move([S.NEEDS_PAYMENT], S.ACTIVE, BEGAN),
    Move([S.TRIAL, S.GRACE], S.ACTIVE),
    Move([S.TRIAL, S.ACTIVE], S.GRACE, FAILED),
    Move([S.NEEDS_PAYMENT], S.LAPSED),
    Move([S.GRACE], S.LAPSED, LAPSED, at="grace_until", due=LOOK_DUE),
    Move([S.NEEDS_PAYMENT, *GOING], S.CANCELLED, LEFT, refused=N_("This plan has ended already.")),
    begins=S.NEEDS_PAYMENT,
    ends=[S.LAPSED, S.CANCELLED],
    groups={"going": GOING, "open": (S.NEEDS_PAYMENT, *GOING)},
)


@raises(Raised.OWNERS)
class PlanSubscription(Entity):
    """`paid_from`: when the first paid period began; `periods_paid` of them are paid since. `paid_until`: what is tried or paid
    for ends then; `grace_until`: its benefits stay, or stayed, though a payment failed. `years_settled`: of so many paid years
    what was not saved went back.
    """

    __tablename__ = "plan_subscriptions"
    __privacy__ = Privacy(Export.GIVEN, Erasure.KEPT)

    user_id: Mapped[OwnerId]
    id: Mapped[Id] = mapped_column(init=False)
    plan_id: Mapped[UUID] = mapped_column(ForeignKey("plans.id"))
    begun_at: Mapped[datetime]
    status: Mapped[PlanStatus] = mapped_column(default=PlanStatus.NEEDS_PAYMENT)
    paid_from: Mapped[datetime | None] = mapped_column(default=None)
    periods_paid: Mapped[int] = mapped_column(default=0)
    paid_until: Mapped[datetime | None] = mapped_column(default=None)
    grace_until: Mapped[datetime | None] = mapped_column(default=None)
    years_settled: Mapped[int] = mapped_column(default=0)

    __table_args__ = (
        CheckConstraint("periods_paid >= 0 AND years_settled >= 0", name="not_negative"),
        CheckConstraint("status = 'LAPSED' OR (status = 'GRACE') = (grace_until IS NOT NULL)", name="grace"),
        Index(None, "plan_id"),
        Index("ix_plan_subscriptions_ended", "paid_until", postgresql_where=text("status IN ('LAPSED', 'CANCELLED')")),
        # Two taps at once buy one.
        Index(
            "uq_plan_subscriptions_open",
            "user_id",
            unique=True,
            postgresql_where=text("status IN ('NEEDS_PAYMENT', 'TRIAL', 'ACTIVE', 'GRACE')"),
        ),
    )

    @property
    def is_open(self) -> bool:
        """Whether it goes on, or begins once it is paid."""
        return self.status in LIFE.groups["open"]

    @property
    def valid_until(self) -> datetime | None:
        """The time until which its benefits are held; None before it is paid."""
        return self.grace_until or self.paid_until

    def is_held_at(self, now: datetime) -> bool:
        """Whether it grants its benefits: while it goes on, and while it was left and is paid for."""
        return self.status in GOING or (self.paid_until is not None and self.paid_until > now)

    def lacks(self, payment: Payment) -> bool:
        """Whether the time that this payment was asked for is still to be paid: another may have paid it since."""
        return self.paid_until is None or self.paid_until <= payment.begun_at

    @property
    def renews_at(self) -> datetime | None:
        return self.paid_until if self.status in (PlanStatus.TRIAL, PlanStatus.ACTIVE) else None

    def is_renewed_soon(self, now: datetime) -> bool:
        return self.renews_at is not None and now < self.renews_at <= now + FORETOLD


# The one that each person bought last, whatever became of it.
NEWEST = Question(
    lambda: (
        select(PlanSubscription)
        .where(PlanSubscription.user_id == ANY_KEY)
        .ext(distinct_on(PlanSubscription.user_id))
        .order_by(PlanSubscription.user_id, PlanSubscription.id.desc())
    )
)


async def lock(db: Db, user_id: UUID, subscription_id: UUID) -> PlanSubscription | None:
    """The subscription as it is now; nobody else changes it until this transaction ends."""
    mine = select(PlanSubscription).where(PlanSubscription.user_id == user_id, PlanSubscription.id == subscription_id)
    return (await db.execute(mine.with_for_update().execution_options(populate_existing=True))).scalar_one_or_none()


async def plan_renewal(db: Db, bought: PlanSubscription) -> None:
    """Let it be renewed once what is paid for is over, and the person be told before."""
    assert bought.paid_until is not None, "something is paid for"
    owner, ends = bought.user_id, bought.paid_until
    near = max(ends - FORETOLD, await clock.now(db))
    await outbox.announce(db, LOOK_DUE, user_id=owner, subject_id=bought.id, due_at=ends)
    await outbox.announce(db, RENEWAL_NEAR, user_id=owner, subject_id=bought.id, due_at=near)


async def locked_of_plan(db: Db, user_id: UUID, plan_id: UUID) -> list[PlanSubscription]:
    """All that the person ever bought of this version of a plan, as they are now and locked."""
    mine = select(PlanSubscription).where(PlanSubscription.user_id == user_id, PlanSubscription.plan_id == plan_id)
    locked = mine.order_by(PlanSubscription.id).with_for_update().execution_options(populate_existing=True)
    return list((await db.execute(locked)).scalars())


async def counts_of(db: Db, codes: set[str]) -> dict[str, int]:
    """How many people have each of these plans now, at whatever price they bought it; whose count is 0 is missing."""
    now = await clock.now(db)
    is_held = or_(PlanSubscription.status.in_(GOING), PlanSubscription.paid_until > now)
    counted = (
        select(MembershipPlan.code, func.count(PlanSubscription.user_id.distinct()))
        .join(PlanSubscription, PlanSubscription.plan_id == MembershipPlan.id)
        .where(MembershipPlan.code.in_(codes), is_held, invented.counts(PlanSubscription.user_id))
        .group_by(MembershipPlan.code)
    )
    return dict((await db.execute(counted)).all())


async def all_of(db: Db, user_id: UUID) -> list[PlanSubscription]:
    """All that the person ever bought, the newest first."""
    mine = select(PlanSubscription).where(PlanSubscription.user_id == user_id)
    return list((await db.execute(mine.order_by(PlanSubscription.id.desc()))).scalars())


async def left_until(db: Db, user_id: UUID, code: str) -> datetime | None:
    """The end of what the person has paid for of a plan of this code that they left; None where they never did."""
    paid = select(func.max(PlanSubscription.paid_until)).join(
        MembershipPlan, MembershipPlan.id == PlanSubscription.plan_id
    )
    mine = paid.where(PlanSubscription.user_id == user_id, PlanSubscription.status == PlanStatus.CANCELLED)
    return (await db.execute(mine.where(MembershipPlan.code == code))).scalar_one()


async def _unfinished(db: Db, user_id: UUID) -> str | None:
    theirs = select(PlanSubscription.id).where(
        PlanSubscription.user_id == user_id, PlanSubscription.status.in_(LIFE.groups["open"])
    )
    if (await db.execute(theirs.limit(1))).first() is None:
        return None
    return N_("You have a plan here, which would be renewed. Leave it first, or write to us.")


putting_away.unfinished.append(_unfinished)
