"""Promises: by when an answer is due, and what happens when it is not there."""

from datetime import datetime, timedelta

from domain.applications.applications import LIFE, Application, ApplicationStatus, move
from infra import clock, outbox
from infra.database import Db
from infra.settings import settings

INSTANT = timedelta(seconds=5)
SMALL = timedelta(minutes=15)
LARGE = timedelta(hours=2)


def instantly(now: datetime) -> datetime:
    return now + INSTANT


def by_a_person(now: datetime, amount: int, currency: str) -> datetime:
    """A quarter of an hour below the currency's threshold, two hours from there on."""
    threshold = settings().promise_threshold.get(currency, 0)
    return now + (SMALL if amount < threshold else LARGE)


async def watch(db: Db, application: Application) -> None:
    """Let the promise be looked at when it falls due."""
    await outbox.announce(
        db,
        "application.promise_due",
        user_id=application.user_id,
        subject_id=application.id,
        due_at=application.promised_by,
    )


async def escalate(db: Db, application: Application) -> None:
    """An overdue promise is told to the person and goes to the review queue; a kept one needs nothing."""
    is_overdue = application.promised_by <= await clock.now(db)
    if is_overdue and LIFE.allows(application.status, ApplicationStatus.DELAYED):
        await move(db, application, ApplicationStatus.DELAYED)
