"""What a partner tells of a person, with their leave."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated

import strawberry

from api.graphql.context import Info
from api.graphql.mutations import Input, key
from api.graphql.refusals import Refused
from api.graphql.requiring import requires
from api.graphql.scalars import MoneyInput
from api.partner.by_token import commit_by_token
from api.partner.scores import HANDED_OVER
from domain.actors import PartnerActor
from domain.consent import contributing
from domain.facts.contributed import MOST, REFERENCE_MAX, Said, ToldFact, ToldLoan
from domain.permissions import Permission
from infra.database import Db
from infra.errors import Refusal


@strawberry.type(description="What was told is written down, and counts until the consent ends.")
class FactsAccepted:
    count: int = strawberry.field(description="How many facts it were: all of the batch.")


ContributeFactsResult = Annotated[
    FactsAccepted | Refused,
    strawberry.union("ContributeFactsResult", description="How many were written down, or why none was."),
]


@strawberry.input(one_of=True, description="A value, of the type that the vocabulary says.")
class FactValueInput:
    number: Decimal | None = strawberry.field(default=strawberry.UNSET, description="In the unit of the vocabulary.")
    text: str | None = strawberry.field(default=strawberry.UNSET, description="One of the vocabulary's words.")
    flag: bool | None = strawberry.field(default=strawberry.UNSET, description="Yes or no.")
    money: MoneyInput | None = strawberry.field(default=strawberry.UNSET, description="An amount in CNY.")

    def to_value(self, *field: str) -> Said:
        if isinstance(self.money, MoneyInput):
            return self.money.to_money(*field, "money")
        return next(said for said in (self.number, self.text, self.flag) if isinstance(said, Decimal | str | bool))


@strawberry.input(description="A loan that the partner made outside of Longan.")
class OutsideLoanInput:
    reference: str = strawberry.field(
        description="The partner's own word for the loan, the same each time, and nothing about the person: "
        f"1 to {REFERENCE_MAX} characters."
    )
    opened_on: date = strawberry.field(description="The day on which it was paid out.")

    def to_loan(self) -> ToldLoan:
        return ToldLoan(self.reference, self.opened_on)


@strawberry.input(description="One fact, as it was observed.")
class FactInput:
    name: str = strawberry.field(description="As `income.monthly_inflow`; /partner/vocabulary lists all.")
    value: FactValueInput = strawberry.field(description="What was observed.")
    observed_at: datetime = strawberry.field(
        description="When. What is older than the vocabulary lets it count is refused."
    )
    loan: OutsideLoanInput | None = strawberry.field(
        default=None,
        description="Of `loan.performance` alone: which loan went so until then. What is told of the same loan later, or anew of "
        "the same time, takes the place of what was told before.",
    )

    def to_fact(self, *field: str) -> ToldFact:
        loan = self.loan.to_loan() if self.loan else None
        return ToldFact(self.name, self.value.to_value(*field, "value"), self.observed_at, loan)


@strawberry.input(description="What to tell of whom.")
class ContributeFactsInput:
    consent_token: str = strawberry.field(description=HANDED_OVER)
    facts: list[FactInput] = strawberry.field(
        description=f"1 to {MOST}. Where one of them is wrong it is named by its place, and none is kept."
    )
    idempotency_key: str = key()


@strawberry.type
class FactMutation:
    @requires(Permission.CONTRIBUTE_FACTS)
    @strawberry.mutation(
        description="Tell facts of a person who lets this partner: CONTRIBUTE_FACTS. They count in the person's score until the "
        "consent ends, and the person sees that they were told. Any token that opens nothing gets the same refusal."
    )
    async def contribute_facts(self, info: Info, input: Input[ContributeFactsInput]) -> ContributeFactsResult | None:
        actor = info.context.partner
        return await commit_by_token(info, lambda db: _contribute(db, actor, input))


async def _contribute(db: Db, actor: PartnerActor, input: ContributeFactsInput) -> FactsAccepted | Refusal:
    told = [fact.to_fact("input", "facts", str(place)) for place, fact in enumerate(input.facts)]
    count = await contributing.contribute(db, actor, input.consent_token, told, key=input.idempotency_key)
    return count if isinstance(count, Refusal) else FactsAccepted(count=count)
