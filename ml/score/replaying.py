"""Replaying: a score or decision of the past worked out again, from its sealed vector and the artefact of its version."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select

from domain.applications import decisions, replaying
from domain.applications.decisions import Decision
from domain.applications.replaying import RulesAreGone
from domain.credit import scores
from domain.credit.scores import Score
from domain.credit.scoring import Scored
from infra import vault
from infra.database import Db
from ml.models.artefact import ArtefactError
from ml.score.scoring import replayed


class CannotReplay(Exception):
    """Why not, in a sentence for the operator."""


@dataclass(frozen=True)
class Replay:
    """What was stored, and the same worked out again, figure by figure."""

    model_version: str
    stored: Mapping[str, Any]
    again: Mapping[str, Any]

    @property
    def is_same(self) -> bool:
        return self.stored == self.again


async def replay_score(db: Db, score_id: UUID) -> Replay:
    score = (await db.execute(select(Score).where(Score.id == score_id))).scalar_one_or_none()
    if score is None:
        raise CannotReplay("There is no such score.")
    seal = await _seal(db, score.user_id)
    again = await _scored(db, seal.open(score.vector_sealed, scores.VECTOR), score.model_version)
    stored = {
        "points": score.points,
        "grade": score.grade,
        "probability": score.probability,
        "base points": score.base_points,
        "factors": [tuple(factor) for factor in score.factors_told],
        "reasons": [(code, message, dict(values)) for code, message, values in score.reasons_told],
    }
    return Replay(score.model_version, stored, _figures(again))


async def replay_decision(db: Db, decision_id: UUID) -> Replay:
    """The verdict of the rules: the score again from the vector, then the rules again on what they looked at."""
    decision = (await db.execute(select(Decision).where(Decision.id == decision_id))).scalar_one_or_none()
    if decision is None:
        raise CannotReplay("There is no such decision.")
    if decision.vector_sealed is None or decision.model_version is None:
        raise CannotReplay(
            f"It was decided by {decision.decided_by}, not by rules: there is nothing to work out again."
        )
    if decision.asked_sealed is None:
        raise CannotReplay("It was decided before the request was kept with the decision.")
    seal = await _seal(db, decision.user_id)
    scored = await _scored(db, seal.open(decision.vector_sealed, decisions.VECTOR), decision.model_version)
    try:
        verdict = replaying.decide_again(decision, seal.open(decision.asked_sealed, decisions.ASKED), scored)
    except RulesAreGone as gone:
        raise CannotReplay(str(gone)) from gone
    stored = {"outcome": decision.outcome.value, "reasons": decision.reasons_told}
    again = {"outcome": verdict.outcome, "reasons": decisions.to_rows(list(verdict.reasons))}
    return Replay(decision.model_version, stored, again)


async def _seal(db: Db, user_id: UUID) -> vault.Seal:
    try:
        return await vault.seal_of(db, user_id)
    except LookupError:
        raise CannotReplay("This person was erased: the key to what it was made from is destroyed.") from None


async def _scored(db: Db, vector: dict[str, Any], model_version: str) -> Scored:
    try:
        return await replayed(db, vector, model_version)
    except ArtefactError as error:
        raise CannotReplay(str(error)) from error


def _figures(scored: Scored) -> dict[str, Any]:
    return {
        "points": scored.points,
        "grade": scored.grade,
        "probability": scored.probability,
        "base points": scored.base_points,
        "factors": [(factor.code, factor.label, factor.effect) for factor in scored.factors],
        "reasons": [(reason.code, reason.message, dict(reason.values)) for reason in scored.reasons],
    }
