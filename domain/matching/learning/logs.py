"""The log of what was shown and what came of it, without who it was: for valuing other policies."""

import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime
from enum import StrEnum
from hashlib import blake2b
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select

from domain.applications.decisions import Decision, DecisionOutcome
from domain.matching.impressions import Impression
from domain.matching.learning import histories
from domain.matching.learning.exploring import SLOT
from infra.database import Db

BATCH = 20_000
Batch = dict[str, list[Any]]


class Reward(StrEnum):
    """What counts as a click."""

    OPENED = "opened"
    APPLIED = "applied"
    APPROVED = "approved"


CLICKS: dict[Reward, ColumnElement[bool]] = {
    Reward.OPENED: Impression.opened_at.is_not(None),
    Reward.APPLIED: Impression.application_id.is_not(None),
    Reward.APPROVED: (Decision.outcome == DecisionOutcome.APPROVE).is_(True),
}


async def batches(
    db: Db, since: datetime, until: datetime, *, reward: Reward = Reward.APPLIED, slot_only: bool = False
) -> AsyncIterator[Batch]:
    """Personal impressions by column. `user_id` is a hash that no other log shares, so nobody can be followed through logs.

    `unexplored`: the chance that the product stands there when nothing is explored. `slot_only`: only the position where
    exploring happens, and only of lists that could explore; there each chance is between none and all.
    """
    name = _names()
    asked = _asked(since, until, reward)
    if slot_only:
        asked = asked.where(Impression.position == SLOT, Impression.propensity < 1)
    found = await db.stream(asked.execution_options(yield_per=BATCH))
    async for rows in found.partitions():
        yield _columns(rows, name)


def _asked(since: datetime, until: datetime, reward: Reward) -> Select[UUID, UUID, int, float, bool]:
    told = (
        Impression.user_id,
        Impression.product_id,
        Impression.position,
        Impression.propensity,
        CLICKS[reward].label("click"),
    )
    return histories.between(since, until).where(Impression.is_personal).with_only_columns(*told)


def _columns(rows: Sequence[Any], name: Callable[[UUID], str]) -> Batch:
    users, products, positions, propensities, clicks = zip(*rows, strict=True)
    return {
        "user_id": [name(user_id) for user_id in users],
        "item_id": [str(product_id) for product_id in products],
        "position": list(positions),
        "propensity": list(propensities),
        "click": [int(click) for click in clicks],
        # What exploring moves has at most a tenth of chance, what it leaves at least nine tenths.
        "unexplored": [int(propensity > 0.5) for propensity in propensities],
    }


def _names() -> Callable[[UUID], str]:
    salt = secrets.token_bytes(32)
    return lambda user_id: blake2b(user_id.bytes, digest_size=12, key=salt).hexdigest()
