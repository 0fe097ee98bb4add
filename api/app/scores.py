"""Score, and where scoring stands."""

from datetime import datetime
from typing import cast

import strawberry

from api.graphql.context import Info
from api.graphql.showing import Node, shows
from domain.credit import assessing, scores, scoring
from domain.credit.grades import Grade
from domain.credit.reasons import Reason as DomainReason
from domain.credit.scores import ScoringState
from infra.database import reading
from infra.words import say
from ml.score import paths, receipts, telling


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
    def label(root: strawberry.Parent[scoring.Factor], info: Info) -> str:
        return say(root.label, info.context.locale)


@shows(receipts.Part, description="One cause of the change, with its points.")
class ChangePart:
    code: str
    points: int

    @strawberry.field
    def message(root: strawberry.Parent[receipts.Part], info: Info) -> str:
        return say(root.message, info.context.locale, points=f"{root.points:+d}")


@shows(receipts.Receipt, description="before and all parts add up to after, exactly.")
class ChangeReceipt:
    before: int
    after: int
    parts: list[ChangePart]


@shows(
    paths.PathStep,
    description="`points` and `grade` are what the live model gives after this step and those before it.",
)
class PathStep:
    code: str
    points: int
    grade: Grade

    @strawberry.field
    def message(root: strawberry.Parent[paths.PathStep], info: Info) -> str:
        return say(root.message, info.context.locale, **root.values)


@shows(
    paths.Path, description="Up to three steps that the live model has really scored. `reaches`: they bring the target."
)
class PathToGrade:
    target: Grade
    points_needed: int
    steps: list[PathStep]
    reaches: bool


@shows(scores.Score, description="basePoints and all effects add up to points, exactly.")
class Score(Node):
    grade: Grade
    points: int
    base_points: int
    factors: list[Factor]
    as_of: datetime
    model_version: str
    simulated: bool

    @strawberry.field(description="What counts most against this person, at most four, most important first.")
    def reasons(root: strawberry.Parent[scores.Score], info: Info) -> list[Reason]:
        return reasons_told(root.reasons, info)

    @strawberry.field(description="How it came from the score before it; null at the first one.")
    async def change(root: strawberry.Parent[scores.Score]) -> ChangeReceipt | None:
        async with reading() as db:
            return cast(ChangeReceipt, await telling.change_of(db, root.user_id, root.id))


@shows(assessing.Standing, description="Where scoring stands, what that means and what to do.")
class Scoring:
    state: ScoringState
    score: Score | None

    @strawberry.field
    def message(root: strawberry.Parent[assessing.Standing], info: Info) -> str:
        return say(root.message, info.context.locale, **root.values)
