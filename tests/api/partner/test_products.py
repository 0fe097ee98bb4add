"""A partner offers products, changes them, and takes them down again, each under its own SKU."""

import asyncio
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest
from sqlalchemy import select

from api.contract import served
from domain.actors import Role
from domain.applications.offers import Offer
from infra.database import reading
from infra.ids import global_id
from infra.settings import settings
from tests.api.doors import Client
from tests.api.offering import LOAN, NO_RULES, RENTAL, close, on_the_shelf, shown, times_announced, upsert, yuan
from tests.api.people import Shop, apply_at, open_shop, shown_id, staff_token


class TestOffering:
    async def test_a_partner_is_told_what_a_lower_cap_withholds(
        self, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """At 12 % a year it is offered, until the cap falls below that."""
        made = await upsert(client, **LOAN, status="PUBLISHED")
        query = "query ($sku: String!) { product(sku: $sku) { status isWithheld } }"
        told = []
        for cap in ("0.24", "0.1"):
            monkeypatch.setattr(settings(), "cost_cap", Decimal(cap))
            told.append((await client.ask(query, sku=made["sku"]))["product"])
        assert told == [{"status": "PUBLISHED", "isWithheld": False}, {"status": "PUBLISHED", "isWithheld": True}]

    async def test_a_new_product_is_a_draft_that_the_partner_decides(self, client: Client) -> None:
        made = await upsert(client, **LOAN)
        assert made == {
            "__typename": "Product",
            "id": made["id"],
            "sku": "PHONE-256/black",
            "title": "手机借款",
            "kind": "LOAN",
            "status": "DRAFT",
        }
        assert await shown(client, made) == {
            **LOAN,
            "gradeAtLeast": None,
            "decision": "PARTNER",
            "deposit": yuan("0.00"),
            "status": "DRAFT",
            "version": 1,
            "rules": NO_RULES,
        }
        assert await times_announced(made) == 1

    async def test_everything_can_be_said_at_once(self, client: Client) -> None:
        rules = {
            "ageMin": 20,
            "ageMax": 35,
            "regions": ["CN-ZJ", "CN-SH"],
            "occupations": ["student", "employee"],
            "incomeAtLeast": yuan("3000"),
        }
        said = {"kind": "ELECTRONICS", "gradeAtLeast": "B", "decision": "INSTANT", "status": "PUBLISHED"}
        told = await shown(client, await upsert(client, **LOAN | said, rules=rules))
        assert {name: told[name] for name in said} == said
        assert told["rules"] == {
            **rules,
            "regions": ["CN-SH", "CN-ZJ"],
            "occupations": ["employee", "student"],
            "incomeAtLeast": yuan("3000.00"),
        }

    async def test_a_rental_has_one_rent_and_a_deposit(self, client: Client) -> None:
        told = await shown(client, await upsert(client, **RENTAL, deposit=yuan("5000.00")))
        assert (told["amountMin"], told["amountMax"]) == (yuan("2500.00"), yuan("2500.00"))
        assert (told["annualRate"], told["deposit"]) == (None, yuan("5000.00"))

    async def test_a_loan_can_be_paid_back_with_its_last_instalment(self, client: Client) -> None:
        await upsert(client, **LOAN, amortisation="INTEREST_ONLY")
        assert await amortisation_of(client, LOAN["sku"]) == "INTEREST_ONLY"
        for told in (RENTAL | {"sku": "rent"}, LOAN | {"sku": "free", "annualRate": "0"}, LOAN | {"sku": "flat"}):
            way = "FLAT" if told["sku"] == "flat" else "INTEREST_ONLY"
            refused = await upsert(client, **told, amortisation=way)
            assert (refused["code"], refused["field"]) == ("INVALID", ["input", "amortisation"])
        await upsert(client, sku=LOAN["sku"], amortisation=None)
        assert await amortisation_of(client, LOAN["sku"]) == "EQUAL"

    async def test_a_late_fee_is_told_within_what_may_be_asked_for(self, client: Client) -> None:
        query = "query ($sku: String!) { product(sku: $sku) { lateFeeRate } }"
        for told, shown_as in ({"lateFeeRate": "0.05"}, "0.05"), ({}, "0.05"), ({"lateFeeRate": None}, "0"):
            await upsert(client, **LOAN, **told)
            assert (await client.ask(query, sku=LOAN["sku"]))["product"]["lateFeeRate"] == shown_as
        for wrong in (LOAN | {"lateFeeRate": "0.051"}, RENTAL | {"sku": "rent", "lateFeeRate": "0.01"}):
            refused = await upsert(client, **wrong)
            assert (refused["code"], refused["field"]) == ("INVALID", ["input", "lateFeeRate"])

    async def test_a_rental_is_of_a_home_unless_its_partner_says_otherwise(self, client: Client) -> None:
        query, told = "query ($sku: String!) { product(sku: $sku) { goods } }", []
        for more in ({}, {"goods": "DEVICE"}, {}, {"goods": None}):
            made = await upsert(client, **RENTAL | more)
            told.append((await client.ask(query, sku=made["sku"]))["product"]["goods"])
        assert told == ["HOME", "DEVICE", "DEVICE", "HOME"]

    async def test_it_is_shown_to_people_once_it_is_published(self, client: Client, http: httpx2.AsyncClient) -> None:
        made = await upsert(client, **LOAN)
        query = {"query": "query ($id: ID!) { node(id: $id) { id } }", "variables": {"id": made["id"]}}
        seen = []
        for status in ("DRAFT", "PUBLISHED", "RETIRED", "PUBLISHED"):
            assert (await upsert(client, sku=LOAN["sku"], status=status))["status"] == status
            seen.append((await http.post("/graphql", json=query)).json()["data"]["node"] is not None)
        assert seen == [False, True, False, True]

    async def test_servers_that_offer_the_same_at_once_make_one(self, client: Client, shop: Shop) -> None:
        titles = ["One", "Two", "Three", "Four"]
        made = await asyncio.gather(*(upsert(client, **LOAN | {"title": title}) for title in titles))
        assert len({one["id"] for one in made}) == 1
        version, title = (await on_the_shelf(shop))[LOAN["sku"]]
        assert (version, title in titles) == (4, True)

    @pytest.mark.parametrize("field", ["kind", "title", "amountMin", "amountMax", "termMonths", "annualRate"])
    @pytest.mark.parametrize("how", ["absent", "null"])
    async def test_what_a_new_product_needs(self, client: Client, shop: Shop, field: str, how: str) -> None:
        told = {name: value for name, value in LOAN.items() if name != field} | ({field: None} if how == "null" else {})
        refused = await upsert(client, **told)
        assert (refused["code"], refused["field"]) == ("INVALID", ["input", field])
        assert await on_the_shelf(shop) == {"loan": (1, "A loan")}


class TestChanging:
    async def test_what_is_absent_stays(self, client: Client) -> None:
        made = await upsert(client, **LOAN, gradeAtLeast="B", rules={"ageMin": 20, "regions": ["CN-SH"]})
        before = await shown(client, made)
        changed = await upsert(client, sku=LOAN["sku"], title=" 新机借款 ", rules={"ageMax": 30})
        assert changed == made | {"title": "新机借款"}
        after = {"title": "新机借款", "version": 2, "rules": before["rules"] | {"ageMax": 30}}
        assert await shown(client, changed) == before | after
        assert await times_announced(made) == 2

    async def test_null_clears(self, client: Client) -> None:
        rules = {"ageMin": 20, "regions": ["CN-SH"], "incomeAtLeast": yuan("3000")}
        made = await upsert(client, **RENTAL, deposit=yuan("100"), gradeAtLeast="B", rules=rules)
        cleared: dict[str, Any] = {
            "deposit": None,
            "gradeAtLeast": None,
            "rules": {"ageMin": None, "incomeAtLeast": None},
        }
        told = await shown(client, await upsert(client, sku=LOAN["sku"], **cleared))
        assert (told["deposit"], told["gradeAtLeast"]) == (yuan("0.00"), None)
        assert told["rules"] == NO_RULES | {"regions": ["CN-SH"]}
        await upsert(client, sku=LOAN["sku"], rules=None)
        assert (await shown(client, made))["rules"] == NO_RULES

    async def test_the_same_again_changes_nothing(self, client: Client) -> None:
        told = LOAN | {"rules": {"regions": ["CN-ZJ", "CN-SH"], "incomeAtLeast": yuan("3000.00")}}
        made = await upsert(client, **told)
        before = await shown(client, made)
        other = {"annualRate": "0.120", "amountMin": yuan("1000"), "title": "手机借款 "}
        rules = {"regions": ["CN-SH", "CN-ZJ", "CN-SH"], "incomeAtLeast": yuan("3000")}
        assert await upsert(client, **told | other | {"rules": rules}) == made
        assert await upsert(client, sku=LOAN["sku"]) == made
        assert await upsert(client, sku=LOAN["sku"], gradeAtLeast=None, deposit=None, rules={}) == made
        assert (await shown(client, made), await times_announced(made)) == (before, 1)

    async def test_a_change_is_dated(self, client: Client, shop: Shop) -> None:
        id, query = (
            global_id("Product", shop.product.id),
            "query ($id: ID!) { node(id: $id) { ... on Product { updatedAt } } }",
        )
        assert (await client.ask(query, id=id))["node"]["updatedAt"] is None
        await upsert(client, sku="loan", title="Another loan")
        first = (await client.ask(query, id=id))["node"]["updatedAt"]
        await upsert(client, sku="loan", title="Another loan")
        assert (await client.ask(query, id=id))["node"]["updatedAt"] == first is not None

    @pytest.mark.parametrize("field", ["kind", "title", "amountMin", "amountMax", "termMonths", "decision", "status"])
    async def test_what_every_product_has_cannot_be_cleared(self, client: Client, shop: Shop, field: str) -> None:
        refused = await upsert(client, sku="loan", **{"title": "Changed", field: None})
        assert (refused["code"], refused["field"]) == ("INVALID", ["input", field])
        assert refused["message"] == "This can be changed, but not cleared."
        assert await on_the_shelf(shop) == {"loan": (1, "A loan")}

    async def test_the_kind_stays(self, client: Client, shop: Shop) -> None:
        refused = await upsert(client, sku="loan", kind="AESTHETICS")
        assert (refused["code"], refused["field"]) == ("INVALID", ["input", "kind"])
        assert (
            refused["message"]
            == "A product's kind cannot change: this one stays LOAN. Offer another kind under a new SKU."
        )
        assert (await upsert(client, sku="loan", kind="LOAN"))["kind"] == "LOAN"
        assert await on_the_shelf(shop) == {"loan": (1, "A loan")}

    async def test_what_is_told_is_checked_against_what_stays(self, client: Client, shop: Shop) -> None:
        refused = await upsert(client, sku="loan", amountMin=yuan("10000.01"))
        assert (refused["code"], refused["field"]) == ("INVALID", ["input", "amountMin"])
        refused = await upsert(client, sku="loan", annualRate=None)
        assert (refused["code"], refused["field"]) == ("INVALID", ["input", "annualRate"])
        assert await on_the_shelf(shop) == {"loan": (1, "A loan")}


class TestKeys:
    async def test_the_same_key_answers_the_same_product_once(self, client: Client) -> None:
        key = str(uuid4())
        made = await upsert(client, key, **LOAN)
        again = LOAN | {"annualRate": "0.1200", "amountMin": yuan("1000")}
        assert await upsert(client, key, **again) == made
        assert (await shown(client, made))["version"] == 1

    async def test_a_late_retry_does_not_undo_what_came_after(self, client: Client) -> None:
        key = str(uuid4())
        await upsert(client, key, **LOAN)
        later = await upsert(client, sku=LOAN["sku"], title="Later")
        assert await upsert(client, key, **LOAN) == later

    @pytest.mark.parametrize("other", [{"title": "Other"}, {"deposit": None}, {"sku": "other"}, {"rules": {}}])
    async def test_the_same_key_for_something_else_is_a_mismatch(self, client: Client, other: dict[str, Any]) -> None:
        key = str(uuid4())
        made = await upsert(client, key, **LOAN)
        refused = await upsert(client, key, **LOAN | other)
        assert (refused["code"], refused["field"]) == ("IDEMPOTENCY_MISMATCH", ["input", "idempotencyKey"])
        assert await times_announced(made) == 1

    async def test_a_refusal_is_not_remembered(self, client: Client) -> None:
        key = str(uuid4())
        assert (await upsert(client, key, **LOAN | {"termMonths": []}))["code"] == "INVALID"
        assert (await upsert(client, key, **LOAN))["__typename"] == "Product"


class TestWhoseItIs:
    async def test_another_partners_sku_is_another_product(
        self, client: Client, shop: Shop, http: httpx2.AsyncClient
    ) -> None:
        other = await open_shop()
        theirs = Client(http, "partner", other.token)
        key = str(uuid4())
        mine = await upsert(client, key, sku="loan", title="Mine")
        assert (await upsert(theirs, key, sku="loan", title="Theirs"))["id"] != mine["id"]
        assert await on_the_shelf(shop) == {"loan": (2, "Mine")}
        assert await on_the_shelf(other) == {"loan": (2, "Theirs")}
        await upsert(theirs, **LOAN)
        assert LOAN["sku"] not in await on_the_shelf(shop)
        await close(other)

    async def test_nobody_else_has_the_verb(self, http: httpx2.AsyncClient, shop: Shop) -> None:
        said = {"sku": "loan", "title": "Taken over", "idempotencyKey": str(uuid4())}
        query = "mutation ($input: UpsertProductInput!) { upsertProduct(input: $input) { __typename } }"
        strangers = [None, *[await staff_token(role) for role in Role]]
        for door, token in [*(("partner", token) for token in strangers), ("console", shop.token)]:
            assert await Client(http, door, token).error_code(query, input=said) == (401, "UNAUTHENTICATED")
        schemas = [text for file, text in served() if file.stem != "partner"]
        assert (len(schemas), [text for text in schemas if "upsertProduct" in text]) == (2, [])
        assert await on_the_shelf(shop) == {"loan": (1, "A loan")}


@pytest.mark.usefixtures("steady_scorer")
async def test_an_offer_that_was_made_stays_as_it_was_made(client: Client, shop: Shop) -> None:
    application = await apply_at(shop)
    terms = {"amount": yuan("4000.00"), "termMonths": 12, "annualRate": "0.10"}
    said = {
        "applicationId": shown_id(application),
        "outcome": "APPROVE",
        "terms": terms,
        "idempotencyKey": str(uuid4()),
    }
    assert (await client.send("DecideApplication", input=said))["decideApplication"]["status"] == "APPROVED"
    before = await offer_of(application.id)
    changed: dict[str, Any] = {
        "title": "Dear",
        "annualRate": "0.2",
        "amountMax": yuan("2000"),
        "termMonths": [3],
        "status": "RETIRED",
    }
    assert (await upsert(client, sku="loan", **changed))["status"] == "RETIRED"
    after = await offer_of(application.id)
    assert after == before
    assert (after["amount"], after["term_months"], str(after["annual_rate"])) == (400_000, 12, "0.10000")


async def offer_of(application_id: UUID) -> dict[str, Any]:
    async with reading() as db:
        rows = await db.execute(select(Offer.__table__).where(Offer.application_id == application_id))
        return dict(rows.mappings().one())


async def amortisation_of(client: Client, sku: str) -> str:
    found: str = (await client.ask("query ($sku: String!) { product(sku: $sku) { amortisation } }", sku=sku))[
        "product"
    ]["amortisation"]
    return found
