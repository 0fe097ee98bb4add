"""ELECTRONICS: a thing bought now and paid in equal instalments. It is the person's, so nothing is held for it as a deposit."""

from domain.market.terms import loan
from domain.market.terms.quote import KindTerms
from infra.words import N_

TERMS = KindTerms(
    N_("Electronics"),
    N_("Price"),
    "A computer, phone or other device, paid in monthly instalments.",
    loan.quote,
    usual_amount=4500,
)
