"""Counting: money is moved only so often a day, and what cannot be counted is not moved."""

from uuid import UUID

from infra import counters
from infra.counters import Use
from infra.database import Db
from infra.errors import Refusal, RefusalCode
from infra.setting_parts import Rate
from infra.words import N_

PER_PERSON = Rate(times=200, seconds=86_400)


async def refuse_too_often(db: Db, user_id: UUID, operation: str) -> None:
    """Count once that this person begins to move money. Refuses RATE_LIMITED, with the time from which they can again."""
    if retry_at := await counters.take(db, [Use(PER_PERSON, operation, str(user_id))]):
        sentence = N_("You have tried this too often. Please try again later.")
        raise Refusal(RefusalCode.RATE_LIMITED, sentence, retry_at=retry_at)
