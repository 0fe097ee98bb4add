"""The review queue: for risk alone, the nearest promise first."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from sqlalchemy import select, update

from domain.actors import Role
from domain.applications.applications import Application, ApplicationStatus
from domain.applications.decisions import Decision, DecisionOutcome
from domain.applications.offers import Offer
from domain.consent.lookups import Lookup, LookupAnswer, LookupKind
from domain.credit.grades import Grade
from domain.market.products import Product, ProductStatus
from domain.people.partners import Partner
from infra import clock
from infra.database import reading, transaction
from infra.ids import global_id
from tests.api.doors import Client, operations
from tests.api.people import apply_at, open_shop, shown_id, staff_token
from tests.nothing import NOBODYS
from tests.statements import statements

pytestmark = pytest.mark.usefixtures("steady_scorer")
OTHERS = [role for role in Role if role is not Role.RISK]


async def at_the_console(http: httpx2.AsyncClient, role: Role) -> Client:
    return Client(http, "console", await staff_token(role))


async def queue(client: Client) -> list[Any]:
    """All of it, page by page."""
    nodes, after = [], None
    while True:
        page = (await client.send("ReviewQueue", first=100, after=after))["reviewQueue"]
        nodes += [edge["node"] for edge in page["edges"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            return nodes


async def referred(**more: Any) -> Application:
    """An application that the rules referred, with the reason why."""
    application = await apply_at(await open_shop(), status=ApplicationStatus.IN_REVIEW, **more)
    async with transaction() as db:
        db.add(
            Decision(
                user_id=application.user_id,
                application_id=application.id,
                outcome=DecisionOutcome.REFER,
                decided_at=await clock.now(db),
                decided_by="rules",
                reasons_told=[["AMOUNT_LARGE", "More than {share} of a year's income.", {"share": "30%"}]],
                rule_version="test",
                model_version=None,
                vector_sealed=None,
            )
        )
    return application


async def review(client: Client, application: Application, outcome: str = "DECLINE", **more: Any) -> Any:
    said = {"applicationId": shown_id(application), "outcome": outcome, "reasons": ["We looked."], **more}
    said.setdefault("idempotencyKey", str(uuid4()))
    return (await client.send("ReviewApplication", input=said))["reviewApplication"]


class TestQueue:
    async def test_it_shows_what_awaits_a_person_and_why(self, http: httpx2.AsyncClient) -> None:
        application = await referred()
        nodes = await queue(await at_the_console(http, Role.RISK))
        assert [node for node in nodes if node["id"] == shown_id(application)] == [
            {
                "id": shown_id(application),
                "status": "IN_REVIEW",
                "promisedBy": application.promised_by.isoformat(),
                "productTitle": "A loan",
                "decision": {
                    "outcome": "REFER",
                    "reasons": [{"code": "AMOUNT_LARGE", "message": "More than 30% of a year's income."}],
                },
            }
        ]

    async def test_the_nearest_promise_comes_first(self, http: httpx2.AsyncClient) -> None:
        later = await referred(promised_in=timedelta(hours=2))
        sooner = await apply_at(await open_shop(), status=ApplicationStatus.DELAYED, promised_in=timedelta(hours=1))
        ids = [node["id"] for node in await queue(await at_the_console(http, Role.RISK))]
        assert ids.index(shown_id(sooner)) < ids.index(shown_id(later))

    @pytest.mark.parametrize("status", [s for s in ApplicationStatus if s not in ("IN_REVIEW", "DELAYED")])
    async def test_nothing_else_is_in_it(self, http: httpx2.AsyncClient, status: ApplicationStatus) -> None:
        application = await apply_at(await open_shop(), status=status)
        nodes = await queue(await at_the_console(http, Role.RISK))
        assert shown_id(application) not in [node["id"] for node in nodes]

    @pytest.mark.parametrize("role", OTHERS)
    async def test_other_roles_do_not_read_it(self, http: httpx2.AsyncClient, role: Role) -> None:
        client = await at_the_console(http, role)
        assert await client.error_code(operations("console")["ReviewQueue"]) == (200, "FORBIDDEN")


CASE = """query ($id: ID!) { reviewCase(id: $id) { id partnerName productTitle createdAt termMonths seen
    amount { amount currency }
    terms { annualRate annualCost monthlyPayment { amount } totalCost { amount } deposit { amount } depositWaived { amount } }
    applicant { gradeThen grade points basePoints factors { code effect label } reasons { code } isIncomeTold occupation
        income { low { amount } high { amount } } owedMonthly { amount currency } owedMonthlyAfter { amount } canCarry
        monthsBehind lateInTwoYears loansElsewhere debtElsewhere { low { amount } } } } }"""


class TestCase:
    async def test_it_tells_what_the_page_tells(self, http: httpx2.AsyncClient) -> None:
        application = await referred(grade=Grade.C, monthly_income=Decimal("7321.99"), occupation="gig-worker")
        told = (await (await at_the_console(http, Role.RISK)).ask(CASE, id=shown_id(application)))["reviewCase"]
        assert (told["partnerName"], told["productTitle"], told["termMonths"]) == ("Shop", "A loan", 12)
        assert told["terms"] == {
            "annualRate": "0.12",
            "annualCost": "0.1200",
            "monthlyPayment": {"amount": "444.24"},
            "totalCost": {"amount": "5330.93"},
            "deposit": {"amount": "0.00"},
            "depositWaived": {"amount": "0.00"},
        }
        assert told["applicant"] == {
            "gradeThen": "C",
            "grade": "C",
            "points": 700,
            "basePoints": 700,
            "factors": [],
            "reasons": [],
            "isIncomeTold": True,
            "occupation": "gig-worker",
            "income": {"low": {"amount": "5000.00"}, "high": {"amount": "10000.00"}},
            "owedMonthly": [{"amount": "0.00", "currency": "CNY"}],
            "owedMonthlyAfter": {"amount": "444.24"},
            "canCarry": True,
            "monthsBehind": None,
            "lateInTwoYears": None,
            "loansElsewhere": None,
            "debtElsewhere": None,
        }

    async def test_the_person_sees_that_somebody_looked_once_a_day(self, http: httpx2.AsyncClient) -> None:
        application = await referred(grade=Grade.C)
        for client in [await at_the_console(http, Role.RISK)] * 2 + [await at_the_console(http, Role.RISK)]:
            await client.ask(CASE, id=shown_id(application))
        async with reading() as db:
            theirs = select(Lookup).where(Lookup.user_id == application.user_id)
            looks = [*(await db.execute(theirs)).scalars()]
        assert [(look.kind, look.answer, look.grade, look.partner_id) for look in looks] == [
            (LookupKind.REVIEW, LookupAnswer.REPORT, Grade.C, None)
        ] * len({look.staff_id for look in looks})
        assert {look.subject_id for look in looks} == {application.id}

    async def test_an_answer_to_what_changed_since_is_stale(self, http: httpx2.AsyncClient) -> None:
        application, client = await referred(), await at_the_console(http, Role.RISK)
        seen = (await client.ask(CASE, id=shown_id(application)))["reviewCase"]["seen"]
        async with transaction() as db:
            retired = update(Product).where(Product.id == application.product_id)
            await db.execute(retired.values(status=ProductStatus.RETIRED))
        assert (await review(client, application, seen=seen))["code"] == "STALE"
        async with reading() as db:
            assert (await db.get_one(Application, (application.user_id, application.id))).status == "IN_REVIEW"
        seen = (await client.ask(CASE, id=shown_id(application)))["reviewCase"]["seen"]
        assert (await review(client, application, seen=seen))["status"] == "DECLINED"

    async def test_a_page_of_cases_costs_as_many_statements_as_one(self, http: httpx2.AsyncClient) -> None:
        shop, client, name = await open_shop(), await at_the_console(http, Role.RISK), uuid4().hex
        async with transaction() as db:
            await db.execute(update(Partner).where(Partner.id == shop.partner.id).values(name=name))
        query = f"""{{ reviewQueue(search: "{name}", first: 3, status: IN_REVIEW) {{ totalCount nodes {{
            partnerName seen terms {{ annualRate }} applicant {{ grade canCarry }} }} }} }}"""
        counts = []
        for _ in range(3):
            await apply_at(shop, status=ApplicationStatus.IN_REVIEW)
            with statements() as sent:
                told = (await client.ask(query))["reviewQueue"]
            counts.append((told["totalCount"], len(told["nodes"]), len(sent)))
        assert [(total, nodes) for total, nodes, _ in counts] == [(1, 1), (2, 2), (3, 3)]
        assert counts[1][2] == counts[2][2] <= 22

    @pytest.mark.parametrize("id", ["nonsense", global_id("User", NOBODYS), global_id("Application", NOBODYS)])
    async def test_what_is_not_there_is_null(self, http: httpx2.AsyncClient, id: str) -> None:
        client = await at_the_console(http, Role.RISK)
        assert await client.ask("query ($id: ID!) { reviewCase(id: $id) { id } }", id=id) == {"reviewCase": None}

    @pytest.mark.parametrize("role", OTHERS)
    async def test_other_roles_read_none(self, http: httpx2.AsyncClient, role: Role) -> None:
        application, client = await referred(), await at_the_console(http, role)
        assert await client.error_code(CASE, id=shown_id(application)) == (200, "FORBIDDEN")


class TestReviewing:
    async def test_a_decline_is_told_in_the_reviewers_words(self, http: httpx2.AsyncClient) -> None:
        application, client = await referred(), await at_the_console(http, Role.RISK)
        told = await review(client, application)
        assert told == {"__typename": "Application", "id": shown_id(application), "status": "DECLINED"}
        async with reading() as db:
            made = select(Decision).where(Decision.application_id == application.id).order_by(Decision.id.desc())
            decision = (await db.execute(made)).scalars().first()
        assert decision is not None and decision.decided_by == "staff"
        assert [reason.values for reason in decision.reasons] == [{"said": "We looked."}]

    async def test_an_approval_leaves_the_queue(self, http: httpx2.AsyncClient) -> None:
        application, client = await referred(), await at_the_console(http, Role.RISK)
        assert (await review(client, application, "APPROVE"))["status"] == "APPROVED"
        assert shown_id(application) not in [node["id"] for node in await queue(client)]

    async def test_less_than_was_asked_is_an_offer_at_the_same_rate(self, http: httpx2.AsyncClient) -> None:
        application, client = await referred(), await at_the_console(http, Role.RISK)
        less: dict[str, Any] = {"amount": {"amount": "1000.00", "currency": "CNY"}, "termMonths": 6}
        refused = await review(client, application, **less)
        assert (refused["code"], refused["message"]) == ("INVALID", "Only an approval has terms.")
        assert (await review(client, application, "APPROVE", **less))["status"] == "APPROVED"
        async with reading() as db:
            (offer,) = (await db.execute(select(Offer).where(Offer.application_id == application.id))).scalars()
        assert (offer.amount, offer.term_months, offer.annual_rate) == (100_000, 6, Decimal("0.12"))
        assert (offer.status, offer.monthly_payment) == ("OPEN", 17_255)

    async def test_the_same_key_reviews_once_and_another_is_late(self, http: httpx2.AsyncClient) -> None:
        application, client, key = await referred(), await at_the_console(http, Role.RISK), str(uuid4())
        first = await review(client, application, idempotencyKey=key)
        assert await review(client, application, idempotencyKey=key) == first
        assert (await review(client, application))["code"] == "NOT_OPEN"

    async def test_what_is_not_there_is_refused(self, http: httpx2.AsyncClient) -> None:
        client = await at_the_console(http, Role.RISK)
        for kind in ("Application", "User"):
            said = {"applicationId": global_id(kind, uuid4()), "outcome": "DECLINE", "reasons": ["No."]}
            told = await client.send("ReviewApplication", input={**said, "idempotencyKey": str(uuid4())})
            assert told["reviewApplication"]["code"] == "NOT_FOUND"

    @pytest.mark.parametrize("role", OTHERS)
    async def test_other_roles_do_not_review(self, http: httpx2.AsyncClient, role: Role) -> None:
        application, client = await referred(), await at_the_console(http, role)
        said = {"applicationId": shown_id(application), "outcome": "APPROVE", "reasons": ["Yes."]}
        document = operations("console")["ReviewApplication"]
        code = await client.error_code(document, input={**said, "idempotencyKey": str(uuid4())})
        assert code == (200, "FORBIDDEN")
        async with reading() as db:
            assert (await db.get_one(Application, (application.user_id, application.id))).status == "IN_REVIEW"
