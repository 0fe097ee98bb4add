"""Why a product is not among a person's matches, or where it stands if it is."""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from domain.credit import policy
from domain.credit.reasons import Reason
from domain.market import eligibility, products
from domain.market.products import Product, ProductStatus
from domain.matching import lists
from domain.matching.lists import List
from domain.matching.rules import illustrated
from infra.database import Db
from infra.words import N_

NOT_OFFERED = Reason("NOT_OFFERED", N_("This product is not offered now."))
OFFERED = Reason(
    "OFFERED", N_("It is offered to you: number {position} of {count}, by what suits you and what it costs.")
)
OFFERED_BY_COST = Reason(
    "OFFERED", N_("It is offered to you: number {position} of {count}, by cost alone, as you chose.")
)


@dataclass(frozen=True)
class WhyNot:
    """`is_offered` and one reason that says where it stands; or all that stands against it, in the order of the rules."""

    product: Product
    is_offered: bool
    reasons: tuple[Reason, ...]


async def why_not(db: Db, user_id: UUID, product_id: UUID) -> WhyNot | None:
    """None where no such product was ever offered."""
    product = (await products.by_ids(db, {product_id})).get(product_id)
    if product is None or product.status == ProductStatus.DRAFT:
        return None
    found = await lists.of(db, user_id)
    row = found.candidates.shelf.row_of(product_id)
    if row is None:
        return WhyNot(product, False, (NOT_OFFERED,))
    ranks = (found.candidates.rows[found.ranking.order] == row).nonzero()[0]
    if len(ranks):
        return WhyNot(product, True, (_place(found, int(ranks[0])),))
    return WhyNot(product, False, tuple(_against(found, row)))


def _place(found: List, rank: int) -> Reason:
    said = OFFERED if found.basis.is_personal else OFFERED_BY_COST
    return Reason(said.code, said.message, {"position": rank + 1, "count": len(found.candidates)})


def _against(found: List, row: int) -> Iterator[Reason]:
    shelf, known = found.candidates.shelf, found.known
    product = shelf.product(row)
    yield from eligibility.against(
        product, eligibility.applicant_of(found.sheet, found.scored.grade if found.scored else None)
    )
    if known.is_behind and shelf.columns.is_instant[row]:
        yield policy.BEHIND
    if known.affordable is not None and illustrated(shelf, known).monthly_cost[row] > known.affordable:
        yield policy.BURDENED
