"""ELECTRONICS: a thing bought now and paid in equal instalments, with a deposit that a good grade waives."""

from dataclasses import replace
from decimal import Decimal

from domain.credit.grades import Grade
from domain.market.terms import loan
from domain.market.terms.deposits import split
from domain.market.terms.quote import KindTerms, Priced, Quote
from infra.words import N_


def quote(priced: Priced, amount: int, months: int, annual_rate: Decimal | None, grade: Grade | None) -> Quote:
    held, waived = split(priced.deposit, grade)
    return replace(loan.quote(priced, amount, months, annual_rate, grade), deposit=held, deposit_waived=waived)


TERMS = KindTerms(
    N_("Electronics"),
    N_("Price"),
    "A computer, phone or other device, paid in monthly instalments.",
    quote,
    usual_amount=4500,
)
