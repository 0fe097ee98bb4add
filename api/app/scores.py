"""Score, and where scoring stands."""

from datetime import datetime
from typing import cast

import strawberry

from api.graphql.context import Info
from api.graphql.reasons import Factor, Reason, translate_reasons
from api.graphql.showing import Node, shows
from domain.credit import assessing, scores
from domain.credit.grades import Grade
from domain.credit.scores import ScoringState
from infra.database import reading
from infra.words import say
from ml.score import paths, receipts, telling


@shows(receipts.ReceiptPart, description="One cause of the change, with its points.")
class ChangePart:
    code: str = strawberry.field(description="Stable; `api/codes.md` lists them.")
    points: int = strawberry.field(description="Points that it added, or took where negative.")

    @strawberry.field(description="A sentence for the person, with the points.")
    def message(root: strawberry.Parent[receipts.ReceiptPart], info: Info) -> str:
        return say(root.message, info.context.locale, points=f"{root.points:+d}")


@shows(
    receipts.ChangeReceipt,
    description="How a score came from the one before: `before` and all `parts` add up to `after`, exactly.",
)
class ChangeReceipt:
    before: int = strawberry.field(description="The points of the score before.")
    after: int = strawberry.field(description="The points of this score.")
    parts: list[ChangePart] = strawberry.field(description="What changed them.")


@shows(
    paths.PathStep,
    description="Something to do for a better grade.",
)
class PathStep:
    code: str = strawberry.field(description="Stable; `api/codes.md` lists them.")
    points: int = strawberry.field(description="What the live model gives after this step and those before it.")
    grade: Grade = strawberry.field(description="The grade of those points.")

    @strawberry.field(description="What to do, in the language that was asked for.")
    def message(root: strawberry.Parent[paths.PathStep], info: Info) -> str:
        return say(root.message, info.context.locale, **root.values)


@shows(
    paths.ScorePath,
    description="The way to the next grade. Each step was really scored by the live model; nothing is promised.",
)
class PathToGrade:
    target: Grade = strawberry.field(description="The next better grade.")
    points_needed: int = strawberry.field(description="How many points are missing for it.")
    steps: list[PathStep] = strawberry.field(description="Up to three, each scored on top of those before it.")
    reaches: bool = strawberry.field(description="Whether all of them together bring the target.")


@shows(
    scores.Score,
    description="The result of one scoring. `basePoints` and the effects of all `factors` add up to `points`, exactly.",
)
class Score(Node):
    grade: Grade = strawberry.field(description="What the points amount to.")
    points: int = strawberry.field(description="350 to 950, more is better.")
    base_points: int = strawberry.field(description="Where somebody begins of whom no more is known.")
    factors: list[Factor] = strawberry.field(
        description="What moved the points: one for each group of facts, in an order that stays."
    )
    as_of: datetime = strawberry.field(description="When it was made; it knows nothing newer.")
    model_version: str = strawberry.field(description="Which model made it.")
    simulated: bool = strawberry.field(description="True while the model was trained on simulated people.")

    @strawberry.field(description="What counts most against this person, at most four, most important first.")
    def reasons(root: strawberry.Parent[scores.Score], info: Info) -> list[Reason]:
        return translate_reasons(root.reasons, info)

    @strawberry.field(description="How it came from the score before it; null at the first one.")
    async def change(root: strawberry.Parent[scores.Score]) -> ChangeReceipt | None:
        async with reading() as db:
            return cast(ChangeReceipt, await telling.change_of(db, root.user_id, root.id))


@shows(assessing.ScoringStanding, description="Where scoring stands, what that means and what to do.")
class Scoring:
    state: ScoringState = strawberry.field(description="Whether there is a score, and if not, why.")
    score: Score | None = strawberry.field(description="The newest score; null unless READY.")

    @strawberry.field(description="What the state means and what to do, in the language that was asked for.")
    def message(root: strawberry.Parent[assessing.ScoringStanding], info: Info) -> str:
        return say(root.message, info.context.locale, **root.values)
