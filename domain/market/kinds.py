"""The kinds of products. Each is declared here and described by one file of terms."""

from collections.abc import Mapping
from enum import StrEnum

from domain.market.terms import aesthetics, electronics, loan, rental
from domain.market.terms.quote import KindTerms


class ProductKind(StrEnum):
    LOAN = "LOAN"
    RENTAL = "RENTAL"
    ELECTRONICS = "ELECTRONICS"
    AESTHETICS = "AESTHETICS"

    @property
    def terms(self) -> KindTerms:
        return TERMS[self]


TERMS: Mapping[ProductKind, KindTerms] = {
    ProductKind.LOAN: loan.TERMS,
    ProductKind.RENTAL: rental.TERMS,
    ProductKind.ELECTRONICS: electronics.TERMS,
    ProductKind.AESTHETICS: aesthetics.TERMS,
}

assert set(TERMS) == set(ProductKind), "each kind has its terms"
