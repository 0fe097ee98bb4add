"""Products: whom each reaches and what comes of it, and whether anybody pays more for the same."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from sqlalchemy import Select
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.console.pages.desks import Desk, requires
from api.console.pages.rendering import page
from api.console.pages.watching import COLUMNS, GROUPS
from domain.actors import StaffActor
from domain.market.products import Product, ProductKind, ProductStatus, partners_by_ids
from domain.matching.reach import funnels
from domain.matching.reach.funnels import Days, Funnel
from domain.matching.sweeps import group_costs, sweeps
from domain.people import groups
from domain.people.partners import Partner
from domain.permissions import Permission
from infra.database import Db, reading
from infra.errors import Refusal
from infra.ids import global_id, parse_global_id
from infra.paging import page_of
from infra.words import N_
from ml.figures.drift import Share

PAGE = 50
WINDOWS = (7, 30, 90)
SORTS = {
    "partner": [Partner.name, Product.title, Product.id],
    "kind": [Product.kind, Partner.name, Product.title, Product.id],
    "title": [Product.title, Product.id],
}
KINDS = {
    ProductKind.LOAN: N_("Loan"),
    ProductKind.RENTAL: N_("Rental"),
    ProductKind.ELECTRONICS: N_("Electronics"),
    ProductKind.AESTHETICS: N_("Aesthetics"),
}
STATUSES = {
    ProductStatus.DRAFT: N_("Draft"),
    ProductStatus.PUBLISHED: N_("Published"),
    ProductStatus.RETIRED: N_("Retired"),
}


@dataclass(frozen=True)
class Row:
    """One product as the table shows it."""

    product: Product
    partner: Partner
    funnel: Funnel

    @property
    def id(self) -> str:
        return global_id("Product", self.product.id)

    @property
    def narrowing(self) -> list[int]:
        return [getattr(self.funnel, name) or 0 for name in ("shown", "opened", "applied", "approved")]

    @property
    def eligible(self) -> Share | None:
        if self.funnel.eligible is None or not self.funnel.people:
            return None
        return Share(self.funnel.eligible, self.funnel.people)


@dataclass(frozen=True)
class Asked:
    """What the addresses of these pages say."""

    days: int
    sort: str = "partner"
    kind: ProductKind | None = None

    def to(self, **other: object) -> str:
        told = {"days": self.days, "sort": self.sort, "kind": self.kind, **other}
        return urlencode({name: value for name, value in told.items() if value is not None})


def asked_by(request: Request) -> Asked:
    said = request.query_params
    days = next((window for window in WINDOWS if said.get("days") == str(window)), 30)
    kind = ProductKind(said["kind"]) if said.get("kind") in set(ProductKind) else None
    return Asked(days, said["sort"] if said.get("sort") in SORTS else "partner", kind)


@requires(Permission.SEE_PRODUCTS)
async def products(request: Request, desk: Desk) -> Response:
    asked = asked_by(request)
    async with reading() as db:
        try:
            found = await page_of(
                db,
                _listed(desk.actor, asked.kind),
                SORTS[asked.sort],
                first=PAGE,
                after=request.query_params.get("after"),
            )
        except Refusal:
            return RedirectResponse("/console/products", 303)
        rows = await rows_of(db, desk.actor, found.items, await funnels.last_days(db, asked.days))
        done = await sweeps.last_done(db)
    return page(
        request,
        "products.html",
        rows=rows,
        asked=asked,
        after=found.end if found.has_next else None,
        windows=WINDOWS,
        kinds=KINDS,
        statuses=STATUSES,
        published=ProductStatus.PUBLISHED,
        done=done,
    )


def _listed(actor: StaffActor, kind: ProductKind | None) -> Select[Product]:
    listed = funnels.seen_by(actor).join(Partner, Partner.id == Product.partner_id)
    return listed.where(Product.kind == kind) if kind else listed


async def rows_of(db: Db, actor: StaffActor, found: Sequence[Product], days: Days) -> list[Row]:
    told = await funnels.of_products(db, actor, [product.id for product in found], days)
    names = await partners_by_ids(db, {product.partner_id for product in found})
    return [Row(product, names[product.partner_id], told[product.id]) for product in found]


async def product_of(db: Db, actor: StaffActor, id: str) -> Product | None:
    parsed = parse_global_id(id)
    if parsed is None or parsed[0] != "Product":
        return None
    return (await db.execute(funnels.seen_by(actor).where(Product.id == parsed[1]))).scalar_one_or_none()


@requires(Permission.SEE_PRODUCTS)
async def what_groups_pay(request: Request, desk: Desk) -> Response:
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
