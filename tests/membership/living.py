"""A member's life, told in tests: days of one's own, scores without a model, activity without a partner."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from domain.agreements import agreements
from domain.credit import scores
from domain.credit.grades import Grade
from domain.credit.scoring import Scored
from infra import outbox, vault
from infra.database import Db, transaction
from infra.ids import new_id
from membership import activity, evaluating, joining
from membership.members import Member

FIRST_DAY = datetime(2026, 1, 10, 4, tzinfo=UTC)  # noon in Shanghai


@asynccontextmanager
async def on(day: datetime) -> AsyncIterator[Db]:
    """A transaction on that day, whatever day the other tests have."""
    async with transaction() as db:
        db.info["now"] = day
        yield db


async def newcomer(day: datetime = FIRST_DAY) -> UUID:
    """Somebody who has just registered and joined."""
    async with on(day) as db:
        key = vault.new_person_key(new_id())
        db.add(key)
        await joining.join(db, key.user_id)
        return key.user_id


async def give_score(db: Db, user_id: UUID, points: int) -> None:
    scored = Scored(
        probability=0.03,
        points=points,
        grade=Grade.B,
        base_points=points,
        factors=(),
        reasons=(),
        vector={},
        model_version="told",
        simulated=True,
    )
    now = db.info["now"]
    await scores.conclude(db, user_id, await scores.record(db, user_id, scored, now, 1), 1)


async def lose_score(db: Db, user_id: UUID) -> None:
    await scores.conclude(db, user_id, None, 2)


async def scored(user_id: UUID, points: int, day: datetime) -> Member:
    """The person gets a score, and is evaluated."""
    async with on(day) as db:
        await give_score(db, user_id, points)
        return await evaluating.evaluate(db, user_id)


async def evaluated(user_id: UUID, day: datetime) -> Member:
    async with on(day) as db:
        return await evaluating.evaluate(db, user_id)


async def active(user_id: UUID, times: int, day: datetime, event: str = "application.accepted") -> None:
    async with on(day) as db:
        for _ in range(times):
            data: dict[str, Any] = {"days_late": 0} if event == agreements.REPAID else {}
            await activity.count(db, await outbox.announce(db, event, user_id=user_id, **data))
