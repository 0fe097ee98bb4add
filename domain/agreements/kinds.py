"""AgreementKind: what tells agreements of one kind of product from the others; one file a kind, and one line here."""

from collections.abc import Mapping

from domain.agreements import aesthetics, electronics, loans, rentals
from domain.agreements.kind import AgreementKind
from domain.market.kinds import ProductKind

KINDS: Mapping[ProductKind, AgreementKind] = {
    ProductKind.LOAN: loans.KIND,
    ProductKind.RENTAL: rentals.KIND,
    ProductKind.ELECTRONICS: electronics.KIND,
    ProductKind.AESTHETICS: aesthetics.KIND,
}
