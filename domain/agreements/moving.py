"""Moving: an agreement walks the graph of its own kind."""

from domain.agreements import agreements
from domain.agreements.agreements import Agreement, AgreementStatus
from domain.agreements.kinds import KINDS
from infra.database import Db


async def move(db: Db, agreement: Agreement, status: AgreementStatus, *field: str) -> None:
    """Take it to another state and announce it. Refuses NOT_OPEN where a client asked, by `field`, and it is not possible."""
    life = KINDS[agreement.kind].life
    life.require(agreement.status, status, *field)
    await agreements.touch(db, agreement)
    if status in life.ends:
        agreement.ended_at, agreement.overdue_at = agreement.updated_at, None
        agreement.bucket, agreement.next_on = 0, None
    await life.move(db, agreement, status)
