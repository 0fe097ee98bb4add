"""Why: reasons and factors as every door shows them, in the reader's language."""

import strawberry

from api.graphql.context import Info
from api.graphql.showing import shows
from domain.credit import reasons, scoring
from infra.words import say


@strawberry.type(description="Why: a stable code, and a sentence in the language that was asked for.")
class Reason:
    code: str = strawberry.field(description="Stable, as INCOME_TOO_LOW; `api/codes.md` lists them.")
    message: str = strawberry.field(description="A sentence for the person, in the language that was asked for.")


def translate_reasons(given: list[reasons.Reason], info: Info) -> list[Reason]:
    locale = info.context.locale
    return [Reason(code=reason.code, message=say(reason.message, locale, **reason.values)) for reason in given]


@shows(scoring.Factor, description="How many points one group of facts adds or takes.")
class Factor:
    code: str = strawberry.field(description="Stable, as repayment; `api/codes.md` lists them.")
    effect: int = strawberry.field(description="Points that it adds, or takes where negative.")

    @strawberry.field(description="What it is about, in the language that was asked for.")
    def label(root: strawberry.Parent[scoring.Factor], info: Info) -> str:
        return say(root.label, info.context.locale)
