"""Score, and where scoring stands."""

from datetime import datetime
from typing import Any

import strawberry

from api.graphql.context import Info
from api.graphql.showing import Node, shows
from domain.credit import assessing, scores, scoring
from domain.credit.grades import Grade
from domain.credit.reasons import Reason as DomainReason
from domain.credit.scores import ScoringState
from infra.words import say


@strawberry.type(description="Why: a stable code, and a sentence in the person's language.")
class Reason:
    code: str
    message: str


def reasons_told(reasons: list[DomainReason], info: Info) -> list[Reason]:
    locale = info.context.locale
    return [Reason(code=reason.code, message=say(reason.message, locale, **reason.values)) for reason in reasons]


@shows(scoring.Factor, description="How many points one group of facts adds or takes.")
class Factor:
    code: str
    effect: int

    @strawberry.field
    def label(self: Any, info: Info) -> str:
        return say(self.label, info.context.locale)


@shows(scores.Score, description="basePoints and all effects add up to points, exactly.")
class Score(Node):
    grade: Grade
    points: int
    base_points: int
    factors: list[Factor]
    as_of: datetime
    model_version: str
    simulated: bool


@shows(assessing.Standing, description="Where scoring stands, what that means and what to do.")
class Scoring:
    state: ScoringState
    score: Score | None

    @strawberry.field
    def message(self: Any, info: Info) -> str:
        return say(self.message, info.context.locale, **self.values)
