"""AESTHETICS: a treatment paid in equal instalments."""

from domain.market.terms import loan
from domain.market.terms.quote import KindTerms
from infra.words import N_

TERMS = KindTerms(
    N_("Aesthetics"), N_("Price"), "A treatment, paid in monthly instalments.", loan.quote, usual_amount=6000
)
