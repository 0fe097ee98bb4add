"""Refusals as GraphQL tells them: an interface that clients select, and one type that carries it."""

from datetime import datetime
from typing import Self

import strawberry

from api.graphql import enums  # noqa: F401 - the code's enumeration must be known before it is shown
from infra.errors import Refusal as DomainRefusal
from infra.errors import RefusalCode
from infra.words import Locale, say


@strawberry.type(description="One thing that is wrong with an input, and where.")
class Fault:
    code: RefusalCode = strawberry.field(description="As a Refusal's.")
    message: str = strawberry.field(description="What to tell the person, in the language that was asked for.")
    field: list[str] | None = strawberry.field(description="The path of the input that was wrong.")

    @classmethod
    def of(cls, refusal: DomainRefusal, locale: Locale) -> Self:
        return cls(
            code=refusal.code,
            message=say(refusal.message, locale, **refusal.values),
            field=list(refusal.field) if refusal.field else None,
        )


@strawberry.interface(
    description="Everything that a person or a program can do wrong. Clients select `... on Refusal`."
)
class Refusal:
    code: RefusalCode = strawberry.field(description="What to do about it, for programs; `api/codes.md` lists them.")
    message: str = strawberry.field(description="What to tell the person, in the language that was asked for.")
    field: list[str] | None = strawberry.field(
        description='The path of the input that was wrong, as ["input", "amount"]; null where it was none in particular.'
    )
    retry_at: datetime | None = strawberry.field(description="From when on it can work; null where time heals nothing.")
    faults: list[Fault] = strawberry.field(
        description="Everything that was wrong, so that all of it can be shown at once; the first is this refusal itself."
    )


@strawberry.type(description="What was refused, why, and where in the input.")
class Refused(Refusal):
    @classmethod
    def of(cls, refusal: DomainRefusal, locale: Locale) -> Self:
        return cls(
            code=refusal.code,
            message=say(refusal.message, locale, **refusal.values),
            field=list(refusal.field) if refusal.field else None,
            retry_at=refusal.retry_at,
            faults=[Fault.of(fault, locale) for fault in refusal.faults],
        )
