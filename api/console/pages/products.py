"""Products: whom each reaches and what comes of it, and whether anybody pays more for the same."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from sqlalchemy import Select, or_
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.console.pages.exporting import table_as_csv
from api.console.pages.numbers import read_whole
from api.console.pages.rendering import page
from api.console.pages.visits import StaffVisit, requires
from api.console.pages.watching import COLUMNS, GROUPS
from domain.actors import StaffActor
from domain.market import columns
from domain.market.kinds import ProductKind
from domain.market.products import Product, ProductStatus, partners_by_ids
from domain.matching.reach import funnels
from domain.matching.reach.funnels import Days, Funnel
from domain.matching.sweeps import group_costs, sweeps
from domain.people import groups
from domain.people.partners import Partner
from domain.permissions import Permission
from infra.database import Db, reading
from infra.ids import global_id, parse_global_id
from infra.words import N_
from ml.figures.drift import Share

PAGE = 50
LISTED_MAX = 2_000  # products that are sorted by what came of them, added up, or exported
SEARCH_MAX = 80
WINDOWS = (7, 30, 90)
SORTS = {
    "partner": [Partner.name, Product.title, Product.id],
    "kind": [Product.kind, Partner.name, Product.title, Product.id],
    "title": [Product.title, Product.id],
}
RESULTS = ("eligible", "shown", "opened", "applied", "approved")
STATUSES = {
    ProductStatus.DRAFT: N_("Draft"),
    ProductStatus.PUBLISHED: N_("Published"),
    ProductStatus.RETIRED: N_("Retired"),
}


@dataclass(frozen=True)
class ProductRow:
    """One product as the table shows it."""

    product: Product
    partner: Partner
    funnel: Funnel

    @property
    def id(self) -> str:
        return global_id("Product", self.product.id)

    @property
    def is_withheld(self) -> bool:
        return columns.is_withheld(self.product)

    @property
    def narrowing(self) -> list[int]:
        return [getattr(self.funnel, name) or 0 for name in ("shown", "opened", "applied", "approved")]

    def result(self, name: str) -> int:
        return getattr(self.funnel, name) or 0

    @property
    def eligible(self) -> Share | None:
        if self.funnel.eligible is None or not self.funnel.people:
            return None
        return Share(self.funnel.eligible, self.funnel.people)


@dataclass(frozen=True)
class ListQuery:
    """What the addresses of these pages say."""

    days: int
    sort: str = "partner"
    kind: ProductKind | None = None
    q: str | None = None
    skip: int = 0

    def to(self, **other: object) -> str:
        told = {"days": self.days, "sort": self.sort, "kind": self.kind, "q": self.q, **other}
        return urlencode({name: value for name, value in told.items() if value})


def asked_by(request: Request) -> ListQuery:
    said = request.query_params
    days = next((window for window in WINDOWS if said.get("days") == str(window)), 30)
    kind = ProductKind(said["kind"]) if said.get("kind") in set(ProductKind) else None
    sort = said["sort"] if said.get("sort") in {*SORTS, *RESULTS} else "partner"
    skip = read_whole(said.get("skip", "")) or 0
    return ListQuery(days, sort, kind, said.get("q", "").replace("\0", "").strip()[:SEARCH_MAX] or None, skip)


@requires(Permission.SEE_PRODUCTS)
async def products(request: Request, visit: StaffVisit) -> Response:
    asked = asked_by(request)
    async with reading() as db:
        rows = await _rows(db, visit.actor, asked)
        done = await sweeps.last_done(db)
    return page(
        request,
        "products.html",
        rows=rows[asked.skip : asked.skip + PAGE],
        totals=[sum(row.narrowing[step] for row in rows) for step in range(4)],
        count=len(rows),
        count_max=LISTED_MAX,
        asked=asked,
        after=asked.skip + PAGE if len(rows) > asked.skip + PAGE else None,
        windows=WINDOWS,
        kinds=ProductKind,
        statuses=STATUSES,
        published=ProductStatus.PUBLISHED,
        done=done,
    )


async def _rows(db: Db, actor: StaffActor, asked: ListQuery) -> list[ProductRow]:
    """All that was asked for, in its order: what came of them is known only when all are added up."""
    listed = _listed(actor, asked).order_by(*SORTS.get(asked.sort, SORTS["partner"])).limit(LISTED_MAX)
    found = list((await db.execute(listed)).scalars())
    rows = await rows_of(db, actor, found, await funnels.last_days(db, asked.days))
    return sorted(rows, key=lambda row: -row.result(asked.sort)) if asked.sort in RESULTS else rows


def _listed(actor: StaffActor, asked: ListQuery) -> Select[Product]:
    listed = funnels.seen_by(actor).join(Partner, Partner.id == Product.partner_id)
    if asked.kind:
        listed = listed.where(Product.kind == asked.kind)
    if asked.q:
        names = (Product.title, Product.sku, Partner.name)
        listed = listed.where(or_(*(name.icontains(asked.q, autoescape=True) for name in names)))
    return listed


@requires(Permission.SEE_PRODUCTS)
async def exported(request: Request, visit: StaffVisit) -> Response:
    """The list of products as CSV, for a spreadsheet."""
    asked = asked_by(request)
    async with reading() as db:
        rows = await _rows(db, visit.actor, asked)
    names = ("sku", "product", "partner", "kind", "status", "days", "people", *RESULTS, "declined", "accepted")
    lines = ((*_named(row), asked.days, *_counted(row)) for row in rows)
    return table_as_csv("products", names, lines)


def _named(row: ProductRow) -> tuple[str, ...]:
    product = row.product
    return product.sku, product.title, row.partner.name, product.kind.value, product.status.value


def _counted(row: ProductRow) -> tuple[int | None, ...]:
    funnel = row.funnel
    return funnel.people, *(getattr(funnel, name) for name in RESULTS), funnel.declined, funnel.accepted


async def rows_of(db: Db, actor: StaffActor, found: Sequence[Product], days: Days) -> list[ProductRow]:
    told = await funnels.of_products(db, actor, [product.id for product in found], days)
    names = await partners_by_ids(db, {product.partner_id for product in found})
    return [ProductRow(product, names[product.partner_id], told[product.id]) for product in found]


async def product_of(db: Db, actor: StaffActor, id: str) -> Product | None:
    parsed = parse_global_id(id)
    if parsed is None or parsed[0] != "Product":
        return None
    return (await db.execute(funnels.seen_by(actor).where(Product.id == parsed[1]))).scalar_one_or_none()


@requires(Permission.SEE_PRODUCTS)
async def show_group_costs(request: Request, visit: StaffVisit) -> Response:
    async with reading() as db:
        done = await sweeps.last_done(db)
        lines = await group_costs.lines(db, done.id) if done else []
    return page(
        request,
        "group_costs.html",
        done=done,
        lines=lines,
        widest=max((line.interval[1] for line in lines), default=0.0) or 1.0,
        first=group_costs.FIRST,
        columns=COLUMNS,
        groups=GROUPS,
        people_min=groups.PEOPLE_MIN,
    )


@requires(Permission.SEE_PRODUCTS)
async def groups_exported(request: Request, visit: StaffVisit) -> Response:
    """What groups pay, as CSV; shares of a year as fractions."""
    async with reading() as db:
        done = await sweeps.last_done(db)
        lines = await group_costs.lines(db, done.id) if done else []
    names = ("column", "group", "people", "annual_cost", "could_be_saved", "low", "high", "concern")
    told = (
        (each.column, each.group, each.people, each.annual_cost, each.overpaid, *each.interval, each.is_concern)
        for each in lines
    )
    return table_as_csv("group-costs", names, told)


routes: list[Route] = [
    Route("/console/products", products),
    Route("/console/products.csv", exported),
    Route("/console/products/groups", show_group_costs),
    Route("/console/products/groups.csv", groups_exported),
]
