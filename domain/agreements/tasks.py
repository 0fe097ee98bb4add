"""Reactions of agreements: what happens by itself once its time has come."""

from domain.agreements import agreements, delivering, handovers
from domain.agreements.agreements import AgreementStatus
from infra.database import Db
from infra.outbox import Event
from infra.reactions import reaction


@reaction(agreements.DELIVERY_DUE, stored_as="confirm_delivery")
async def confirm_delivery(db: Db, event: Event) -> None:
    """The person has said nothing; who confirmed it themselves has said something."""
    assert event.user_id and event.subject_id, "an agreement is somebody's"
    agreement = await agreements.lock(db, event.user_id, event.subject_id)
    if agreement is None or agreement.status is not AgreementStatus.PENDING:
        return
    handover = await handovers.of_agreement(db, agreement)
    if handover is not None and handover.confirmed_at is None:
        await delivering.conclude(db, agreement, handover)
