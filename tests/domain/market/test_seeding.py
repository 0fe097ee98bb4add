"""Seeding the market puts in what is missing, in two statements, and never undoes what a partner changed."""

from sqlalchemy import delete, func, select, update

from domain.market import catalogue, seeding
from domain.market.products import Product, ProductStatus
from domain.people.partners import Partner
from infra.database import Db
from tests.statements import statements
from tests.trying import rolled_back

OFFERED = catalogue.read()
FLEX = catalogue.product_id("longan-demo-bank", "ldb-flex")
EVERYDAY = catalogue.product_id("longan-demo-bank", "ldb-everyday")


async def test_all_partners_and_products_are_there_as_the_file_says() -> None:
    async with rolled_back() as db:
        await seeding.seed(db)
        assert await seeded(db) == (len(OFFERED.partners), len(OFFERED.products))
        flex = await db.get_one(Product, FLEX, populate_existing=True)
        offered = next(product for product in OFFERED.products if product.id == FLEX)
        assert columns(flex) == columns(offered) | {"shelved_in": flex.shelved_in}


async def test_seeding_again_writes_nothing() -> None:
    async with rolled_back() as db:
        await seeding.seed(db)
        before = await seeded(db)
        await seeding.seed(db)
        assert await seeded(db) == before


async def test_what_a_partner_changed_or_retired_stays_and_what_is_missing_comes_back() -> None:
    async with rolled_back() as db:
        await seeding.seed(db)
        changed = {"title": "新名字", "status": ProductStatus.RETIRED, "version": 2}
        await db.execute(update(Product).where(Product.id == FLEX).values(changed))
        await db.execute(delete(Product).where(Product.id == EVERYDAY))
        await seeding.seed(db)
        flex = await db.get_one(Product, FLEX, populate_existing=True)
        assert (flex.title, flex.status, flex.version) == ("新名字", ProductStatus.RETIRED, 2)
        assert (await db.get_one(Product, EVERYDAY)).title == "日常消费借款"


async def test_a_product_that_a_partner_made_under_the_same_sku_stays_the_only_one() -> None:
    async with rolled_back() as db:
        await seeding.seed(db)
        own = catalogue.product_id("longan-demo-bank", "made by the partner")
        await db.execute(update(Product).where(Product.id == FLEX).values(id=own))
        await seeding.seed(db)
        assert (await db.execute(select(Product.id).where(Product.sku == "ldb-flex"))).scalars().all() == [own]


async def test_seeding_takes_two_statements() -> None:
    async with rolled_back() as db:
        await db.connection()
        with statements() as sent:
            await seeding.seed(db)
    assert [statement.split(" (")[0] for statement in sent] == ["INSERT INTO partners", "INSERT INTO products"]


async def seeded(db: Db) -> tuple[int, int]:
    """How many of the catalogue's partners and products the database has."""
    partners = select(func.count()).where(Partner.id.in_([partner.id for partner in OFFERED.partners]))
    products = select(func.count()).where(Product.id.in_([product.id for product in OFFERED.products]))
    return (await db.execute(partners)).scalar_one(), (await db.execute(products)).scalar_one()


def columns(product: Product) -> dict[str, object]:
    return {column.key: getattr(product, column.key) for column in Product.__table__.columns}
