"""Application: a person's request for a product, its state, and the time by which an answer is promised."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Index, Select, and_, bindparam, func, select, text
from sqlalchemy.orm import Mapped, mapped_column

from domain.actors import Actor, PartnerActor, StaffActor, UserActor
from domain.people import putting_away, worlds
from domain.permissions import Permission
from infra import clock, feeds
from infra.database import Db
from infra.entity import Entity, Id, Minor, OwnerId
from infra.events import declare
from infra.feeds import InFeed
from infra.lifecycle import Lifecycle, Move
from infra.loaders import is_any_pair, loader
from infra.outbox import Event
from infra.privacy import Erasure, Export, Privacy
from infra.questions import Question
from infra.records import Record
from infra.revisions import Raised, raises
from infra.words import N_


class ApplicationStatus(StrEnum):
    SUBMITTED = "SUBMITTED"
    DELAYED = "DELAYED"
    IN_REVIEW = "IN_REVIEW"
    APPROVED = "APPROVED"
    DECLINED = "DECLINED"
    WITHDRAWN = "WITHDRAWN"
    ACCEPTED = "ACCEPTED"
    EXPIRED = "EXPIRED"


SUBMITTED, WITHDRAWN = declare("application.submitted"), declare("application.withdrawn")
APPROVED, DECLINED = declare("application.approved", by=str), declare("application.declined", by=str)
REFERRED, DELAYED = declare("application.referred", by=str), declare("application.delayed")
ACCEPTED, EXPIRED = declare("application.accepted"), declare("application.expired")
PROMISE_DUE = declare("application.promise_due")

Status = ApplicationStatus
UNDECIDED = (Status.SUBMITTED, Status.DELAYED, Status.IN_REVIEW)
AWAITING_REVIEW = (Status.DELAYED, Status.IN_REVIEW)
OPEN = (*UNDECIDED, Status.APPROVED)

NOT_OPEN = N_("This application cannot be decided now.")
CLOSED = N_("This application is closed, so it cannot be withdrawn.")

LIFE = Lifecycle(
    "Application",
    Move([Status.SUBMITTED, Status.DELAYED, Status.DECLINED], Status.IN_REVIEW, REFERRED, refused=NOT_OPEN),
    Move([Status.SUBMITTED, Status.IN_REVIEW], Status.DELAYED, DELAYED, at="promised_by", due=PROMISE_DUE),
    Move(UNDECIDED, Status.APPROVED, APPROVED, refused=NOT_OPEN),
    Move(UNDECIDED, Status.DECLINED, DECLINED, refused=NOT_OPEN),
    Move([Status.APPROVED], Status.ACCEPTED, ACCEPTED),
    Move([Status.APPROVED], Status.EXPIRED, EXPIRED, at="expires_at of its offer"),
    Move((*OPEN, Status.ACCEPTED), Status.WITHDRAWN, WITHDRAWN, refused=CLOSED),
    begins=Status.SUBMITTED,
    event=SUBMITTED,
    ends=(Status.EXPIRED, Status.WITHDRAWN),
    lapses={Status.DECLINED: "30 days after its decision"},
    groups={"undecided": UNDECIDED, "awaiting review": AWAITING_REVIEW, "open": OPEN},
)


@raises(Raised.OWNERS)
class Application(InFeed, Entity):
    """A person's application for a product; the partner follows it in a feed of changes."""

    __tablename__ = "applications"
    __privacy__ = Privacy(Export.GIVEN, Erasure.KEPT)
    __record__ = Record(later=("status", "promised_by", "updated_at", "feed_position"))

    user_id: Mapped[OwnerId]
    id: Mapped[Id] = mapped_column(init=False)
    product_id: Mapped[UUID]
    partner_id: Mapped[UUID]
    amount: Mapped[Minor]
    currency: Mapped[str]
    term_months: Mapped[int]
    status: Mapped[ApplicationStatus]
    promised_by: Mapped[datetime]
    created_at: Mapped[datetime]

    __table_args__ = (
        feeds.placed_index(),
        feeds.waiting_index("ix_applications_unplaced", "partner_id", "updated_at", "id"),
        Index(None, "status", "promised_by", "id"),
        Index(None, "id"),
        Index(None, "created_at"),
    )


# Two quick taps are one request: the same product, amount and term, while it is open.
Index(
    "uq_applications_open",
    Application.user_id,
    Application.product_id,
    Application.amount,
    Application.term_months,
    unique=True,
    postgresql_where=Application.status.in_(OPEN),
)

Index(
    "ix_applications_accepted",
    Application.updated_at,
    postgresql_where=Application.status == ApplicationStatus.ACCEPTED,
)

# Its states are written into the statement: by parameters Postgres could not know that this index has all who wait.
IS_AWAITING_REVIEW = Application.status.in_(
    bindparam("awaiting_review", AWAITING_REVIEW, expanding=True, literal_execute=True)
)
Index(
    "ix_applications_awaiting_review",
    Application.promised_by,
    Application.id,
    postgresql_where=IS_AWAITING_REVIEW,
)


def visible_to(actor: Actor) -> Select[Application]:
    """The applications that this actor may see: their own, those made to them, or, for reviewers, all of live partners."""
    match actor:
        case UserActor():
            return select(Application).where(Application.user_id == actor.user_id)
        case PartnerActor() if actor.may(Permission.ANSWER_APPLICATIONS):
            return select(Application).where(Application.partner_id == actor.partner_id)
        case StaffActor() if actor.may(Permission.REVIEW_APPLICATIONS):
            return select(Application).where(worlds.of_live_partner(Application.partner_id))
        case PartnerActor() | StaffActor():
            return select(Application).where(text("false"))


async def find(db: Db, actor: Actor, id: UUID) -> Application | None:
    return (await db.execute(visible_to(actor).where(Application.id == id))).scalar_one_or_none()


async def lock(db: Db, actor: Actor, id: UUID) -> Application | None:
    """Find an application as `find` does; until the transaction ends nobody else changes it.

    Its owner is read first: the rows of a person lie together, so a lock that names the person is taken in one place.
    """
    whose = visible_to(actor).where(Application.id == id).with_only_columns(Application.user_id)
    owner = (await db.execute(whose)).scalar_one_or_none()
    if owner is None:
        return None
    mine = visible_to(actor).where(Application.user_id == owner, Application.id == id)
    # Read anew, also where this transaction has read it before it waited.
    anew = mine.with_for_update().execution_options(populate_existing=True)
    return (await db.execute(anew)).scalar_one_or_none()


async def move(db: Db, application: Application, status: Status, *field: str, **data: str) -> None:
    """Take it to another state and announce it. Refuses NOT_OPEN where a client asked, by `field`, and it is not possible."""
    LIFE.require(application.status, status, *field)
    application.updated_at = await clock.now(db)
    await LIFE.move(db, application, status, **data)


async def count_open(db: Db, application: Application) -> tuple[int, int]:
    """How many of this person's are open, and how many of them ask for the same as this one."""
    is_same = and_(
        Application.product_id == application.product_id,
        Application.amount == application.amount,
        Application.term_months == application.term_months,
    )
    mine = select(func.count(), func.count().filter(is_same))
    is_open = Application.status.in_(OPEN)
    every, same = (await db.execute(mine.where(Application.user_id == application.user_id, is_open))).one()
    return every, same


async def _unfinished(db: Db, user_id: UUID) -> str | None:
    theirs = select(Application.id).where(Application.user_id == user_id, Application.status.in_(OPEN)).limit(1)
    if (await db.execute(theirs)).first() is None:
        return None
    return N_("You have an application open here. Take it back, or let it come to its end, and try again.")


putting_away.unfinished.append(_unfinished)


_BY_KEY = Question(lambda: select(Application).where(is_any_pair(Application.user_id, Application.id)))


@loader(_BY_KEY)
async def by_keys(
    db: Db | None, keys: set[tuple[UUID, UUID]], now: datetime, rows: list[tuple[Application]]
) -> dict[tuple[UUID, UUID], Application]:
    """Applications by (user, id)."""
    return {(application.user_id, application.id): application for (application,) in rows}


async def timelines(db: Db, ids: set[UUID]) -> dict[UUID, list[Event]]:
    """What happened to each of them, oldest first: its events."""
    told = (
        select(Event)
        .where(Event.subject_id.in_(ids), Event.name.startswith("application."))
        .order_by(Event.occurred_at, Event.id)
    )
    by_application: dict[UUID, list[Event]] = {id: [] for id in ids}
    for event in (await db.execute(told)).scalars():
        if event.subject_id is not None and event.name != "application.promise_due":
            by_application[event.subject_id].append(event)
    return by_application
