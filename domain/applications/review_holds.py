"""ReviewHold: which reviewer looks at an application now. For a quarter of an hour nobody else of the staff decides it."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Index, select
from sqlalchemy.orm import Mapped, mapped_column

from domain import changes
from domain.actors import StaffActor
from domain.applications import applications
from domain.applications.applications import AWAITING_REVIEW, Application
from domain.applications.borrowers import APPLICATION
from infra import clock, lasting
from infra.database import Db
from infra.entity import Entity, OwnerId
from infra.errors import Refusal, RefusalCode, not_found
from infra.loaders import is_any_pair, loader
from infra.privacy import Erasure, Export, Privacy
from infra.questions import Question
from infra.words import N_

LASTS = timedelta(minutes=15)
Key = tuple[UUID, UUID]  # user, application


class ReviewHold(Entity):
    """A hold ends by itself at `held_until`; taking the application again holds it anew."""

    __tablename__ = "review_holds"
    __privacy__ = Privacy(Export.WITHHELD, Erasure.DELETED)

    user_id: Mapped[OwnerId]
    application_id: Mapped[UUID] = mapped_column(primary_key=True)
    staff_id: Mapped[UUID]
    held_until: Mapped[datetime]

    __table_args__ = (Index(None, "held_until"),)


async def take(db: Db, actor: StaffActor, application_id: UUID) -> Application:
    """Hold an application that awaits a review. Refuses NOT_FOUND, and NOT_OPEN what awaits none or somebody else holds."""
    application = await applications.lock(db, actor, application_id)
    if application is None:
        raise not_found(N_("We could not find this application."), APPLICATION)
    if application.status not in AWAITING_REVIEW:
        raise Refusal(RefusalCode.NOT_OPEN, applications.NOT_OPEN, field=APPLICATION)
    hold = await refuse_held(db, actor, application)
    until = await clock.now(db) + LASTS
    before = {"heldUntil": hold.held_until.isoformat() if hold else None}
    if hold is None:
        db.add(
            ReviewHold(
                user_id=application.user_id,
                application_id=application.id,
                staff_id=actor.staff_id,
                held_until=until,
            )
        )
    else:
        hold.staff_id, hold.held_until = actor.staff_id, until
    after = {"heldUntil": until.isoformat()}
    await changes.record(db, actor, "application", str(application_id), before=before, after=after)
    return application


async def refuse_held(db: Db, actor: StaffActor, application: Application) -> ReviewHold | None:
    """The hold there is, over or their own. Refuses NOT_OPEN, with the time from which it is free, what somebody else holds. The
    caller holds the application's row.
    """
    hold = await db.get(ReviewHold, (application.user_id, application.id), populate_existing=True)
    if hold is not None and hold.staff_id != actor.staff_id and await clock.now(db) < hold.held_until:
        sentence = N_("Somebody else is looking at this application.")
        raise Refusal(RefusalCode.NOT_OPEN, sentence, field=APPLICATION, retry_at=hold.held_until)
    return hold


_HOLDS = Question(lambda: select(ReviewHold).where(is_any_pair(ReviewHold.user_id, ReviewHold.application_id)))


@loader(_HOLDS)
async def in_force(
    db: Db | None, keys: set[Key], now: datetime, rows: list[tuple[ReviewHold]]
) -> dict[Key, ReviewHold]:
    """Who holds which now, by (user, application)."""
    lasting.until(*(hold.held_until for (hold,) in rows if now < hold.held_until))
    return {(hold.user_id, hold.application_id): hold for (hold,) in rows if now < hold.held_until}
