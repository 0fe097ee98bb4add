"""The shelf: all published products as columns, kept by each process and brought up to date from what changed since."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import UUID

import numpy as np
import structlog
from sqlalchemy import Enum, Text, func, select, text, type_coerce

from domain.market.arrays import Indices
from domain.market.columns import ProductColumns, columns_of, patched
from domain.market.products import Product, ProductStatus, ShelfVersion
from domain.market.words import Lines
from domain.people import worlds
from infra.database import Db

log = structlog.get_logger()


class Shelf:
    """Never changed: what changes is another shelf."""

    def __init__(self, version: int, columns: ProductColumns, withheld: frozenset[UUID] = frozenset()) -> None:
        self.version, self.columns = version, columns
        self.withheld = withheld  # published, and offered to nobody: unreadable, or above the cap

    def __len__(self) -> int:
        return len(self.columns)

    def product(self, row: int) -> Product:
        found = self.columns.products[row]
        assert isinstance(found, Product)
        return found

    def row_of(self, product_id: UUID) -> int | None:
        return self._places.get(product_id)

    @cached_property
    def lines(self) -> Lines:
        return Lines(self.columns.line.tolist())

    @cached_property
    def partners(self) -> tuple[list[UUID], Indices]:
        """Whoever offers something, and which of them offers each product."""
        known, whose = np.unique(self.columns.partner, return_inverse=True)
        return [UUID(bytes=id.ljust(16, b"\0")) for id in known.tolist()], whose

    @cached_property
    def _places(self) -> dict[UUID, int]:
        return {product.id: row for row, product in enumerate(self.columns.products)}


def shelf_of(products: Sequence[Product], version: int = 0) -> Shelf:
    return Shelf(version, columns_of(products))


_shared: Shelf | None = None


async def current(db: Db, version: int | None = None) -> Shelf:
    """The shelf as this transaction sees it. `version`: what it has just read of `shelf_version`, to save asking again."""
    if _shared is not None and version == _shared.version:
        return _shared
    return await _brought_up(db, _shared)


async def _brought_up(db: Db, known: Shelf | None) -> Shelf:
    global _shared
    found = await _changed_since(db, known.version if known else -1)
    shelf = _with(known, found) if known and known.version <= found.version else None
    if shelf is None or len(shelf) + len(shelf.withheld) != found.published:
        # A deleted product leaves no trace of when it went.
        found = await _changed_since(db, -1)
        shelf = _with(Shelf(-1, columns_of([])), found)
    if not found.is_ours:
        _shared = shelf
    return shelf


def _with(known: Shelf, found: "_ShelfChanges") -> Shelf:
    if not found.changed:
        return Shelf(found.version, known.columns, known.withheld)
    published = {id: product for id, (is_published, product) in found.changed.items() if is_published}
    new = columns_of([product for product in published.values() if product is not None])
    withheld = published.keys() - {product.id for product in new.products}
    still = known.withheld - found.changed.keys()
    return Shelf(found.version, patched(known.columns, [*found.changed], new), still | withheld)


# A transaction that changed products sees what no other does yet: its shelf is nobody else's.
# What a savepoint within it wrote is younger than the transaction.
IS_OURS = text("coalesce(age(shelf_version.xmin) <= age(pg_current_xact_id_if_assigned()::xid), false)")
ROW = tuple(Product.__table__.c)
# A word that this program does not know yet shall spoil one product, not the statement.
PLAIN = tuple(type_coerce(column, Text) if isinstance(column.type, Enum) else column for column in ROW)


@dataclass(frozen=True)
class _ShelfChanges:
    """The version now, whether this transaction made it, how many are published, and what changed: whether it is
    published, and the product if it can be read."""

    version: int
    is_ours: bool
    published: int
    changed: Mapping[UUID, tuple[bool, Product | None]]


async def _changed_since(db: Db, version: int) -> _ShelfChanges:
    is_live = worlds.of_live_partner(Product.partner_id)
    published = select(func.count()).where(Product.status == ProductStatus.PUBLISHED, is_live).scalar_subquery()
    asked = select(ShelfVersion.version, IS_OURS, published, is_live, *PLAIN)
    rows = (await db.execute(asked.outerjoin(Product, Product.shelved_in > version))).all()
    now, is_ours, count, *_ = rows[0]
    told = (dict(zip((column.key for column in ROW), row[4:], strict=True)) for row in rows if row[3])
    changed = {row["id"]: (row["status"] == ProductStatus.PUBLISHED, _product(row)) for row in told if row["id"]}
    return _ShelfChanges(now, is_ours, count, changed)


def _product(row: Mapping[str, Any]) -> Product | None:
    """A product of no session, so that nobody's rollback can take it from the shelf."""
    try:
        words = {
            column.key: column.type.enum_class(row[column.key])
            for column in ROW
            if isinstance(column.type, Enum) and column.type.enum_class and row[column.key] is not None
        }
    except ValueError:
        log.error("product.unreadable", product_id=str(row["id"]))
        return None
    return Product(**{name: value for name, value in {**row, **words}.items() if name != "shelved_in"})
