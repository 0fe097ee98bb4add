"""Why a product is not among a person's matches, or where it stands if it is."""

from dataclasses import dataclass
from uuid import UUID

from domain.credit.reasons import Reason
from domain.market import eligibility, products
from domain.market.eligibility import ProductStanding
from domain.market.products import Product, ProductStatus
from domain.matching import lists
from domain.matching.lists import List
from infra.database import Db
from infra.words import N_

NOT_OFFERED = Reason("NOT_OFFERED", N_("This product is not available right now."))
OFFERED = Reason(
    "OFFERED", N_("It is offered to you: number {position} of {count}, by what suits you and what it costs.")
)
OFFERED_BY_COST = Reason(
    "OFFERED", N_("It is offered to you: number {position} of {count}, by cost alone, as you chose.")
)


@dataclass(frozen=True)
class WhyNot:
    """`is_offered`, where it stands and what must be told before applying; or all that stands against it."""

    product: Product
    is_offered: bool
    reasons: tuple[Reason, ...]


async def why_not(db: Db, user_id: UUID, product_id: UUID) -> WhyNot | None:
    """Why this person cannot have this product; None where no such product was ever offered."""
    product = (await products.by_ids(db, {product_id})).get(product_id)
    if product is None or product.status == ProductStatus.DRAFT:
        return None
    found = await lists.list_for(db, user_id)
    row = found.candidates.shelf.row_of(product_id)
    if row is None:
        return WhyNot(product, False, (NOT_OFFERED,))
    ranks = (found.candidates.rows[found.ranking.order] == row).nonzero()[0]
    standing = _standing(found, row)
    if len(ranks):
        missing = tuple(reason for _, reason in standing.missing)
        return WhyNot(product, True, (_place(found, int(ranks[0])), *missing))
    return WhyNot(product, False, standing.reasons)


def _place(found: List, rank: int) -> Reason:
    said = OFFERED if found.basis.is_personal else OFFERED_BY_COST
    return Reason(said.code, said.message, {"position": rank + 1, "count": len(found.candidates)})


def _standing(found: List, row: int) -> ProductStanding:
    standing = eligibility.standing(found.candidates.shelf.product(row), found.applicant)
    assert standing is not None, "what is on the shelf can be read"
    return standing
