"""What people ask of a partner, and its answers."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import strawberry

from api.graphql.connections import Connection, connection
from api.graphql.context import Context, Info
from api.graphql.mutations import commit, id_of
from api.graphql.refusals import Refused
from api.graphql.requiring import requires
from api.graphql.scalars import Money, MoneyInput
from api.graphql.showing import Node, shows
from api.partner.products import Product
from domain.actors import PartnerActor
from domain.applications import applications, deciding, disclosing
from domain.applications.applications import ApplicationStatus
from domain.applications.decisions import DecisionOutcome
from domain.credit.grades import Grade
from domain.market import products
from domain.permissions import Permission
from infra.database import Db, reading
from infra.money import Money as DomainMoney
from infra.paging import Page, encode_cursor, page_of

NOTHING_YET = encode_cursor((0, UUID(int=0)))


@shows(applications.Application, description="A person's request for one of the partner's products.")
class Application(Node):
    status: ApplicationStatus
    term_months: int
    promised_by: datetime
    updated_at: datetime

    @strawberry.field
    async def product(root: strawberry.Parent[applications.Application], info: Info) -> Product:
        return await info.context.load(products.by_ids, root.product_id)

    @strawberry.field
    def amount(root: strawberry.Parent[applications.Application]) -> Money:
        return Money.of(root.amount, root.currency)

    @strawberry.field(
        description="The person's grade of today, while the consent that came with the application lives."
    )
    async def grade(root: strawberry.Parent[applications.Application], info: Info) -> Grade | None:
        return await info.context.load(disclosing.grades, (root.user_id, root.id))


async def find(context: Context, id: UUID) -> applications.Application | None:
    async with reading() as db:
        return await applications.find(db, context.partner, id)


@strawberry.type
class ApplicationQuery:
    @requires(Permission.ANSWER_APPLICATIONS)
    @strawberry.field(
        description="A feed of changes, oldest first. Ask again after `endCursor`, which is there even when nothing is, "
        "and no change is ever missed."
    )
    async def applications(
        self,
        info: Info,
        status: ApplicationStatus | None = None,
        updated_since: datetime | None = None,
        first: int | None = None,
        after: str | None = None,
    ) -> Connection[Application] | None:
        since = updated_since.astimezone(UTC) if updated_since is not None else None
        feed = applications.changes_for(info.context.partner, status, since)
        order = [applications.Application.changed_in, applications.Application.id]
        async with reading() as db:
            return connection(_resumable(await page_of(db, feed, order, first=first, after=after)))


def _resumable(page: Page[applications.Application]) -> Page[applications.Application]:
    return page if page.end is not None else replace(page, end=NOTHING_YET)


@strawberry.enum
class DeclineReason(StrEnum):
    GRADE_TOO_LOW = "GRADE_TOO_LOW"
    INCOME_TOO_LOW = "INCOME_TOO_LOW"
    BURDEN_TOO_HIGH = "BURDEN_TOO_HIGH"
    RECENT_ARREARS = "RECENT_ARREARS"
    NOT_ENOUGH_HISTORY = "NOT_ENOUGH_HISTORY"
    IDENTITY_UNCLEAR = "IDENTITY_UNCLEAR"
    OUTSIDE_AREA = "OUTSIDE_AREA"
    OUT_OF_STOCK = "OUT_OF_STOCK"
    OTHER = "OTHER"


assert set(DeclineReason) == set(deciding.PARTNER_REASONS), "each reason has its sentence for the person"

DecideApplicationResult = Annotated[Application | Refused, strawberry.union("DecideApplicationResult")]


@strawberry.input
class DecisionReasonInput:
    code: DeclineReason
    message: str | None = None


@strawberry.input
class TermsInput:
    amount: MoneyInput
    term_months: int
    annual_rate: Decimal


@strawberry.input
class DecideApplicationInput:
    application_id: strawberry.ID
    outcome: DecisionOutcome
    reasons: list[DecisionReasonInput] | None = strawberry.field(
        default=None, description="At most four, the weightiest first."
    )
    terms: TermsInput | None = strawberry.field(default=None, description="When approving.")
    idempotency_key: str


@strawberry.type
class ApplicationMutation:
    @requires(Permission.ANSWER_APPLICATIONS)
    @strawberry.mutation
    async def decide_application(self, info: Info, input: DecideApplicationInput) -> DecideApplicationResult | None:
        actor = info.context.partner
        return await commit(info, lambda db: _decide(db, actor, input))


async def _decide(db: Db, actor: PartnerActor, input: DecideApplicationInput) -> applications.Application:
    application_id = id_of("Application", input.application_id, "input", "applicationId")
    reasons = [(reason.code.value, reason.message) for reason in input.reasons or ()]
    terms = _terms(input.terms)
    return await deciding.decide_by_partner(
        db,
        actor,
        application_id=application_id,
        outcome=input.outcome,
        reasons=reasons,
        terms=terms,
        key=input.idempotency_key,
        input={"application": application_id, "outcome": input.outcome, "reasons": reasons, "terms": _canonical(terms)},
    )


Terms = tuple[DomainMoney, int, Decimal]


def _terms(terms: TermsInput | None) -> Terms | None:
    if terms is None:
        return None
    return terms.amount.to_money("input", "terms", "amount"), terms.term_months, terms.annual_rate


def _canonical(terms: Terms | None) -> list[object]:
    """Alike for 0.1 and 0.10: a retry may be written by a newer client."""
    return [] if terms is None else [terms[0].minor, terms[0].currency, terms[1], str(terms[2].normalize())]
