"""What somebody of a partner sees: their own partner's, all of it, nothing of another's, and of people no more than its feed has."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from joserfc.jwk import ECKey
from sqlalchemy import update
from starlette.routing import Route

from api.partner.pages import routes
from domain.agreements.agreements import Agreement
from domain.applications import applications
from domain.applications.applications import Application
from domain.people import client_keys, partners
from domain.people.client_keys import ClientKey
from domain.people.partners import PartnerClient
from domain.permissions import Permission
from infra import clock
from infra.database import reading, transaction
from infra.ids import global_id
from integrations.webhooks.deliveries import DeliveryState, WebhookDelivery
from tests.api.console.pages.conftest import words_of
from tests.api.offering import close
from tests.api.partner.pages.conftest import Look
from tests.api.people import Shop, apply_at, open_shop
from tests.domain.agreements.loans import open_loan, pay_out
from tests.integrations.webhooks.hooks import deliveries_of, happen, listen

DELIVERED = DeliveryState.DELIVERED
PAGES = [
    route.path
    for route in routes()
    if isinstance(route, Route) and getattr(route.endpoint, "permission", None) is Permission.SEE_OWN_PARTNER
]


@dataclass(frozen=True)
class Busy:
    """A partner to whom something of everything happened."""

    shop: Shop
    application: Application
    agreement: Agreement
    delivery: WebhookDelivery

    @property
    def marks(self) -> dict[str, list[str]]:
        """What each page shows of it alone."""
        application, agreement = (
            global_id("Application", self.application.id),
            global_id("Agreement", self.agreement.id),
        )
        return {
            "/partner": [self.shop.partner.name],
            "/partner/products": [self.shop.product.sku],
            "/partner/applications": [application],
            "/partner/agreements": [agreement, "CN¥500.00"],
            "/partner/statements": [agreement],
            "/partner/statements.csv": [agreement, "PAID_OUT,500.00,CNY"],
            "/partner/deliveries": [global_id("Event", self.delivery.event_id), f"hook-{self.shop.partner.code}"],
            "/partner/keys": [f"client-of-{self.shop.partner.code}"],
        }


async def busy(sku: str) -> Busy:
    shop = await open_shop(sku)
    async with transaction() as db:
        partner = await db.merge(shop.partner)
        partner.name = f"Shop of {sku}"
        agreement = await open_loan(db, 1_200_00, partner_id=shop.partner.id)
        await pay_out(db, agreement, 500_00)
        await partners.issue_client(db, partner, f"client-of-{partner.code}")
    endpoint, _ = await listen(shop, f"https://203.0.114.7/hook-{shop.partner.code}")
    application = await apply_at(shop)
    await happen(application, applications.SUBMITTED)
    (delivery,) = await deliveries_of(endpoint)
    shop.partner.name = f"Shop of {sku}"
    return Busy(shop, application, agreement, delivery)


@pytest.fixture
async def two() -> AsyncIterator[tuple[Busy, Busy]]:
    both = await busy("orchard-loan"), await busy("quarry-loan")
    yield both
    for each in both:
        await close(each.shop)


async def test_each_page_shows_all_of_its_own_and_nothing_of_anothers(look: Look, two: tuple[Busy, Busy]) -> None:
    mine, other = two
    browser = await look(mine.shop)
    assert mine.marks.keys() == {*PAGES}
    for path, marks in mine.marks.items():
        response = await browser.open(path)
        assert response.status_code == 200, path
        assert [mark for mark in marks if mark not in response.text] == [], path
        foreign = [mark for each in other.marks.values() for mark in each if "500.00" not in mark]
        assert [mark for mark in foreign if mark in response.text] == [], path
        people = (mine.application.user_id, mine.agreement.user_id)
        assert [id for id in people if str(id) in response.text] == [], path


async def test_whoever_has_not_signed_in_is_led_to_the_door(look: Look) -> None:
    browser = await look(None)
    for path in PAGES:
        response = await browser.open(path)
        assert response.status_code == 303
        assert response.headers["location"].startswith("/partner/sign-in"), path


@pytest.mark.parametrize(
    "path", [path for path in PAGES if path in ("/partner/applications", "/partner/agreements", "/partner/deliveries")]
)
async def test_a_list_shows_one_state_where_it_is_asked_and_all_where_there_is_none_such(
    look: Look, two: tuple[Busy, Busy], path: str
) -> None:
    browser, mark = await look(two[0].shop), two[0].marks[path][0]
    states = {"/partner/applications": "SUBMITTED", "/partner/agreements": "ACTIVE", "/partner/deliveries": "PENDING"}
    others = {"/partner/applications": "EXPIRED", "/partner/agreements": "UNWOUND", "/partner/deliveries": "FAILED"}
    for status, is_there in ((states[path], True), (others[path], False), ("x", True)):
        assert (mark in (await browser.open(f"{path}?status={status}")).text) is is_there, status
    assert mark in (await browser.open(f"{path}?after=nonsense")).text


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "yesterday"])
async def test_a_day_that_no_statement_can_be_of_is_today(look: Look, two: tuple[Busy, Busy], day: str) -> None:
    browser, (mark,) = await look(two[0].shop), two[0].marks["/partner/statements"]
    response = await browser.open(f"/partner/statements?on={day}")
    assert (response.status_code, mark in response.text) == (200, True)


async def test_what_proves_a_client_is_shown_with_its_end_and_warned_of_before(
    look: Look, two: tuple[Busy, Busy]
) -> None:
    shop = two[0].shop
    browser, client_id = await look(shop), f"client-of-{shop.partner.code}"
    async with transaction() as db:
        client, now = await db.get_one(PartnerClient, client_id), await clock.now(db)
        client.secret_expires_at = now + timedelta(days=31)
        public = ECKey.generate_key("P-256").as_dict(private=False)
        await client_keys.register(db, client, {**public, "kid": "desk-7"}, now + timedelta(days=90))
    page = words_of(await browser.open("/partner/keys"))
    assert "desk-7" in page and "over soon" not in page and "within 30 days, or is over" not in page
    async with transaction() as db:
        (await db.get_one(PartnerClient, client_id)).secret_expires_at = now + timedelta(days=29)
        (await db.get_one(ClientKey, (client_id, "desk-7"))).expires_at = now - timedelta(days=1)
    page = words_of(await browser.open("/partner/keys"))
    assert (page.count("over soon"), page.count("within 30 days, or is over")) == (1, 1)
    home = words_of(await browser.open("/partner"))
    assert re.search(r"Secrets and keys over within 30 days\s+2", home), home


async def test_a_delivery_is_sent_once_more_and_a_foreign_one_is_not(look: Look, two: tuple[Busy, Busy]) -> None:
    mine, other = two
    browser = await look(mine.shop)
    token = await browser.form_token("/partner/deliveries")
    async with transaction() as db:
        for each in two:
            await db.execute(
                update(WebhookDelivery).where(WebhookDelivery.id == each.delivery.id).values(state=DELIVERED)
            )
    response = await browser.send(f"/partner/deliveries/{mine.delivery.id}", token=token)
    assert (response.status_code, response.headers["location"]) == (303, "/partner/deliveries")
    refused = await browser.send(f"/partner/deliveries/{other.delivery.id}", token=token)
    assert refused.status_code == 404 and "There is no such delivery." in words_of(refused)
    assert (await browser.send("/partner/deliveries/x", token=token)).status_code == 404
    async with reading() as db:
        states = [(await db.get_one(WebhookDelivery, each.delivery.id)).state for each in two]
    assert states == [DeliveryState.WAITING, DELIVERED]
