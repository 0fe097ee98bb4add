"""What a profile can say where there is a list to choose from."""

from collections.abc import Mapping

import strawberry

from api.graphql.context import Info
from api.graphql.requiring import requires
from domain.facts.vocabulary import OCCUPATION_LABELS
from domain.permissions import Permission
from infra import regions
from infra.words import Locale, say


@strawberry.type(description="One of a list: the code that `updateProfile` takes, and what it is called.")
class Choice:
    code: str = strawberry.field(description="The same in every language; new ones may be added.")
    label: str = strawberry.field(description="In the language that was asked for.")


@strawberry.type
class ChoiceQuery:
    @requires(Permission.PUBLIC)
    @strawberry.field(
        description="The occupations that products' rules know. Another text is taken too, but no rule reads it, so a "
        "product that asks for an occupation refuses it as NOT_ENOUGH_KNOWN."
    )
    async def occupations(self, info: Info) -> list[Choice]:
        return _choices(OCCUPATION_LABELS, info.context.locale)

    @requires(Permission.PUBLIC)
    @strawberry.field(
        description="The regions of China, by ISO 3166-2 code. Codes of other countries are taken too, as US-CA."
    )
    async def regions(self, info: Info) -> list[Choice]:
        return _choices(regions.CHINA, info.context.locale)


def _choices(labels: Mapping[str, str], locale: Locale) -> list[Choice]:
    return [Choice(code=code, label=say(label, locale)) for code, label in labels.items()]
