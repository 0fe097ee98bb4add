"""Approving: an offer on the terms that were applied for, on a partner's that are no dearer, or for less, within the law's cap."""

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

TERMS, LESS = ("input", "terms"), ("input",)
STEPS = 10
# Of a product that is offered no more nobody but its partner makes an offer, and what the rules decide is not theirs to say.
WITHDRAWN = {
    DecisionMode.PARTNER: N_("The partner no longer offers this product, so only the partner can approve it."),
    DecisionMode.INSTANT: N_("The partner no longer offers this product, so this application can only be declined."),
}


@dataclass(frozen=True)
class ApprovedTerms:
    """What a partner approves, or a reviewer; None is as it was applied for. `place`: where in an input they stand."""

    amount: Money | None = None
    months: int | None = None
    annual_rate: Decimal | None = None
    place: tuple[str, ...] = TERMS

    @property
    def canonical(self) -> list[object]:
        """Alike for 0.1 and 0.10: a retry may be written by a newer client."""
        amount = [self.amount.minor, self.amount.currency] if self.amount else [None, None]
        return [*amount, self.months, None if self.annual_rate is None else str(self.annual_rate.normalize())]

    @property
    def is_partners(self) -> bool:
        return self.place == TERMS

    def at(self, name: str) -> tuple[str, ...]:
        return (*self.place, name)

    def over(self, application: Application, applied: AppliedTerms) -> tuple[int, int, Decimal | None]:
        """Amount in minor units, months and annual rate that they come to."""
        amount = application.amount if self.amount is None else self.amount.minor
        months = application.term_months if self.months is None else self.months
        return amount, months, applied.annual_rate if self.annual_rate is None else self.annual_rate


async def make_offer(
    db: Db, application: Application, applied: AppliedTerms, terms: ApprovedTerms | None, borrower: Borrower
) -> None:
    """Bind what was applied for, or a partner's own terms. Refuses INVALID what is dearer, COST_ABOVE_CAP, and LIMIT_EXCEEDED
    what they cannot carry.
    """
    if terms is not None:
        refuse_other(application, applied, terms)
    amount, months, rate = (terms or ApprovedTerms()).over(application, applied)
    quoted = applied_terms.quote(applied, amount, months, annual_rate=rate, grade_now=borrower.grade)
    quoting.refuse_uneven(quoted, months, terms.at("amount") if terms else APPLICATION)
    dear = terms.at("annualRate" if terms.is_partners else "amount") if terms else APPLICATION
    quoting.refuse_above_cap(quoted, dear, min(applied.cost_cap, cost_cap()))
    if terms is not None and terms.is_partners:
        _refuse_dearer(applied, terms)
        _refuse_owing_elsewhere(borrower)
    _refuse_burdensome(application, applied, terms, borrower)
    await offers.make(db, application, applied, quoted, amount=amount, term_months=months)


def refuse_other(application: Application, applied: AppliedTerms, terms: ApprovedTerms) -> None:
    """Refuses INVALID more than was asked, another currency, and a term that was not offered then."""
    amount = terms.amount
    if amount and (amount.currency != application.currency or not 0 < amount.minor <= application.amount):
        raise invalid(N_("You can approve up to the amount applied for."), terms.at("amount"))
    if terms.months is not None and terms.months not in applied.term_months:
        raise invalid(N_("The product did not offer this term when they applied."), terms.at("termMonths"))
    if terms.annual_rate is not None:
        standards.check_rate(terms.annual_rate, *terms.at("annualRate"))


def _refuse_dearer(applied: AppliedTerms, terms: ApprovedTerms) -> None:
    shown = applied.annual_rate or Decimal(0)
    if terms.annual_rate is not None and terms.annual_rate > shown:
        raise invalid(
            N_("You can approve up to {rate} a year, the rate that was shown when they applied."),
            terms.at("annualRate"),
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
    """It is told in tenths of what was asked for and at the rate that was shown: by trying one amount and rate after the other
    nobody learns an income.
    """
    amount, months, _ = (terms or ApprovedTerms()).over(application, applied)
    tenths = -(-amount * STEPS // application.amount)
    amount = -(-application.amount * tenths // STEPS)
    monthly = applied_terms.quote(applied, amount, months).monthly_burden
    if not borrower.can_carry(monthly, application.currency):
        raise Refusal(
            RefusalCode.LIMIT_EXCEEDED,
            N_("With what they owe already, the monthly payments would take more than {share} of their income."),
            field=APPLICATION if terms is None else terms.at("amount"),
            share=f"{policy.BURDEN_MAX:.0%}",
        )
