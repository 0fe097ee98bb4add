"""Hearing: whoever moved by other rules hears of it in their turn, which may be hours later. What is taken back before is no news."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text

from infra import clock
from infra.database import Db
from membership import members

# Whom the worker is telling just now has heard of it, and hears of the step back too.
NOT_TOLD = text("""
    WITH owed AS (
      SELECT move.user_id, owed.event_id, owed.reaction, owed.handled_at
        FROM tier_moves AS move
        JOIN events AS event ON event.subject_id = move.id AND event.name = :name
        JOIN event_reactions AS owed ON owed.event_id = event.id
       WHERE move.user_id = ANY(:user_ids) AND move.rules_version = :version),
    waiting AS (
      SELECT owed.event_id, owed.reaction FROM owed
        JOIN event_reactions AS locked USING (event_id, reaction)
       WHERE locked.handled_at IS NULL
       ORDER BY owed.event_id FOR UPDATE OF locked SKIP LOCKED),
    dropped AS (
      UPDATE event_reactions AS owed SET handled_at = :now FROM waiting
       WHERE owed.event_id = waiting.event_id AND owed.reaction = waiting.reaction
      RETURNING owed.event_id)
    SELECT user_id FROM owed GROUP BY user_id HAVING every(event_id IN (SELECT event_id FROM dropped))
""")


async def take_back(db: Db, user_ids: Sequence[UUID], version: int) -> set[UUID]:
    """Let nobody be told any more of moves by these rules. Answers who had heard of none of theirs."""
    given = {"name": members.TIER_CHANGED, "user_ids": list(user_ids), "version": version, "now": await clock.now(db)}
    return {*(await db.execute(NOT_TOLD, given)).scalars()}
