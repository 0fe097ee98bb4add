"""Reactions of agreements: what is late by itself."""

from domain.agreements import agreements, booking
from domain.agreements.agreements import AgreementStatus
from infra import clock
from infra.database import Db
from infra.outbox import Event
from infra.reactions import reaction


@reaction(agreements.OVERDUE_DUE, stored_as="find_overdue")
async def find_overdue(db: Db, event: Event) -> None:
    """What was paid since, or is planned anew, is not late; another event comes when it would be."""
    assert event.user_id and event.subject_id, "an agreement is somebody's"
    agreement = await agreements.lock(db, event.user_id, event.subject_id)
    if agreement is None or agreement.status is not AgreementStatus.ACTIVE or agreement.overdue_at is None:
        return
    if agreement.overdue_at <= await clock.now(db):
        await booking.accrue(db, agreement)
