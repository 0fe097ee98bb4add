"""Reactions of agreements: what happens by itself once its time has come."""

from domain.agreements import agreements, claiming, delivering, deposits, handovers
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


@reaction(deposits.CLAIM_DUE, stored_as="let_claim_stand")
async def let_claim_stand(db: Db, event: Event) -> None:
    """Also of a lease that was taken back meanwhile, which no day comes to any more."""
    assert event.user_id and event.subject_id, "a claim is on somebody's deposit"
    await claiming.let_stand(db, event.user_id, event.subject_id)
