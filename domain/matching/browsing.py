"""Browsing: what is on the shelf as anybody walks through it, signed in or not; found by words, filtered, and in order."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from uuid import UUID

import numpy as np
from sqlalchemy import select

from domain.market.arrays import Codes, Flags, Floats, Indices, Whole
from domain.market.columns import KINDS, ProductColumns
from domain.market.kinds import ProductKind
from domain.market.products import Product, ShelfVersion
from domain.market.terms import costing
from domain.market.words import Lines, line_of, spelled
from domain.matching import shelf
from domain.matching.shelf import Shelf
from domain.people.partners import Partner
from infra.database import Db
from infra.money import Money
from infra.paging import Page, decode_cursor, encode_cursor, limit_of, not_ours


class ProductSort(StrEnum):
    OLDEST = "OLDEST"
    LOWEST_COST = "LOWEST_COST"
    LOWEST_MONTHLY = "LOWEST_MONTHLY"
    LARGEST_AMOUNT = "LARGEST_AMOUNT"


@dataclass(frozen=True)
class Wanted:
    """What somebody looks for; all of it must hold."""

    words: tuple[str, ...] = ()
    kinds: frozenset[ProductKind] | None = None
    partner_id: UUID | None = None
    amount: Money | None = None
    months: int | None = None
    monthly_at_most: Money | None = None
    sort: ProductSort = ProductSort.OLDEST


@dataclass(frozen=True)
class Found(Page[Product]):
    """A page of what was found, and how much that is in all."""

    count: int = field(kw_only=True)


@dataclass(frozen=True)
class BrowsingCursor:
    """Behind the product with this value and id: the walk goes on there, whatever was changed or taken down meanwhile."""

    value: float
    id: UUID


async def page(db: Db, wanted: Wanted, *, first: int | None, after: str | None) -> Found:
    """Refuses INVALID more than a page, and a cursor of another order."""
    limit = limit_of(first)
    cursor = _read(after, wanted.sort) if after is not None else None
    on_shelf = await shelf.current(db, (await db.execute(select(ShelfVersion.version))).scalar_one())
    names = await _names(db) if wanted.words else {}
    return await asyncio.to_thread(lambda: _page(on_shelf, names, wanted, limit, after, cursor))


async def _names(db: Db) -> dict[UUID, str]:
    return dict((await db.execute(select(Partner.id, Partner.name).where(~Partner.is_test))).all())


def _page(
    on_shelf: Shelf,
    names: Mapping[UUID, str],
    wanted: Wanted,
    limit: int,
    after: str | None,
    cursor: BrowsingCursor | None,
) -> Found:
    columns, rows = on_shelf.columns, _rows(on_shelf, names, wanted)
    values = _values(columns, rows, wanted)
    order = np.argsort(values, kind="stable")  # the rows are in the order of their ids
    start = int(_is_up_to(cursor, values, columns.ids[rows]).sum()) if cursor else 0
    shown = order[start : start + limit]
    items = columns.products[rows[shown]].tolist()
    cursors = [_written(wanted.sort, value, item.id) for value, item in zip(values[shown], items, strict=True)]
    return Found(
        items=items,
        cursors=cursors,
        has_next=start + limit < len(rows),
        has_previous=after is not None,
        end=cursors[-1] if cursors else after,
        count=len(rows),
    )


def _is_up_to(cursor: BrowsingCursor, values: Floats, ids: Codes) -> Flags:
    is_before: Flags = (values < cursor.value) | ((values == cursor.value) & (ids <= cursor.id.bytes))
    return is_before


def _rows(on_shelf: Shelf, names: Mapping[UUID, str], wanted: Wanted) -> Indices:
    """Cheap questions first, and the dear ones only of what is left."""
    columns = on_shelf.columns
    flags = np.ones(len(columns), bool)
    if wanted.kinds is not None:
        flags &= np.isin(columns.kind, [KINDS.index(kind) for kind in wanted.kinds])
    if wanted.partner_id is not None:
        flags &= columns.partner == wanted.partner_id.bytes
    if wanted.amount is not None:
        flags &= columns.currency == wanted.amount.currency.encode()
        flags &= (columns.amount_min <= wanted.amount.minor) & (wanted.amount.minor <= columns.amount_max)
    if wanted.words:
        flags &= _having(on_shelf, names, wanted.words)
    rows = np.flatnonzero(flags)
    if wanted.months is not None:
        is_offered = [wanted.months in terms for terms in columns.terms[rows]]
        rows = rows[np.array(is_offered, bool)]
    if wanted.monthly_at_most is not None:
        is_ours = columns.currency[rows] == wanted.monthly_at_most.currency.encode()
        rows = rows[is_ours & (_monthly(columns, rows, wanted) <= wanted.monthly_at_most.minor)]
    return rows


def _having(on_shelf: Shelf, names: Mapping[UUID, str], words: tuple[str, ...]) -> Flags:
    """Each of the words stands in the title or in the partner's name."""
    ids, whose = on_shelf.partners
    partners = Lines([line_of(names.get(id, "")) for id in ids])

    @cache
    def having(piece: str) -> Flags:
        return on_shelf.lines.having(piece) | partners.having(piece)[whose]

    flags = np.ones(len(on_shelf), bool)
    for word in words:
        flags &= spelled(word, having)
    return flags


def _values(columns: ProductColumns, rows: Indices, wanted: Wanted) -> Floats:
    """By which they are ordered, the lowest first."""
    match wanted.sort:
        case ProductSort.LOWEST_COST if wanted.months is not None:
            return costing.dearness(columns.annual_rate[rows], columns.fee_rate[rows], wanted.months)
        case ProductSort.LOWEST_COST:
            return columns.annual_cost[rows]
        case ProductSort.LOWEST_MONTHLY:
            return _monthly(columns, rows, wanted) / columns.unit[rows]
        case ProductSort.LARGEST_AMOUNT:
            return -columns.amount_max[rows] / columns.unit[rows]
    return np.zeros(len(rows))


def _monthly(columns: ProductColumns, rows: Indices, wanted: Wanted) -> Whole:
    """For the amount and term that are wanted; where nothing is said, for the middle and about a year, as matches show."""
    low, high, step = columns.amount_min[rows], columns.amount_max[rows], columns.step[rows]
    usual = np.clip((low + high) // 2 // step * step, low, high)
    amount = usual if wanted.amount is None else np.full(len(rows), wanted.amount.minor)
    months = columns.months[rows] if wanted.months is None else np.full(len(rows), wanted.months)
    return costing.costs(
        amount, columns.annual_rate[rows], columns.fee_rate[rows], months, columns.is_interest_only[rows]
    ).monthly


def _written(sort: ProductSort, value: float, id: UUID) -> str:
    return encode_cursor((id,) if sort is ProductSort.OLDEST else (sort, float(value), id))


def _read(after: str, sort: ProductSort) -> BrowsingCursor:
    """Cursors of the oldest first have no value, as they never had."""
    if sort is ProductSort.OLDEST:
        order, value, id = sort, 0.0, *decode_cursor(after, 1)
    else:
        order, value, id = decode_cursor(after, 3)
    try:
        cursor = BrowsingCursor(float(value), UUID(str(id)))
    except ValueError:
        raise not_ours() from None
    if order != sort:
        raise not_ours()
    return cursor
