"""Nobody of one world sees anything of another: neither people what a test partner has, nor a test partner anything of people."""

from collections.abc import Awaitable, Callable
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from domain.actors import PartnerActor, Role, StaffActor, UserActor
from domain.applications import applying
from domain.consent import consent_requests, consenting
from domain.consent.consents import ConsentScope, Purpose
from domain.market import products
from domain.market.products import Product
from domain.matching import browsing, shelf
from domain.matching.browsing import Wanted
from domain.matching.reach import funnels, rehearsing
from domain.people import invented, phones, worlds
from domain.people.partners import Partner
from domain.people.users import User
from infra.database import Db
from infra.errors import Refusal, RefusalCode
from infra.ids import new_id
from infra.money import Money
from membership import redeeming, redemptions
from membership.redemptions import VoucherOwner
from tests.api.people import Shop, open_shop, somebody

STAFF = StaffActor(new_id(), Role.MARKETING)
Way = Callable[[Db, UserActor, Shop], Awaitable[object]]


async def by_applying(db: Db, who: UserActor, shop: Shop) -> object:
    amount = Money(shop.product.amount_min, shop.product.currency)
    id, key = shop.product.id, str(uuid4())
    return await applying.apply(db, who, product_id=id, amount=amount, term_months=6, share=[], key=key)


async def by_granting(db: Db, who: UserActor, shop: Shop) -> object:
    scopes = [ConsentScope.SCORE_CHECK]
    return await consenting.grant(db, who, shop.partner.id, Purpose.LENDING, scopes, 5, key=str(uuid4()))


async def by_a_code(db: Db, who: UserActor, shop: Shop) -> object:
    asks = PartnerActor(shop.partner.id, "client")
    scopes = [ConsentScope.SCORE_CHECK]
    asked = await consent_requests.ask(db, asks, Purpose.LENDING, scopes, 5, None, key=str(uuid4()))
    assert (await consent_requests.find(db, asked.code) is None) == shop.partner.is_test, (
        "the app shows no test request"
    )
    return await consent_requests.answer(db, who, asked.code, is_granted=True, days=None, key=str(uuid4()))


async def by_a_voucher(db: Db, who: UserActor, shop: Shop) -> object:
    voucher = "0123-4567-89AB-CDEF"
    db.add(VoucherOwner(hash=redemptions.hash_of(voucher), user_id=who.user_id, redemption_id=new_id()))
    await db.flush()
    actor = PartnerActor(shop.partner.id, "client")
    return await redeeming.confirm(db, actor, voucher=voucher, reference=None, key=str(uuid4()))


WAYS: list[Way] = [by_applying, by_granting, by_a_code, by_a_voucher]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
@pytest.mark.parametrize("person_of", ["live", "one", "another"])
@pytest.mark.parametrize("partner_of", ["live", "one"])
async def test_nobody_meets_a_partner_of_another_world(db: Db, way: Way, person_of: str, partner_of: str) -> None:
    shops = {"live": await open_shop(), "one": await open_shop(is_test=True), "another": await open_shop(is_test=True)}
    home = shops[person_of].partner
    person = await worlds.invent(db, home.id) if home.is_test else await somebody(db)
    found: Refusal | None = None
    try:
        await way(db, UserActor(person.id, new_id()), shops[partner_of])
    except Refusal as refused:
        found = refused
    is_lost = found is not None and found.code is RefusalCode.NOT_FOUND
    assert is_lost == (person_of != partner_of or way is by_a_voucher), found


async def test_nobody_real_takes_part_in_a_test(db: Db) -> None:
    live, test = await open_shop(), await open_shop(is_test=True)
    person, real = await worlds.invent(db, test.partner.id), await somebody(db)
    await worlds.refuse_apart(db, person.id, test.partner.id)
    await worlds.refuse_apart(db, real.id, live.partner.id)
    for who, shop in ((real, test), (person, live)):
        with pytest.raises(Refusal) as refused:
            await worlds.refuse_apart(db, who.id, shop.partner.id)
        assert refused.value.code is RefusalCode.NOT_ALLOWED


async def test_a_voucher_of_the_same_world_is_looked_for(db: Db) -> None:
    """Which the matrix cannot tell, since there is no redemption behind its voucher."""
    shops = await open_shop(is_test=True), await open_shop()
    for person, met in ((await worlds.invent(db, shops[0].partner.id), [1, 0]), (await somebody(db), [0, 1])):
        db.add(VoucherOwner(hash=uuid4().bytes, user_id=person.id, redemption_id=new_id()))
        await db.flush()
        theirs = select(func.count()).where(VoucherOwner.user_id == person.id)
        meet = [worlds.meet(VoucherOwner.user_id, shop.partner.id) for shop in shops]
        assert [await db.scalar(theirs.where(each)) for each in meet] == met


async def test_nobody_finds_what_a_test_partner_offers(db: Db) -> None:
    live, test = await open_shop(), await open_shop(is_test=True)
    offered = set((await db.execute(products.published().with_only_columns(Product.id))).scalars())
    assert live.product.id in offered and test.product.id not in offered
    on_shelf = await shelf.current(db)
    assert on_shelf.row_of(live.product.id) is not None and on_shelf.row_of(test.product.id) is None
    page = await browsing.page(db, Wanted(partner_id=test.partner.id), first=None, after=None)
    assert page.count == 0
    staff = set((await db.execute(funnels.seen_by(STAFF).with_only_columns(Product.id))).scalars())
    assert live.product.id in staff and test.product.id not in staff


async def test_a_product_of_a_test_partner_makes_no_shelf_anew(db: Db) -> None:
    before = await shelf.current(db)
    test = await open_shop(is_test=True)
    after = await shelf.current(db)
    assert len(after) == len(before) and after.version > before.version and after.row_of(test.product.id) is None


async def test_a_test_partner_learns_nothing_of_how_many_people_there_are(db: Db) -> None:
    test = await open_shop(is_test=True)
    with pytest.raises(Refusal) as refused:
        await rehearsing.of_sku(db, PartnerActor(test.partner.id, "client"), "loan", {})
    assert refused.value.code is RefusalCode.NOT_ALLOWED


async def test_a_test_person_is_never_counted_nor_can_be_signed_in_as(db: Db) -> None:
    test = await open_shop(is_test=True)
    person, real = await worlds.invent(db, test.partner.id), await somebody(db)
    await invented.count(db, is_counted=True)
    counted = set((await db.execute(select(User.id).where(invented.counts(User.id)))).scalars())
    live = set((await db.execute(select(User.id).where(worlds.of_live_person(User.id)))).scalars())
    assert real.id in counted & live and person.id not in counted | live
    with pytest.raises(Refusal):
        phones.parse(worlds.NUMBER.format(person.id.int % 10**13))


async def test_a_partner_has_one_test_partner(db: Db) -> None:
    live = await open_shop()
    test = await worlds.test_partner(db, live.partner)
    assert (test.is_test, test.name, test.purpose) == (True, live.partner.name, live.partner.purpose)
    assert (await worlds.test_partner(db, live.partner)).id == test.id == (await worlds.test_partner(db, test)).id
    assert await worlds.is_test(db, test.id) and not await worlds.is_test(db, live.partner.id)
    # Another live one may have the code that it would have.
    taken = await db.get_one(Partner, (await open_shop()).partner.id)
    other = await db.get_one(Partner, (await open_shop()).partner.id)
    taken.code = f"{other.code}-test"
    await db.flush()
    own = await worlds.test_partner(db, other)
    assert own.is_test and own.id not in {taken.id, other.id} and own.code.startswith(f"{taken.code}-")
    assert (await worlds.test_partner(db, other)).id == own.id != (await worlds.test_partner(db, taken)).id
