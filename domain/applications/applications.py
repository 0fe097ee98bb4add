"""Application: a person's request for a product, its state, and the time by which an answer is promised."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Index, Select, func, select, text
from sqlalchemy.orm import Mapped, mapped_column

from domain.actors import Actor, PartnerActor, StaffActor, UserActor
from domain.permissions import Permission
from infra import clock, feeds
from infra.database import Db
from infra.entity import Entity, Id, Minor, OwnerId
from infra.events import declare
from infra.feeds import InFeed
from infra.outbox import Event


class ApplicationStatus(StrEnum):
    SUBMITTED = "SUBMITTED"
    DELAYED = "DELAYED"
    IN_REVIEW = "IN_REVIEW"
    APPROVED = "APPROVED"
    DECLINED = "DECLINED"
    WITHDRAWN = "WITHDRAWN"
    ACCEPTED = "ACCEPTED"
    EXPIRED = "EXPIRED"


UNDECIDED = (ApplicationStatus.SUBMITTED, ApplicationStatus.DELAYED, ApplicationStatus.IN_REVIEW)
OPEN = (*UNDECIDED, ApplicationStatus.APPROVED)

SUBMITTED, WITHDRAWN = declare("application.submitted"), declare("application.withdrawn")
APPROVED, DECLINED = declare("application.approved", by=str), declare("application.declined", by=str)
REFERRED, DELAYED = declare("application.referred", by=str), declare("application.delayed")
ACCEPTED, EXPIRED = declare("application.accepted"), declare("application.expired")
PROMISE_DUE = declare("application.promise_due")


class Application(InFeed, Entity):
    """Its partner follows it in a feed of changes."""

    __tablename__ = "applications"

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
    updated_at: Mapped[datetime]

    __table_args__ = (
        Index(None, "partner_id", "feed_position", "id"),
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


def visible_to(actor: Actor) -> Select[Application]:
    """The applications that this actor may see: their own, those made to them, or, for reviewers, all."""
    match actor:
        case UserActor():
            return select(Application).where(Application.user_id == actor.user_id)
        case PartnerActor():
            return select(Application).where(Application.partner_id == actor.partner_id)
        case StaffActor() if actor.may(Permission.REVIEW_APPLICATIONS):
            return select(Application)
        case StaffActor():
            return select(Application).where(text("false"))


async def find(db: Db, actor: Actor, id: UUID, *, lock: bool = False) -> Application | None:
    query = visible_to(actor).where(Application.id == id)
    return (await db.execute(query.with_for_update() if lock else query)).scalar_one_or_none()


async def settle_changes(actor: PartnerActor) -> None:
    """Give what was changed since its place in the partner's feed."""
    await feeds.settle(Application, Application.partner_id, actor.partner_id)


def changes_for(actor: PartnerActor, status: ApplicationStatus | None, since: datetime | None) -> Select[Application]:
    """A partner's applications as a feed of changes: all that have their place, so nothing that could be overtaken."""
    feed = visible_to(actor).where(Application.feed_position.is_not(None))
    if status is not None:
        feed = feed.where(Application.status == status)
    return feed.where(Application.updated_at >= since) if since is not None else feed


async def move(db: Db, application: Application, status: ApplicationStatus) -> None:
    application.status = status
    application.updated_at = await clock.now(db)


async def is_open_for(db: Db, actor: UserActor, product_id: UUID, amount: int, term_months: int) -> bool:
    same = visible_to(actor).where(
        Application.product_id == product_id,
        Application.amount == amount,
        Application.term_months == term_months,
        Application.status.in_(OPEN),
    )
    return (await db.execute(same)).first() is not None


async def count_open(db: Db, user_id: UUID) -> int:
    mine = select(func.count()).where(Application.user_id == user_id, Application.status.in_(OPEN))
    return (await db.execute(mine)).scalar_one()


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
