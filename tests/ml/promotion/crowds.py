"""Crowds that no other test has, and what was written about them."""

from uuid import UUID

from sqlalchemy import func, select

from api.cli.bench.crowd import settle
from domain.credit import rescoring
from domain.credit.rescores import Rescore, RescoreReason
from domain.credit.scores import Score
from infra import reacting
from infra.database import reading, transaction
from infra.outbox import Event
from tests.working import due_for

__all__ = ["changes", "finish", "points", "rescore", "scores_each", "settle"]


async def rescore(ranges: int | None = None) -> Rescore:
    """From the beginning to the end."""
    async with transaction() as db:
        begun = await rescoring.begin(db, RescoreReason.ASKED, ranges)
    await finish(begun)
    return begun


async def finish(begun: Rescore) -> None:
    """Batch by batch, as the relay would deliver them."""
    while due := await due_for(begun.id):
        for owed in due:
            await reacting.react(*owed)


async def scores_each(people: list[UUID]) -> dict[UUID, int]:
    """How many scores each of these has."""
    async with reading() as db:
        counted = (
            select(Score.user_id, func.count().label("scores")).where(Score.user_id.in_(people)).group_by(Score.user_id)
        )
        return {row.user_id: row.scores for row in await db.execute(counted)}


async def points(people: list[UUID]) -> dict[UUID, list[int]]:
    """Of each, oldest first."""
    found: dict[UUID, list[int]] = {user_id: [] for user_id in people}
    async with reading() as db:
        told = select(Score.user_id, Score.points).where(Score.user_id.in_(people)).order_by(Score.id)
        for user_id, each in await db.execute(told):
            found[user_id].append(each)
    return found


async def changes(people: list[UUID]) -> dict[UUID, int]:
    """How often `score.changed` was announced about each of these."""
    async with reading() as db:
        announced = select(Event.user_id, func.count()).where(Event.name == "score.changed", Event.user_id.in_(people))
        return {user_id: count for user_id, count in await db.execute(announced.group_by(Event.user_id)) if user_id}
