"""A case as the console shows it: an application without its person, what is known of them in bands, what it would bind."""

from datetime import datetime
from decimal import Decimal
from typing import Self, cast

import strawberry

from api.graphql import scalars
from api.graphql.context import Info
from api.graphql.reasons import Factor, Reason, translate_reasons
from api.graphql.scalars import Money
from api.graphql.showing import Node, shows
from domain.applications import applications, cases, decisions, human_reviews, review_holds
from domain.applications.applications import ApplicationStatus
from domain.applications.cases import Band
from domain.applications.decisions import DecisionOutcome
from domain.credit.grades import Grade
from domain.market import products
from domain.people import invented, staff
from infra.settings import settings


@shows(decisions.Decision, description="Approve, decline or refer, with ordered reasons.")
class Decision:
    outcome: DecisionOutcome = strawberry.field(description="What was decided.")

    @strawberry.field(description="Why, the weightiest first.")
    def reasons(root: strawberry.Parent[decisions.Decision], info: Info) -> list[Reason]:
        return translate_reasons(root.reasons, info)


@strawberry.type(description="Round amounts around one that is not told exactly.")
class MoneyBand:
    low: Money = strawberry.field(description="At least this.")
    high: Money = strawberry.field(description="Less than this.")

    @classmethod
    def of(cls, band: Band | None) -> Self | None:
        if band is None:
            return None
        return cls(low=Money.of(band.low, band.currency), high=Money.of(band.high, band.currency))


@strawberry.type(description="What an approval would bind: the terms that were applied for.")
class AppliedTerms:
    annual_rate: Decimal | None = strawberry.field(description="Interest a year, as a fraction; null for a RENTAL.")
    annual_cost: Decimal = strawberry.field(description="What it costs a year, all told, as a fraction.")
    monthly_payment: Money = strawberry.field(description="What would be due each month.")
    total_cost: Money = strawberry.field(description="All payments and fees together.")
    deposit: Money = strawberry.field(description="What would be held as a deposit.")
    deposit_waived: Money = strawberry.field(description="What the grade makes unnecessary of it.")


@shows(cases.Case, description="What is known of whoever applied, as coarsely as a decision needs it.")
class Applicant:
    can_carry: bool | None = strawberry.field(
        description="Whether all instalments together stay within half of the income; null where nobody can reckon it."
    )

    @strawberry.field(description="The grade when they applied; null where there was none.")
    def grade_then(root: strawberry.Parent[cases.Case]) -> Grade | None:
        return root.applied.grade if root.applied else None

    @strawberry.field(description="The grade of today; null without a score.")
    def grade(root: strawberry.Parent[cases.Case]) -> Grade | None:
        return root.borrower.grade if root.borrower else None

    @strawberry.field(description="The points of today; null without a score.")
    def points(root: strawberry.Parent[cases.Case]) -> int | None:
        return score.points if (score := _facts(root).score) else None

    @strawberry.field(description="Where everybody begins; with the factors it adds up to the points.")
    def base_points(root: strawberry.Parent[cases.Case]) -> int | None:
        return score.base_points if (score := _facts(root).score) else None

    @strawberry.field(description="What moved the points; empty without a score.")
    def factors(root: strawberry.Parent[cases.Case]) -> list[Factor]:
        return cast(list[Factor], score.factors if (score := _facts(root).score) else [])

    @strawberry.field(description="What counts most against them, most important first.")
    def reasons(root: strawberry.Parent[cases.Case], info: Info) -> list[Reason]:
        return translate_reasons(score.reasons, info) if (score := _facts(root).score) else []

    @strawberry.field(description="A month's; null where it is not known.")
    def income(root: strawberry.Parent[cases.Case]) -> MoneyBand | None:
        return MoneyBand.of(_facts(root).income)

    @strawberry.field(description="Whether they told the income themselves; else an account shows it.")
    def is_income_told(root: strawberry.Parent[cases.Case]) -> bool:
        return _facts(root).is_income_told

    @strawberry.field(description="As code of the list, as employee; null where it is none of it.")
    def occupation(root: strawberry.Parent[cases.Case]) -> str | None:
        return _facts(root).occupation

    @strawberry.field(description="What they owe our partners each month, each currency apart.")
    def owed_monthly(root: strawberry.Parent[cases.Case]) -> list[Money]:
        assert root.borrower is not None
        burden = root.borrower.burden
        house = Money.of(burden.monthly, settings().currency)
        return [house, *(Money.of(owed.minor, owed.currency) for owed in burden.elsewhere)]

    @strawberry.field(
        description="The same in the house's currency with this application; null where it is in another."
    )
    def owed_monthly_after(root: strawberry.Parent[cases.Case]) -> Money | None:
        after = root.monthly_after
        return None if after is None else Money.of(after, settings().currency)

    @strawberry.field(description="Months behind on repayments elsewhere, now; null where it is not known.")
    def months_behind(root: strawberry.Parent[cases.Case]) -> int | None:
        return _facts(root).months_behind

    @strawberry.field(description="Instalments that were late in two years; null where it is not known.")
    def late_in_two_years(root: strawberry.Parent[cases.Case]) -> int | None:
        return _facts(root).late_24m

    @strawberry.field(description="Open loans elsewhere; null where it is not known.")
    def loans_elsewhere(root: strawberry.Parent[cases.Case]) -> int | None:
        return _facts(root).loans_elsewhere

    @strawberry.field(description="Debt elsewhere; null where it is not known.")
    def debt_elsewhere(root: strawberry.Parent[cases.Case]) -> MoneyBand | None:
        return MoneyBand.of(_facts(root).debt_elsewhere)


def _facts(case: cases.Case) -> cases.CaseFacts:
    assert case.facts is not None
    return case.facts


@shows(applications.Application, description="A person's request, without the person.")
class Application(Node):
    status: ApplicationStatus = strawberry.field(description="Where it stands.")
    promised_by: datetime = strawberry.field(description="By when the person was promised an answer.")
    created_at: datetime = strawberry.field(description="When they applied.")
    term_months: int = strawberry.field(description="Over how many months, as they asked.")

    @strawberry.field(description="How much, as they asked. Of a RENTAL the monthly rent.")
    def amount(root: strawberry.Parent[applications.Application]) -> Money:
        return Money.of(root.amount, root.currency)

    @strawberry.field(
        description="Whether the person was made up, so that a house on its first day has something to show."
    )
    async def is_invented(root: strawberry.Parent[applications.Application], info: Info) -> bool:
        return bool(await info.context.load(invented.among, root.user_id))

    @strawberry.field(description="Whose product it is.")
    async def partner_name(root: strawberry.Parent[applications.Application], info: Info) -> str:
        partner = await info.context.load(products.partners_by_ids, root.partner_id)
        return str(partner.name)

    @strawberry.field(
        description="What an approval would bind; null where the product changed before terms were kept, so that it can only be "
        "declined."
    )
    async def terms(root: strawberry.Parent[applications.Application], info: Info) -> AppliedTerms | None:
        return _terms(await _case(root, info))

    @strawberry.field(description="What is known of whoever applied.")
    async def applicant(root: strawberry.Parent[applications.Application], info: Info) -> Applicant:
        return cast(Applicant, await _case(root, info))

    @strawberry.field(description="Interest a year that an approval would bind; null for a RENTAL.")
    async def annual_rate(root: strawberry.Parent[applications.Application], info: Info) -> Decimal | None:
        terms = _terms(await _case(root, info))
        return terms.annual_rate if terms else None

    @strawberry.field(description="The grade of today, A to D; null without a score.")
    async def grade(root: strawberry.Parent[applications.Application], info: Info) -> str | None:
        score = _facts(await _case(root, info)).score
        return score.grade.value if score else None

    @strawberry.field(description="The points of today; null without a score.")
    async def points(root: strawberry.Parent[applications.Application], info: Info) -> int | None:
        score = _facts(await _case(root, info)).score
        return score.points if score else None

    @strawberry.field(description="What moved the points; empty without a score.")
    async def factors(root: strawberry.Parent[applications.Application], info: Info) -> list[Factor]:
        score = _facts(await _case(root, info)).score
        return cast(list[Factor], score.factors if score else [])

    @strawberry.field(
        description="At least so much comes in each month: the low end of `applicant { income }`. Null where it is not known."
    )
    async def income(root: strawberry.Parent[applications.Application], info: Info) -> Money | None:
        income = _facts(await _case(root, info)).income
        return Money.of(income.low, income.currency) if income else None

    @strawberry.field(description="What they owe our partners each month, in the house's currency.")
    async def burden_before(root: strawberry.Parent[applications.Application], info: Info) -> Money | None:
        borrower = (await _case(root, info)).borrower
        return Money.of(borrower.burden.monthly, settings().currency) if borrower else None

    @strawberry.field(description="The same with this application; null where it is in another currency.")
    async def burden_after(root: strawberry.Parent[applications.Application], info: Info) -> Money | None:
        after = (await _case(root, info)).monthly_after
        return None if after is None else Money.of(after, settings().currency)

    @strawberry.field(
        description="What the person wrote to whoever looks at it; null where a review was not their wish."
    )
    async def request_message(root: strawberry.Parent[applications.Application], info: Info) -> str | None:
        return await info.context.load(human_reviews.messages_of, (root.user_id, root.id))

    @strawberry.field(description="Who of the staff looks at it now, by name; null where nobody holds it.")
    async def taken_by(root: strawberry.Parent[applications.Application], info: Info) -> str | None:
        hold = await info.context.load(review_holds.in_force, (root.user_id, root.id))
        return await info.context.load(staff.names_of, hold.staff_id) if hold else None

    @strawberry.field(
        description="A mark of all this. Given back with an answer, the answer is refused with STALE if anything changed since."
    )
    async def seen(root: strawberry.Parent[applications.Application], info: Info) -> str:
        return (await _case(root, info)).seen

    @strawberry.field(description="What the person applied for.")
    async def product_title(root: strawberry.Parent[applications.Application], info: Info) -> str:
        product = await info.context.load(products.by_ids, root.product_id)
        assert product is not None, "products are retired, never deleted"
        return product.title

    @strawberry.field(description="The newest decision; null before the first.")
    def decision(root: strawberry.Parent[applications.Application], info: Info) -> Decision | None:
        return info.context.load(decisions.latest, (root.user_id, root.id))


async def _case(application: applications.Application, info: Info) -> cases.Case:
    """With what is known of the person, who can read that this member of staff looked."""
    case: cases.Case = await info.context.load(cases.SeenBy(info.context.staff), (application.user_id, application.id))
    return case


def _terms(case: cases.Case) -> AppliedTerms | None:
    binding, currency = case.binding, case.application.currency
    if binding is None:
        return None
    return AppliedTerms(
        annual_rate=scalars.rate(binding.annual_rate),
        annual_cost=binding.annual_cost,
        monthly_payment=Money.of(binding.monthly_payment, currency),
        total_cost=Money.of(binding.total_cost, currency),
        deposit=Money.of(binding.deposit, currency),
        deposit_waived=Money.of(binding.deposit_waived, currency),
    )
