"""A partner reads what people ask of it, and answers."""

import base64
import json
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from sqlalchemy import func, select, update

from domain.actors import UserActor
from domain.applications import applying
from domain.applications.applications import Application, ApplicationStatus
from domain.applications.decisions import Decision
from domain.applications.offers import Offer
from domain.consent.consents import Consent, ConsentScope
from domain.consent.lookups import Lookup, LookupKind
from domain.credit import scores
from domain.credit.grades import Grade
from domain.people import partner_tokens
from domain.people.partners import PartnerClient
from infra import clock
from infra.database import reading, transaction
from infra.ids import global_id
from tests.api.doors import Client
from tests.api.people import Shop, apply_at, open_shop, scored, shown_id
from tests.clocks import Clock
from tests.nothing import NOBODYS
from tests.tampering import tamper

pytestmark = pytest.mark.usefixtures("steady_scorer")


async def feed(client: Client, **variables: Any) -> tuple[list[Any], Any]:
    """The nodes of one page, and where it ends."""
    page = (await client.send("Applications", **variables))["applications"]
    return [edge["node"] for edge in page["edges"]], page["pageInfo"]


def cursor_of(key: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode()


async def decide(client: Client, application: Application, outcome: str, key: str | None = None, **more: Any) -> Any:
    said = {"applicationId": shown_id(application), "outcome": outcome, "idempotencyKey": key or str(uuid4()), **more}
    return (await client.send("DecideApplication", input=said))["decideApplication"]


TERMS = {"amount": {"amount": "4000.00", "currency": "CNY"}, "termMonths": 12, "annualRate": "0.10"}
DECLINED = [{"code": "INCOME_TOO_LOW"}, {"code": "OTHER", "message": "We know you from before."}]


class TestReading:
    async def test_an_application_is_shown_in_full(self, client: Client, shop: Shop) -> None:
        application = await apply_at(shop)
        nodes, page = await feed(client)
        assert nodes == [
            {
                "id": shown_id(application),
                "status": "SUBMITTED",
                "amount": {"amount": "5000.00", "currency": "CNY"},
                "termMonths": 12,
                "product": {"id": global_id("Product", shop.product.id), "sku": "loan", "title": "A loan"},
                "grade": None,
                "promisedBy": application.promised_by.isoformat(),
                "updatedAt": application.updated_at.isoformat(),
            }
        ]
        assert page["hasNextPage"] is False

    async def test_a_decision_and_its_offer_can_be_read_back(self, client: Client, shop: Shop) -> None:
        approved, declined, waiting = [await apply_at(shop) for _ in range(3)]
        await decide(client, approved, "APPROVE", terms=TERMS)
        await decide(client, declined, "DECLINE", reasons=DECLINED)
        query = """query ($id: ID!) { node(id: $id) { ... on Application { createdAt decision { outcome reasons { code message } }
            offer { amount { amount } termMonths annualRate } } } }"""
        ids = [shown_id(each) for each in (approved, declined, waiting)]
        told = [(await client.ask(query, id=id))["node"] for id in ids]
        assert told[0]["decision"] == {"outcome": "APPROVE", "reasons": []}
        assert told[0]["offer"] == {"amount": {"amount": "4000.00"}, "termMonths": 12, "annualRate": "0.1"}
        assert [why["code"] for why in told[1]["decision"]["reasons"]] == ["INCOME_TOO_LOW", "OTHER"]
        assert told[1]["decision"]["reasons"][1]["message"] == "We know you from before."
        assert (told[1]["offer"], told[2]["decision"], told[2]["offer"]) == (None, None, None)
        assert told[2]["createdAt"] == waiting.created_at.isoformat()

    async def test_reasons_that_are_not_the_partners_stay_the_persons(self, client: Client, shop: Shop) -> None:
        application = await apply_at(shop)
        await decide(client, application, "DECLINE", reasons=DECLINED)
        async with transaction() as db:
            await tamper(db)
            await db.execute(
                update(Decision).where(Decision.application_id == application.id).values(decided_by="rules")
            )
        query = "query ($id: ID!) { node(id: $id) { ... on Application { decision { outcome reasons { code } } } } }"
        node = (await client.ask(query, id=shown_id(application)))["node"]
        assert node == {"decision": {"outcome": "DECLINE", "reasons": []}}

    async def test_changes_come_oldest_first_and_each_once(self, client: Client, shop: Shop) -> None:
        first, second, third = [await apply_at(shop) for _ in range(3)]
        nodes, page = await feed(client, first=2)
        assert [node["id"] for node in nodes] == [shown_id(first), shown_id(second)]
        assert page["hasNextPage"] is True
        nodes, page = await feed(client, first=2, after=page["endCursor"])
        assert [node["id"] for node in nodes] == [shown_id(third)]

    async def test_a_change_brings_an_application_back_behind_the_cursor(self, client: Client, shop: Shop) -> None:
        application, other = await apply_at(shop), await apply_at(shop)
        _, page = await feed(client)
        assert (await decide(client, application, "DECLINE", reasons=DECLINED))["status"] == "DECLINED"
        nodes, page = await feed(client, after=page["endCursor"])
        assert [(node["id"], node["status"]) for node in nodes] == [(shown_id(application), "DECLINED")]
        assert await feed(client, after=page["endCursor"], status="SUBMITTED") == ([], {**page, "hasNextPage": False})
        assert [node["id"] for node in (await feed(client, status="SUBMITTED"))[0]] == [shown_id(other)]

    async def test_a_feed_that_was_empty_can_be_asked_again(self, client: Client, shop: Shop) -> None:
        nodes, page = await feed(client)
        assert nodes == [] and page["endCursor"] is not None
        application = await apply_at(shop)
        nodes, _ = await feed(client, after=page["endCursor"])
        assert [node["id"] for node in nodes] == [shown_id(application)]

    async def test_a_change_that_is_not_settled_holds_up_nobody_and_is_read_after(
        self, client: Client, shop: Shop
    ) -> None:
        early = await apply_at(shop)
        _, page = await feed(client)
        async with transaction() as db:
            slow = update(Application).where(Application.id == early.id).values(status=ApplicationStatus.DELAYED)
            await db.execute(slow)
            late = await apply_at(shop)
            nodes, next_page = await feed(client, after=page["endCursor"])
            assert [node["id"] for node in nodes] == [shown_id(late)]
        nodes, _ = await feed(client, after=next_page["endCursor"])
        assert [(node["id"], node["status"]) for node in nodes] == [(shown_id(early), "DELAYED")]

    async def test_updated_since_begins_there(self, client: Client, shop: Shop) -> None:
        await apply_at(shop)
        application = await apply_at(shop)
        nodes, _ = await feed(client, updatedSince=application.updated_at.isoformat())
        assert [node["id"] for node in nodes] == [shown_id(application)]
        assert (await feed(client, updatedSince="2100-01-01T00:00:00Z"))[0] == []

    async def test_a_foreign_cursor_and_a_wrong_length_are_refused(self, client: Client) -> None:
        foreign = [[1, 2], ["a", str(uuid4())], [2**70, str(uuid4())], [1], {"a": 1}]
        cursors = ["abc", *(cursor_of(key) for key in foreign)]
        for arguments in (*(f'after: "{cursor}"' for cursor in cursors), "first: 101", "first: -1"):
            query = f"{{ applications({arguments}) {{ edges {{ cursor }} }} }}"
            assert await client.error_code(query) == (200, "BAD_REQUEST")


async def looks(application: Application) -> list[tuple[LookupKind, str, Grade | None]]:
    async with reading() as db:
        theirs = select(Lookup).where(Lookup.user_id == application.user_id).order_by(Lookup.id)
        return [(look.kind, str(look.answer), look.grade) for look in (await db.execute(theirs)).scalars()]


class TestGrade:
    async def grade_of(self, client: Client) -> str | None:
        ((node,), _) = await feed(client)
        grade: str | None = node["grade"]
        return grade

    async def test_it_is_shown_while_the_consent_lives(self, client: Client, shop: Shop) -> None:
        application = await apply_at(shop, share=(ConsentScope.SCORE_CHECK,), grade=Grade.B)
        assert await self.grade_of(client) == "B"
        async with transaction() as db:
            mine = Consent.application_id == application.id
            await db.execute(update(Consent).where(mine).values(revoked_at=await clock.now(db)))
        assert await self.grade_of(client) is None

    async def test_each_look_is_kept_once_a_day_and_grade(self, client: Client, shop: Shop, clock: Clock) -> None:
        application = await apply_at(shop, share=(ConsentScope.SCORE_CHECK,), grade=Grade.B)
        assert [await self.grade_of(client) for _ in range(3)] == ["B", "B", "B"]
        assert await looks(application) == [(LookupKind.ANSWER, "REPORT", Grade.B)]
        async with transaction() as db:
            better = await scores.record(db, application.user_id, scored(Grade.A), application.created_at, 2)
            await scores.conclude(db, application.user_id, better, 2)
        assert await self.grade_of(client) == "A"
        assert [grade for _, _, grade in await looks(application)] == [Grade.B, Grade.A]
        await clock.forward(hours=24, seconds=1)
        async with transaction() as db:
            client_row = await db.execute(select(PartnerClient).where(PartnerClient.partner_id == shop.partner.id))
            token = await partner_tokens.issue(db, client_row.scalar_one())
        assert await self.grade_of(Client(client.http, "partner", token)) == "A"
        assert [grade for _, _, grade in await looks(application)] == [Grade.B, Grade.A, Grade.A]

    async def test_it_is_not_shown_after_the_consent_ran_out(self, client: Client, shop: Shop) -> None:
        application = await apply_at(shop, share=(ConsentScope.SCORE_REPORT,), grade=Grade.A)
        assert await self.grade_of(client) == "A"
        async with transaction() as db:
            mine = Consent.application_id == application.id
            await tamper(db)
            await db.execute(update(Consent).where(mine).values(expires_at=await clock.now(db)))
        assert await self.grade_of(client) is None

    async def test_it_is_not_shown_where_it_was_not_shared(self, client: Client, shop: Shop) -> None:
        await apply_at(shop, grade=Grade.B)
        assert await self.grade_of(client) is None

    async def test_another_scope_does_not_show_it(self, client: Client, shop: Shop) -> None:
        await apply_at(shop, share=(ConsentScope.CONTRIBUTE_FACTS,), grade=Grade.B)
        assert await self.grade_of(client) is None

    async def test_it_is_gone_when_the_person_withdraws(self, client: Client, shop: Shop) -> None:
        application = await apply_at(shop, share=(ConsentScope.SCORE_CHECK,), grade=Grade.B)
        async with transaction() as db:
            await applying.withdraw(db, UserActor(application.user_id, uuid4()), application.id)
        assert await self.grade_of(client) is None


class TestDeciding:
    async def test_an_approval_makes_an_offer_on_the_partners_terms(self, client: Client, shop: Shop) -> None:
        application = await apply_at(shop)
        approved = await decide(client, application, "APPROVE", terms=TERMS)
        assert approved == {"__typename": "Application", "id": shown_id(application), "status": "APPROVED"}
        async with reading() as db:
            offer = (await db.execute(select(Offer).where(Offer.application_id == application.id))).scalar_one()
        assert (offer.amount, offer.term_months, str(offer.annual_rate)) == (400_000, 12, "0.10000")

    async def test_without_a_rate_the_one_that_was_shown_is_meant(self, client: Client, shop: Shop) -> None:
        application = await apply_at(shop)
        terms = {name: value for name, value in TERMS.items() if name != "annualRate"}
        assert (await decide(client, application, "APPROVE", terms=terms))["status"] == "APPROVED"
        async with reading() as db:
            offer = (await db.execute(select(Offer).where(Offer.application_id == application.id))).scalar_one()
        assert (offer.amount, offer.term_months, str(offer.annual_rate)) == (400_000, 12, "0.12000")

    async def test_a_decline_tells_the_person_why(self, client: Client, shop: Shop) -> None:
        application = await apply_at(shop)
        assert (await decide(client, application, "DECLINE", reasons=DECLINED))["status"] == "DECLINED"
        async with reading() as db:
            made = select(Decision).where(Decision.application_id == application.id)
            decision = (await db.execute(made)).scalar_one()
        assert [reason.code for reason in decision.reasons] == ["INCOME_TOO_LOW", "OTHER"]
        assert decision.reasons[1].values == {"said": "We know you from before."}

    async def test_the_same_key_decides_once(self, client: Client, shop: Shop) -> None:
        application, key = await apply_at(shop), str(uuid4())
        first = await decide(client, application, "APPROVE", key, terms=TERMS)
        again = await decide(client, application, "APPROVE", key, terms={**TERMS, "annualRate": "0.1"})
        assert first == again
        other = await decide(client, application, "DECLINE", key, reasons=DECLINED)
        assert (other["__typename"], other["code"]) == ("Refused", "IDEMPOTENCY_MISMATCH")
        async with reading() as db:
            made = select(func.count()).where(Decision.application_id == application.id)
            assert (await db.execute(made)).scalar_one() == 1

    async def test_what_is_decided_is_not_open(self, client: Client, shop: Shop) -> None:
        application = await apply_at(shop)
        await decide(client, application, "DECLINE", reasons=DECLINED)
        assert (await decide(client, application, "APPROVE", terms=TERMS))["code"] == "NOT_OPEN"

    @pytest.mark.parametrize(
        ("outcome", "said", "code", "field"),
        [
            ("APPROVE", {}, "INVALID", ["input", "terms"]),
            ("DECLINE", {}, "INVALID", ["input", "reasons"]),
            ("DECLINE", {"reasons": [{"code": "OTHER"}] * 5}, "INVALID", ["input", "reasons"]),
            ("DECLINE", {"reasons": DECLINED, "terms": TERMS}, "INVALID", ["input", "terms"]),
            ("APPROVE", {"terms": {**TERMS, "annualRate": "0.99"}}, "COST_ABOVE_CAP", ["input", "terms", "annualRate"]),
            ("APPROVE", {"terms": {**TERMS, "annualRate": "NaN"}}, "INVALID", ["input", "terms", "annualRate"]),
            ("APPROVE", {"terms": {**TERMS, "annualRate": "-0.01"}}, "INVALID", ["input", "terms", "annualRate"]),
            ("APPROVE", {"terms": {**TERMS, "termMonths": 7}}, "INVALID", ["input", "terms", "termMonths"]),
            (
                "APPROVE",
                {"terms": {**TERMS, "amount": {"amount": "5000.01", "currency": "CNY"}}},
                "INVALID",
                ["input", "terms", "amount"],
            ),
            (
                "APPROVE",
                {"terms": {**TERMS, "amount": {"amount": "1.001", "currency": "CNY"}}},
                "INVALID",
                ["input", "terms", "amount"],
            ),
        ],
    )
    async def test_what_cannot_be_is_refused_by_name(
        self, client: Client, shop: Shop, outcome: str, said: Any, code: str, field: list[str]
    ) -> None:
        application = await apply_at(shop)
        refused = await decide(client, application, outcome, **said)
        assert (refused["__typename"], refused["code"], refused["field"]) == ("Refused", code, field)
        assert (await feed(client))[0][0]["status"] == "SUBMITTED"


class TestWhoseItIs:
    async def test_another_partners_application_is_not_there(self, client: Client, http: httpx2.AsyncClient) -> None:
        theirs = await apply_at(await open_shop(), share=(ConsentScope.SCORE_CHECK,), grade=Grade.A)
        assert (await feed(client))[0] == []
        assert await client.ask("query ($id: ID!) { node(id: $id) { id } }", id=shown_id(theirs)) == {"node": None}
        refused = await decide(client, theirs, "DECLINE", reasons=DECLINED)
        assert (refused["code"], refused["field"]) == ("NOT_FOUND", ["input", "applicationId"])
        async with reading() as db:
            assert (await db.get_one(Application, (theirs.user_id, theirs.id))).status == "SUBMITTED"

    async def test_ones_own_nodes_are_found_by_id(self, client: Client, shop: Shop) -> None:
        application = await apply_at(shop)
        query = "query ($id: ID!) { node(id: $id) { __typename id } }"
        for kind, id in (("Application", application.id), ("Product", shop.product.id)):
            told = {"__typename": kind, "id": global_id(kind, id)}
            assert await client.ask(query, id=global_id(kind, id)) == {"node": told}

    async def test_ones_own_products_are_listed(self, client: Client, shop: Shop) -> None:
        told = await client.ask("{ products { edges { node { sku title kind status } } } }")
        loan = {"sku": "loan", "title": "A loan", "kind": "LOAN", "status": "PUBLISHED"}
        assert told["products"]["edges"] == [{"node": loan}]

    @pytest.mark.parametrize("id", ["", "nonsense", global_id("User", NOBODYS), global_id("Product", NOBODYS)])
    async def test_ids_of_nothing_are_nothing(self, client: Client, id: str) -> None:
        assert await client.ask("query ($id: ID!) { node(id: $id) { id } }", id=id) == {"node": None}
