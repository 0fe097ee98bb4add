"""Approving: an offer on the terms that were applied for, or on a partner's that are no dearer, within the law's cap."""

from dataclasses import dataclass
from decimal import Decimal

from domain.applications import applied_terms, offers
from domain.applications.applications import Application
from domain.applications.applied_terms import AppliedTerms
from domain.applications.borrowers import APPLICATION, Borrower
from domain.credit import policy
from domain.market import quoting, standards
from domain.market.products import DecisionMode
from domain.market.terms.cap import cost_cap
from infra.database import Db
from infra.errors import Refusal, RefusalCode, invalid
from infra.money import Money
from infra.words import N_

TERMS = ("input", "terms")
STEPS = 10
# Of a product that is offered no more nobody but its partner makes an offer, and what the rules decide is not theirs to say.
WITHDRAWN = {
    DecisionMode.PARTNER: N_("The partner no longer offers this product, so only the partner can approve it."),
    DecisionMode.INSTANT: N_("The partner no longer offers this product, so this application can only be declined."),
}
AMOUNT, MONTHS, RATE = (*TERMS, "amount"), (*TERMS, "termMonths"), (*TERMS, "annualRate")


@dataclass(frozen=True)
class ApprovedTerms:
    """What a partner approves."""

    amount: Money
    months: int
    annual_rate: Decimal

    @property
    def canonical(self) -> list[object]:
        """Alike for 0.1 and 0.10: a retry may be written by a newer client."""
        return [self.amount.minor, self.amount.currency, self.months, str(self.annual_rate.normalize())]


async def make_offer(
    db: Db, application: Application, applied: AppliedTerms, terms: ApprovedTerms | None, borrower: Borrower
) -> None:
    """Bind what was applied for, or a partner's own terms. Refuses INVALID what is dearer, COST_ABOVE_CAP, and LIMIT_EXCEEDED
    what they cannot carry.
    """
    if terms is not None:
        _refuse_other(application, applied, terms)
    amount, months = (terms.amount.minor, terms.months) if terms else (application.amount, application.term_months)
    rate = terms.annual_rate if terms else applied.annual_rate
    quoted = applied_terms.quote(applied, amount, months, annual_rate=rate, grade_now=borrower.grade)
    quoting.refuse_uneven(quoted, months, AMOUNT if terms else APPLICATION)
    quoting.refuse_above_cap(quoted, RATE if terms else APPLICATION, min(applied.cost_cap, cost_cap()))
    if terms is not None:
        _refuse_dearer(applied, terms)
        _refuse_owing_elsewhere(borrower)
    _refuse_burdensome(application, applied, terms, borrower)
    await offers.make(db, application, applied, quoted, amount=amount, term_months=months)


def _refuse_other(application: Application, applied: AppliedTerms, terms: ApprovedTerms) -> None:
    if terms.amount.currency != application.currency or not 0 < terms.amount.minor <= application.amount:
        raise invalid(N_("You can approve up to the amount applied for."), AMOUNT)
    if terms.months not in applied.term_months:
        raise invalid(N_("The product did not offer this term when they applied."), MONTHS)
    standards.check_rate(terms.annual_rate, *RATE)


def _refuse_dearer(applied: AppliedTerms, terms: ApprovedTerms) -> None:
    shown = applied.annual_rate or Decimal(0)
    if terms.annual_rate > shown:
        raise invalid(
            N_("You can approve up to {rate} a year, the rate that was shown when they applied."),
            RATE,
            rate=f"{shown:f}",
        )


def _refuse_owing_elsewhere(borrower: Borrower) -> None:
    if borrower.burden.elsewhere:
        raise Refusal(
            RefusalCode.NOT_ALLOWED,
            N_(
                "They also owe in another currency, which no rule can add up. Refer it, and a person on our side will look."
            ),
            field=APPLICATION,
        )


def _refuse_burdensome(
    application: Application, applied: AppliedTerms, terms: ApprovedTerms | None, borrower: Borrower
) -> None:
    """To a partner, whose answer is no offer yet, it is told in tenths of what was asked for and at the rate that was shown: by
    trying one amount and rate after the other nobody learns an income.
    """
    amount, months = application.amount, application.term_months
    if terms is not None:
        tenths = -(-terms.amount.minor * STEPS // application.amount)
        amount, months = -(-application.amount * tenths // STEPS), terms.months
    monthly = applied_terms.quote(applied, amount, months).monthly_burden
    if not borrower.can_carry(monthly, application.currency):
        raise Refusal(
            RefusalCode.LIMIT_EXCEEDED,
            N_("With what they owe already, the monthly payments would take more than {share} of their income."),
            field=APPLICATION if terms is None else AMOUNT,
            share=f"{policy.BURDEN_MAX:.0%}",
        )
