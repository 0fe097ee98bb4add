"""Approving: an offer on the terms that were applied for, or on a partner's that are no dearer, within the law's cap."""

from dataclasses import dataclass
from decimal import Decimal

from domain.applications import applied_terms, offers
from domain.applications.applications import Application
from domain.applications.applied_terms import AppliedTerms
from domain.credit.grades import Grade
from domain.market import standards
from domain.market.terms import quoting
from domain.market.terms.cap import COST_CAP
from infra.database import Db
from infra.errors import invalid
from infra.money import Money
from infra.words import N_

TERMS = ("input", "terms")
AMOUNT, MONTHS, RATE = (*TERMS, "amount"), (*TERMS, "termMonths"), (*TERMS, "annualRate")


@dataclass(frozen=True)
class Terms:
    """What a partner approves."""

    amount: Money
    months: int
    annual_rate: Decimal

    @property
    def canonical(self) -> list[object]:
        """Alike for 0.1 and 0.10: a retry may be written by a newer client."""
        return [self.amount.minor, self.amount.currency, self.months, str(self.annual_rate.normalize())]


async def make_offer(
    db: Db, application: Application, applied: AppliedTerms, terms: Terms | None, grade_now: Grade | None
) -> None:
    """Bind what was applied for, or a partner's own terms. Refuses INVALID what is dearer, and COST_ABOVE_CAP."""
    if terms is not None:
        _refuse_other(application, applied, terms)
    amount, months = (terms.amount.minor, terms.months) if terms else (application.amount, application.term_months)
    rate = terms.annual_rate if terms else applied.annual_rate
    quoted = applied_terms.quote(applied, amount, months, annual_rate=rate, grade_now=grade_now)
    asked = ("input", "applicationId")
    quoting.refuse_uneven(quoted, months, AMOUNT if terms else asked)
    quoting.refuse_above_cap(quoted, RATE if terms else asked, min(applied.cost_cap, COST_CAP))
    if terms is not None:
        _refuse_dearer(applied, terms)
    await offers.make(db, application, applied.title, quoted, amount=amount, term_months=months)


def _refuse_other(application: Application, applied: AppliedTerms, terms: Terms) -> None:
    if terms.amount.currency != application.currency or not 0 < terms.amount.minor <= application.amount:
        raise invalid(N_("You can approve up to the amount applied for."), AMOUNT)
    if terms.months not in applied.term_months:
        raise invalid(N_("The product did not offer this term when they applied."), MONTHS)
    standards.keep_rate(terms.annual_rate, *RATE)


def _refuse_dearer(applied: AppliedTerms, terms: Terms) -> None:
    shown = applied.annual_rate or Decimal(0)
    if terms.annual_rate > shown:
        raise invalid(
            N_("You can approve up to {rate} a year, the rate that was shown when they applied."),
            RATE,
            rate=f"{shown:f}",
        )
