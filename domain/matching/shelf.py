"""The shelf: all published products as columns, kept by each process and brought up to date from what changed since."""

from collections.abc import Sequence
from functools import cached_property
from uuid import UUID

from sqlalchemy import func, select, text

from domain.market.columns import ProductColumns, columns_of, patched
from domain.market.products import Product, ProductStatus, ShelfVersion
from infra.database import Db


class Shelf:
    """Never changed: what changes is another shelf."""

    def __init__(self, version: int, columns: ProductColumns) -> None:
        self.version, self.columns = version, columns

    def __len__(self) -> int:
        return len(self.columns)

    def product(self, row: int) -> Product:
        found = self.columns.products[row]
        assert isinstance(found, Product)
        return found

    def row_of(self, product_id: UUID) -> int | None:
        return self._places.get(product_id)

    @cached_property
    def _places(self) -> dict[UUID, int]:
        return {product.id: row for row, product in enumerate(self.columns.products)}


def of(products: Sequence[Product], version: int = 0) -> Shelf:
    return Shelf(version, columns_of(products))


_shared: Shelf | None = None


async def current(db: Db, version: int | None = None) -> Shelf:
    """The shelf as this transaction sees it. `version`: what it has just read of `shelf_version`, to save asking again."""
    if _shared is not None and version == _shared.version:
        return _shared
    return await _brought_up(db, _shared)


async def _brought_up(db: Db, known: Shelf | None) -> Shelf:
    global _shared
    version, is_ours, count, changed = await _changed_since(db, known.version if known else -1)
    shelf = _with(known, version, changed) if known and known.version <= version else None
    if shelf is None or len(shelf) != count:
        # A deleted product leaves no trace of when it went.
        version, is_ours, count, changed = await _changed_since(db, -1)
        shelf = of(_published(changed), version)
    if not is_ours:
        _shared = shelf
    return shelf


def _with(known: Shelf, version: int, changed: Sequence[Product]) -> Shelf:
    if not changed:
        return Shelf(version, known.columns)
    return Shelf(version, patched(known.columns, changed, columns_of(_published(changed))))


def _published(products: Sequence[Product]) -> list[Product]:
    return [product for product in products if product.status == ProductStatus.PUBLISHED]


# A transaction that changed products sees what no other does yet: its shelf is nobody else's.
# What a savepoint within it wrote is younger than the transaction.
IS_OURS = text("coalesce(age(shelf_version.xmin) <= age(pg_current_xact_id_if_assigned()::xid), false)")


async def _changed_since(db: Db, version: int) -> tuple[int, bool, int, list[Product]]:
    """The version now, whether this transaction made it, how many are published, and what changed since `version`."""
    published = select(func.count()).where(Product.status == ProductStatus.PUBLISHED).scalar_subquery()
    asked = select(ShelfVersion.version, IS_OURS, published, Product).outerjoin(Product, Product.shelved_in > version)
    rows = (await db.execute(asked.execution_options(populate_existing=True))).all()
    now, is_ours, count, _ = rows[0]
    return now, is_ours, count, [row[3] for row in rows if row[3] is not None]
