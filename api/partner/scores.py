"""A person's score at the partner's door: by the person's own token, and never without a lookup that they see."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

import strawberry

from api.graphql.context import Info
from api.graphql.enums import show
from api.graphql.mutations import Input, key
from api.graphql.reasons import Factor
from api.graphql.refusals import Refused
from api.graphql.requiring import requires
from api.graphql.showing import shows
from api.partner.by_token import commit_by_token
from domain.consent import asking, lookups
from domain.consent.consents import Purpose
from domain.credit.grades import Grade
from domain.permissions import Permission
from infra.ids import global_id


class ScoreAnswer(StrEnum):
    YES = "YES"
    NO = "NO"
    UNKNOWN = "UNKNOWN"


show(
    ScoreAnswer,
    "Whether the grade is at least so good.",
    name="Answer",
    YES="It is.",
    NO="It is not.",
    UNKNOWN="Not enough is known about the person.",
)


@shows(lookups.Lookup, description="The answer to a question about a grade.")
class ScoreCheck:
    as_of: datetime | None = strawberry.field(description="Of the score that was asked; null where it is UNKNOWN.")
    charged: bool = strawberry.field(
        description="Whether it costs anything. The same question within 24 hours does not, nor does UNKNOWN."
    )

    @strawberry.field(description="Of the lookup, as the person sees it.")
    def lookup_id(root: strawberry.Parent[lookups.Lookup]) -> strawberry.ID:
        return strawberry.ID(global_id("Lookup", root.id))

    @strawberry.field(description="Whether the grade is at least so good.")
    def answer(root: strawberry.Parent[lookups.Lookup]) -> ScoreAnswer:
        return ScoreAnswer(root.answer)


@shows(asking.ScoreReport, description="A grade with what it is made of.")
class ScoreReport:
    grade: Grade | None = strawberry.field(description="Null where not enough is known about the person.")
    points: int | None = strawberry.field(description="350 to 950; null without a grade.")
    as_of: datetime | None = strawberry.field(description="When it was scored.")
    model_version: str | None = strawberry.field(description="The model that scored it.")
    simulated: bool = strawberry.field(description="Whether it rests on simulated facts.")
    factors: list[Factor] = strawberry.field(description="What weighs most, for or against, the heaviest first.")

    @strawberry.field(description="Of the lookup, as the person sees it.")
    def lookup_id(root: strawberry.Parent[asking.ScoreReport]) -> strawberry.ID:
        return strawberry.ID(global_id("Lookup", root.lookup.id))


CheckScoreResult = Annotated[
    ScoreCheck | Refused, strawberry.union("CheckScoreResult", description="The answer, or why there is none.")
]
ReadScoreReportResult = Annotated[
    ScoreReport | Refused, strawberry.union("ReadScoreReportResult", description="The report, or why there is none.")
]
HANDED_OVER = "What the person's app handed over; it works for this partner's clients alone."
PURPOSE = "What it is asked for; another than the consent's is refused."


@strawberry.input(description="Whether a person's grade is good enough.")
class CheckScoreInput:
    consent_token: str = strawberry.field(description=HANDED_OVER)
    purpose: Purpose = strawberry.field(description=PURPOSE)
    at_least: Grade = strawberry.field(description="The grade to hold theirs against.")
    idempotency_key: str = key()


@strawberry.input(description="Whose report to read.")
class ReadScoreReportInput:
    consent_token: str = strawberry.field(description=HANDED_OVER)
    purpose: Purpose = strawberry.field(description=PURPOSE)
    idempotency_key: str = key()


@strawberry.type
class ScoreMutation:
    @requires(Permission.CHECK_SCORES)
    @strawberry.mutation(
        description="Ask whether a grade is at least so good. Any token that opens nothing gets the same refusal."
    )
    async def check_score(self, info: Info, input: Input[CheckScoreInput]) -> CheckScoreResult | None:
        actor = info.context.partner
        return await commit_by_token(
            info,
            lambda db: asking.check_score(
                db, actor, input.consent_token, input.purpose, input.at_least, key=input.idempotency_key
            ),
        )

    @requires(Permission.READ_SCORE_REPORTS)
    @strawberry.mutation(
        description="Read a grade with what it is made of. Any token that opens nothing gets the same refusal."
    )
    async def read_score_report(self, info: Info, input: Input[ReadScoreReportInput]) -> ReadScoreReportResult | None:
        actor = info.context.partner
        return await commit_by_token(
            info,
            lambda db: asking.read_report(db, actor, input.consent_token, input.purpose, key=input.idempotency_key),
        )
