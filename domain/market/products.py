"""Product: something a partner offers."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, Numeric, Select, select, text
from sqlalchemy.orm import Mapped, mapped_column

from domain.actors import PartnerActor
from domain.credit.grades import Grade
from domain.market.goods import Goods
from domain.market.kinds import ProductKind
from domain.money.loans import Amortisation
from domain.people import partners, worlds
from domain.people.partners import Partner
from infra.database import Db
from infra.entity import Entity, Id, Json, Minor
from infra.events import declare
from infra.lifecycle import Lifecycle, Move
from infra.loaders import ANY_KEY, loader
from infra.questions import Question
from infra.revisions import Raised, raises

CHANGED = declare("product.changed")


class DecisionMode(StrEnum):
    INSTANT = "INSTANT"
    PARTNER = "PARTNER"


class ProductStatus(StrEnum):
    DRAFT = "DRAFT"
    PUBLISHED = "PUBLISHED"
    RETIRED = "RETIRED"


class PaymentOrder(StrEnum):
    CHARGES_FIRST = "CHARGES_FIRST"
    PRINCIPAL_FIRST = "PRINCIPAL_FIRST"


# A partner opens and closes a product as it likes; one that begins PUBLISHED was opened as it was put up.
LIFE = Lifecycle(
    "Product",
    Move([ProductStatus.DRAFT, ProductStatus.RETIRED], ProductStatus.PUBLISHED, CHANGED),
    Move([ProductStatus.PUBLISHED, ProductStatus.RETIRED], ProductStatus.DRAFT, CHANGED),
    Move([ProductStatus.DRAFT, ProductStatus.PUBLISHED], ProductStatus.RETIRED, CHANGED),
    begins=ProductStatus.DRAFT,
    event=CHANGED,
)


@raises(Raised.SHELFS)
class Product(Entity):
    """Amounts in minor units; a RENTAL's is the monthly rent, both ends equal. `goods` is what is rented, as `rented` says it where
    nobody did. `rules` are the partner's own, by name."""

    __tablename__ = "products"

    id: Mapped[Id]
    partner_id: Mapped[UUID] = mapped_column(ForeignKey("partners.id", ondelete="CASCADE"))
    sku: Mapped[str]
    kind: Mapped[ProductKind]
    title: Mapped[str]
    amount_min: Mapped[Minor]
    amount_max: Mapped[Minor]
    currency: Mapped[str]
    term_months: Mapped[list[int]]
    annual_rate: Mapped[Decimal | None] = mapped_column(Numeric(7, 5))
    fee_rate: Mapped[Decimal] = mapped_column(Numeric(7, 5), default=Decimal(0))  # once, of the amount
    late_fee_rate: Mapped[Decimal] = mapped_column(
        Numeric(7, 5), default=Decimal(0)
    )  # once, of what of an instalment is late
    deposit: Mapped[Minor] = mapped_column(default=0)
    goods: Mapped[Goods | None] = mapped_column(default=None)
    grade_at_least: Mapped[Grade | None] = mapped_column(default=None)
    decision: Mapped[DecisionMode] = mapped_column(default=DecisionMode.INSTANT)
    payment_order: Mapped[PaymentOrder] = mapped_column(default=PaymentOrder.CHARGES_FIRST)
    amortisation: Mapped[Amortisation] = mapped_column(default=Amortisation.EQUAL)
    rules: Mapped[Json] = mapped_column(default_factory=dict)
    sponsored: Mapped[bool] = mapped_column(default=False)
    status: Mapped[ProductStatus] = mapped_column(default=ProductStatus.PUBLISHED)
    version: Mapped[int] = mapped_column(default=1)
    updated_at: Mapped[datetime | None] = mapped_column(default=None)
    # What its columns are to be from a time on, as JSON; and when the last time came and could not be kept.
    staged: Mapped[Json | None] = mapped_column(default=None)
    publish_at: Mapped[datetime | None] = mapped_column(default=None)
    publish_refused_at: Mapped[datetime | None] = mapped_column(default=None)
    # Which version of the shelf it was put on or changed in; a trigger writes it, whoever changes the row.
    shelved_in: Mapped[int] = mapped_column(BigInteger, init=False, server_default=text("0"))

    __table_args__ = (
        Index(None, "partner_id", "sku", unique=True),
        Index(None, "status", "kind", "id"),
        Index(None, "shelved_in"),
    )

    @property
    def rented(self) -> Goods | None:
        """None where nothing is."""
        return self.goods or self.kind.terms.goods


@raises(Raised.SHELFS)
class ShelfVersion(Entity):
    """One row, raised by a trigger whenever a product is written or deleted; writers of products wait for each other here."""

    __tablename__ = "shelf_version"

    id: Mapped[int] = mapped_column(primary_key=True, default=1)
    version: Mapped[int] = mapped_column(BigInteger, default=0)


def published() -> Select[Product]:
    """What everybody may see, signed in or not."""
    return _published().where(worlds.of_live_partner(Product.partner_id))


def _published() -> Select[Product]:
    return select(Product).where(Product.status == ProductStatus.PUBLISHED)


def offered_by(actor: PartnerActor) -> Select[Product]:
    """A partner's own, whatever their status."""
    return select(Product).where(Product.partner_id == actor.partner_id)


async def find_published(db: Db, product_id: UUID, user_id: UUID) -> Product | None:
    """What this person may have, of their own world."""
    its = _published().where(Product.id == product_id, worlds.meet(user_id, Product.partner_id))
    return (await db.execute(its)).scalar_one_or_none()


_PRODUCTS = Question(lambda: select(Product).where(Product.id == ANY_KEY))


@loader(_PRODUCTS)
async def by_ids(db: Db | None, ids: set[UUID], now: datetime, rows: list[tuple[Product]]) -> dict[UUID, Product]:
    """Whatever their status: what was once applied for keeps its name."""
    return {product.id: product for (product,) in rows}


async def partners_by_ids(db: Db, ids: set[UUID]) -> dict[UUID, Partner]:
    known = await partners.recall(db)
    return {id: known[id] for id in ids & known.keys()}
