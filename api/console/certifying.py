"""The certificate of a campaign: that no score and no decision of its people rests on it, worked out anew whenever it is asked for.

What it can show: nothing that scores or decides holds anything of membership; all that a model reads are facts; and what was scored
and decided of these people since comes out the same again, from nothing but what it was made of.
"""

import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import ModuleType
from uuid import UUID

from sqlalchemy import text

from domain.facts.vocabulary import VOCABULARY
from infra import clock
from infra.database import Db
from ml.models.features import FEATURES
from ml.score import replaying
from ml.score.replaying import CannotReplay, Replay

SAMPLE = 50  # the newest of each kind that are worked out again
DECIDING = ("domain", "ml")
WALLED_OFF = "membership"
SCORES = text("""
    SELECT newest.id FROM campaign_people AS person
      JOIN LATERAL (SELECT id, as_of FROM scores WHERE scores.user_id = person.user_id AND as_of >= person.at
                     ORDER BY as_of DESC LIMIT 1) AS newest ON true
     WHERE person.campaign_id = :id ORDER BY newest.as_of DESC LIMIT :most
""")
DECISIONS = text("""
    SELECT newest.id FROM campaign_people AS person
      JOIN LATERAL (SELECT id, decided_at FROM decisions
                     WHERE decisions.user_id = person.user_id AND decided_at >= person.at AND asked_sealed IS NOT NULL
                     ORDER BY decided_at DESC LIMIT 1) AS newest ON true
     WHERE person.campaign_id = :id ORDER BY newest.decided_at DESC LIMIT :most
""")


@dataclass(frozen=True)
class ReplayCount:
    """How many were worked out again, how many of them came out otherwise, and how many could not be: their model or key is gone."""

    count: int
    otherwise: int
    gone: int


@dataclass(frozen=True)
class Certificate:
    """`modules` were looked through for anything of membership, and `touched` are those that hold some; `strangers` are inputs
    of the models that are no facts.
    """

    at: datetime
    modules: int
    touched: tuple[str, ...]
    inputs: int
    strangers: tuple[str, ...]
    scores: ReplayCount
    decisions: ReplayCount

    @property
    def holds(self) -> bool:
        """Whether all that was looked at is as it should be; what is gone is shown, and counts as nothing."""
        return not (self.touched or self.strangers or self.scores.otherwise or self.decisions.otherwise)


async def certify(db: Db, campaign_id: UUID) -> Certificate:
    given = {"id": campaign_id, "most": SAMPLE}
    score_ids = (await db.execute(SCORES, given)).scalars().all()
    decision_ids = (await db.execute(DECISIONS, given)).scalars().all()
    modules = {name: module for name, module in sys.modules.items() if name.split(".")[0] in DECIDING}
    return Certificate(
        at=await clock.now(db),
        modules=len(modules),
        touched=touching(modules),
        inputs=len(FEATURES),
        strangers=tuple(sorted({fact for each in FEATURES.values() for fact in each.facts if fact not in VOCABULARY})),
        scores=await _replay(db, [*score_ids], replaying.replay_score),
        decisions=await _replay(db, [*decision_ids], replaying.replay_decision),
    )


def touching(modules: Mapping[str, ModuleType]) -> tuple[str, ...]:
    """The modules that hold something of membership, by whatever way it came there."""
    return tuple(sorted(name for name, module in modules.items() if any(map(_is_walled_off, [*vars(module).values()]))))


def _is_walled_off(held: object) -> bool:
    home = held.__name__ if isinstance(held, ModuleType) else getattr(held, "__module__", None)
    return isinstance(home, str) and home.split(".")[0] == WALLED_OFF


async def _replay(db: Db, ids: list[UUID], replay: Callable[[Db, UUID], Awaitable[Replay]]) -> ReplayCount:
    count = otherwise = gone = 0
    for id in ids:
        try:
            again = await replay(db, id)
        except CannotReplay:
            gone += 1
            continue
        count, otherwise = count + 1, otherwise + (not again.is_same)
    return ReplayCount(count, otherwise, gone)
