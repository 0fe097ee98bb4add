"""Agreement: an accepted offer in force, its terms as they were accepted, and where it stands."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Index, Numeric, Select, SmallInteger, select, text
from sqlalchemy.orm import Mapped, mapped_column

from domain.actors import Actor, PartnerActor, StaffActor, UserActor
from domain.market.kinds import ProductKind
from domain.market.products import PaymentOrder
from domain.money.conventions import Rounding
from domain.money.loans import Amortisation
from domain.people import putting_away, worlds
from domain.permissions import Permission
from infra import clock, feeds, outbox
from infra.database import Db
from infra.entity import Entity, Id, Minor, OwnerId
from infra.errors import Refusal, not_found
from infra.events import declare
from infra.feeds import InFeed
from infra.lifecycle import Lifecycle, Move
from infra.loaders import is_any_pair, loader
from infra.privacy import Erasure, Export, Privacy
from infra.questions import Question
from infra.revisions import Raised, raises
from infra.words import N_

COOLING_OFF = timedelta(hours=24)
DRAWN, OVERDUE, SETTLED = declare("agreement.drawn"), declare("agreement.overdue"), declare("agreement.settled")
UNWOUND, LAPSED = declare("agreement.unwound"), declare("agreement.lapsed")
DUE_SOON = declare("agreement.due_soon")  # an instalment; its subject is the agreement
FELL_BEHIND = declare("agreement.fell_behind", days=int)  # for so many days something is late by now: one of BUCKETS
LATE_FEE_CHARGED = declare("agreement.late_fee_charged", number=int)  # of the instalment that is late
LATE_FEE_WAIVED = declare("agreement.late_fee_waived", number=int)
REPLANNED = declare("agreement.replanned")  # what is still to come is due on other days, or less for a while
REPAID = declare("agreement.repaid", days_late=int)  # an instalment; its subject is the agreement
DELIVERY_REPORTED, DELIVERY_DUE = declare("agreement.delivery_reported"), declare("agreement.delivery_due")
RETURNING, RETURN_REFUSED = declare("agreement.returning"), declare("agreement.return_refused")
TAKEN_BACK, CANCELLED = declare("agreement.taken_back"), declare("agreement.cancelled")
TOO_LATE = N_("This acceptance can no longer be taken back.")


class AgreementStatus(StrEnum):
    PENDING = "PENDING"
    ACTIVE = "ACTIVE"
    OVERDUE = "OVERDUE"
    PAUSED = "PAUSED"
    RETURNING = "RETURNING"
    SETTLED = "SETTLED"
    UNWOUND = "UNWOUND"


Status = AgreementStatus
OPEN = (Status.PENDING, Status.ACTIVE, Status.OVERDUE, Status.PAUSED, Status.RETURNING)
OWING = (Status.ACTIVE, Status.OVERDUE, Status.PAUSED)
# Of kinds whose instalments can be put off.
PAUSES = (
    Move([Status.ACTIVE, Status.OVERDUE], Status.PAUSED),
    Move([Status.PAUSED], Status.ACTIVE),
    Move([Status.PAUSED], Status.OVERDUE, OVERDUE),
)


def life_of(what: str, *own: Move[Status]) -> Lifecycle[Status]:
    """The graph of one kind, by its name in words: what agreements of every kind do, and moves of its own."""
    moves = (
        Move([Status.PENDING], Status.ACTIVE),
        Move([Status.PENDING, Status.ACTIVE], Status.OVERDUE, OVERDUE, at="overdue_at"),
        Move([Status.OVERDUE], Status.ACTIVE),
        Move(OWING, Status.SETTLED, SETTLED),
        Move([Status.PENDING], Status.UNWOUND, UNWOUND, refused=TOO_LATE),
        *own,
    )
    return Lifecycle(
        f"Agreement of {what}",
        *moves,
        begins=Status.PENDING,
        ends=(Status.SETTLED, Status.UNWOUND),
        groups={"open": OPEN, "owing": OWING},
        later={*Status} - {Status.PENDING, *(move.target for move in moves)},
    )


@raises(Raised.OWNERS)
class Agreement(InFeed, Entity):
    """A contract between a person and a partner, who follows it in a feed. What it owes is worked out of its acts and stands in the ledger.

    `amount` is the most that the person can get of it; of a lease a month's rent, and `notice_days` how long before its last day
    notice of it is given. `overdue_at`: when the oldest instalment that is open is late, or None. `bucket`: the last of BUCKETS that
    it reached, 0 where nothing is late. `next_on`: the next day that does something to it by itself, or None; until then no day
    looks at it. `foretold_on`: the day of the last instalment that was told to be due soon. `draws_on`: the day on
    which a mandate draws what is due; None where none does, or nobody knows yet. `waits_since`: since the end of that day a draw waits
    that the person can do nothing about (`waiting.py`); None where none does.
    """

    __tablename__ = "agreements"
    __privacy__ = Privacy(Export.GIVEN, Erasure.KEPT)

    user_id: Mapped[OwnerId]
    id: Mapped[Id] = mapped_column(init=False)
    application_id: Mapped[UUID]
    offer_id: Mapped[UUID]
    product_id: Mapped[UUID]
    partner_id: Mapped[UUID]
    kind: Mapped[ProductKind]
    title: Mapped[str]
    amount: Mapped[Minor]
    currency: Mapped[str]
    term_months: Mapped[int]
    annual_rate: Mapped[Decimal] = mapped_column(Numeric(7, 5))
    fee: Mapped[Minor]  # of all of it; each draw-down bears its share
    cost_cap: Mapped[Decimal] = mapped_column(Numeric(7, 5))
    monthly_payment: Mapped[Minor]
    documents: Mapped[list[str]]  # the sha256 of each that the person saw
    signed_at: Mapped[datetime]
    status: Mapped[AgreementStatus] = mapped_column(default=AgreementStatus.PENDING)
    rounding: Mapped[Rounding] = mapped_column(default=Rounding.HALF_UP)  # by which its offer was planned
    amortisation: Mapped[Amortisation] = mapped_column(default=Amortisation.EQUAL)
    payment_order: Mapped[PaymentOrder] = mapped_column(default=PaymentOrder.CHARGES_FIRST)
    late_fee_rate: Mapped[Decimal] = mapped_column(
        Numeric(7, 5), default=Decimal(0)
    )  # once, of what of an instalment is late
    notice_days: Mapped[int | None] = mapped_column(default=None)
    overdue_at: Mapped[datetime | None] = mapped_column(default=None)
    ended_at: Mapped[datetime | None] = mapped_column(default=None)
    bucket: Mapped[int] = mapped_column(SmallInteger, default=0)
    next_on: Mapped[date | None] = mapped_column(default=None)
    foretold_on: Mapped[date | None] = mapped_column(default=None)
    draws_on: Mapped[date | None] = mapped_column(default=None)
    waits_since: Mapped[date | None] = mapped_column(default=None)

    __table_args__ = (
        Index(None, "user_id", "offer_id", unique=True),
        feeds.placed_index(),
        feeds.waiting_index("ix_agreements_unplaced", "partner_id", "updated_at", "id"),
        Index(None, "product_id"),
        Index(None, "id"),
        Index(None, "next_on", "user_id"),
        Index("ix_agreements_late", "bucket", "user_id", "id", postgresql_where="bucket > 0"),
    )

    @property
    def cooling_off_until(self) -> datetime:
        """The time until which the acceptance can be taken back, if nothing was drawn."""
        return self.signed_at + COOLING_OFF


def visible_to(actor: Actor) -> Select[Agreement]:
    """The agreements that this actor may see: their own, those with them, or, for reviewers, all of live partners."""
    match actor:
        case UserActor():
            return select(Agreement).where(Agreement.user_id == actor.user_id)
        case PartnerActor() if actor.may(Permission.ANSWER_APPLICATIONS):
            return select(Agreement).where(Agreement.partner_id == actor.partner_id)
        case StaffActor() if actor.may(Permission.REVIEW_APPLICATIONS):
            return select(Agreement).where(worlds.of_live_partner(Agreement.partner_id))
        case PartnerActor() | StaffActor():
            return select(Agreement).where(text("false"))


async def lock(db: Db, user_id: UUID, id: UUID) -> Agreement | None:
    """This one, read anew; until the transaction ends nobody else changes it or what it owes. Whoever moves its money holds it.

    Whoever waited for another goes on at the time of now, and is judged by what is owed since.
    """
    its = select(Agreement).where(Agreement.user_id == user_id, Agreement.id == id)
    anew = its.with_for_update().execution_options(populate_existing=True)
    agreement = (await db.execute(anew)).scalar_one_or_none()
    await clock.catch_up(db)
    return agreement


async def lock_own(db: Db, actor: UserActor, id: UUID) -> Agreement:
    """Refuses NOT_FOUND, by the field of the inputs that name one."""
    agreement = await lock(db, actor.user_id, id)
    if agreement is None:
        raise no_such_agreement()
    return agreement


async def lock_of_partner(db: Db, actor: PartnerActor, id: UUID) -> Agreement:
    """Refuses NOT_FOUND what is with somebody else, by the field of the inputs that name one."""
    its = visible_to(actor).with_only_columns(Agreement.user_id).where(Agreement.id == id)
    user_id = (await db.execute(its)).scalar_one_or_none()
    agreement = await lock(db, user_id, id) if user_id else None
    if agreement is None:
        raise no_such_agreement()
    return agreement


async def _unfinished(db: Db, user_id: UUID) -> str | None:
    theirs = select(Agreement.id).where(Agreement.user_id == user_id, Agreement.status.in_(OPEN)).limit(1)
    if (await db.execute(theirs)).first() is None:
        return None
    return N_("You have an agreement in force here. Settle it or take it back first, or write to us.")


putting_away.unfinished.append(_unfinished)


def no_such_agreement() -> Refusal:
    return not_found(N_("We could not find this agreement."), ("input", "agreementId"))


async def touch(db: Db, agreement: Agreement) -> None:
    """Something of it is another than before: its partner's feed shows it again, and whoever waits for it looks."""
    agreement.updated_at = await clock.now(db)
    outbox.wake(db, agreement.user_id)


_BY_APPLICATION = Question(lambda: select(Agreement).where(is_any_pair(Agreement.user_id, Agreement.application_id)))


@loader(_BY_APPLICATION)
async def of_applications(
    db: Db | None, keys: set[tuple[UUID, UUID]], now: datetime, rows: list[tuple[Agreement]]
) -> dict[tuple[UUID, UUID], Agreement]:
    """The agreements of many, by (user, application)."""
    return {(agreement.user_id, agreement.application_id): agreement for (agreement,) in rows}


_BY_ID = Question(lambda: select(Agreement).where(is_any_pair(Agreement.user_id, Agreement.id)))


@loader(_BY_ID)
async def by_ids(
    db: Db | None, keys: set[tuple[UUID, UUID]], now: datetime, rows: list[tuple[Agreement]]
) -> dict[tuple[UUID, UUID], Agreement]:
    """Agreements by (user, id)."""
    return {(agreement.user_id, agreement.id): agreement for (agreement,) in rows}
