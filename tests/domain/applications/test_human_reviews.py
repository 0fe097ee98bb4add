"""A person asks for a person: once, of what a program declined, and one reviewer at a time looks at it."""

import asyncio
from collections import Counter
from typing import Any

import httpx2
import pytest
from sqlalchemy import select

from domain.actors import PartnerActor, Role
from domain.applications import deciding, decisions
from domain.applications.applications import Application
from domain.applications.decisions import Decision, DecisionOutcome
from domain.changes import Change
from domain.consent.consents import Consent
from infra.database import reading, transact
from infra.errors import Refusal
from infra.outbox import Event
from tests.api.doors import Client
from tests.api.people import staff_token
from tests.applying import apply, row_of
from tests.clocks import Clock
from tests.phones import Answer, NewPhone, Phone, new_key

MESSAGE = "I have a new job since May."


async def declined(shopper: Phone, *, by_person: bool = False, **more: Any) -> Answer:
    application = await apply(shopper, **more)
    await say(application, DecisionOutcome.DECLINE, by_person=by_person)
    return application


async def say(application: Answer, outcome: DecisionOutcome, *, by_person: bool = False) -> Application:
    row = await row_of(application)
    return await transact(
        lambda db: deciding.decide_by_partner(
            db,
            PartnerActor(row.partner_id, "client"),
            application_id=row.id,
            outcome=outcome,
            reasons=[("OTHER", None)] if outcome is DecisionOutcome.DECLINE else [],
            terms=None,
            key=new_key(),
            by_person=by_person,
        )
    )


async def ask(shopper: Phone, application: Answer, key: str | None = None) -> Answer:
    return await shopper.do(
        "RequestHumanReview", applicationId=application["id"], message=MESSAGE, idempotencyKey=key or new_key()
    )


async def desk(web: httpx2.AsyncClient, role: Role = Role.RISK) -> Client:
    return Client(web, "console", await staff_token(role))


async def take(reviewer: Client, application: Answer) -> Answer:
    found: Answer = (await reviewer.send("TakeApplication", input={"applicationId": application["id"]}))[
        "takeApplication"
    ]
    return found


async def review(reviewer: Client, application: Answer, outcome: str) -> Answer:
    input = {"applicationId": application["id"], "outcome": outcome, "reasons": ["We looked."]}
    sent = await reviewer.send("ReviewApplication", input=input | {"idempotencyKey": new_key()})
    found: Answer = sent["reviewApplication"]
    return found


async def rows_of(shopper: Phone, kind: Any) -> list[Any]:
    async with reading() as db:
        return [*(await db.execute(select(kind).where(kind.user_id == shopper.user_id).order_by(kind.id))).scalars()]


class TestAsking:
    async def test_sends_it_to_review_once_with_the_consent_it_had(self, shopper: Phone) -> None:
        application, key = await declined(shopper), new_key()
        sent = await asyncio.gather(*(ask(shopper, application, key) for _ in range(5)), ask(shopper, application))
        assert Counter(each.get("status", each.get("code")) for each in sent) in (
            {"IN_REVIEW": 5, "NOT_OPEN": 1},
            {"IN_REVIEW": 1, "NOT_OPEN": 5},
        )
        before, since = await rows_of(shopper, Consent)
        assert (before.scopes, before.partner_id, before.application_id) == (
            since.scopes,
            since.partner_id,
            since.application_id,
        )
        assert before.revoked_at is not None and since.revoked_at is None
        assert await ask(shopper, application) | {"message": ""} == {
            "__typename": "Refused",
            "code": "NOT_OPEN",
            "message": "",
        }

    async def test_gives_no_consent_that_the_person_took_back_themselves(self, shopper: Phone) -> None:
        application = await apply(shopper)
        (mine,) = (await shopper.ask("{ viewer { consents(first: 1) { nodes { id } } } }"))["viewer"]["consents"][
            "nodes"
        ]
        await shopper.do("RevokeConsent", consentId=mine["id"])
        await say(application, DecisionOutcome.DECLINE)
        assert (await ask(shopper, application))["status"] == "IN_REVIEW"
        assert len(await rows_of(shopper, Consent)) == 1

    async def test_is_of_what_no_person_decided(self, shopper: Phone, new_phone: NewPhone) -> None:
        by_person = await declined(shopper, by_person=True)
        assert (await ask(shopper, by_person))["message"] == "A person has decided this already."
        undecided = await apply(shopper)
        assert (await ask(shopper, undecided))["code"] == "NOT_OPEN"
        stranger = await new_phone()
        await stranger.sign_in()
        assert (await ask(stranger, by_person))["code"] == "NOT_FOUND"
        assert len([each for each in await rows_of(shopper, Event) if each.name == "application.referred"]) == 0

    async def test_is_late_after_thirty_days(self, shopper: Phone, clock: Clock) -> None:
        application = await declined(shopper)
        await clock.forward(days=30, seconds=1)
        await shopper.renew()
        assert "within 30 days" in (await ask(shopper, application))["message"]

    async def test_is_no_second_application_for_the_same(self, shopper: Phone) -> None:
        application = await declined(shopper)
        await apply(shopper)
        assert (await ask(shopper, application))["code"] == "NOT_ALLOWED"
        assert (await row_of(application)).status == "DECLINED"


class TestAReview:
    @pytest.mark.parametrize(("outcome", "status"), [("APPROVE", "APPROVED"), ("DECLINE", "DECLINED")])
    async def test_stands_in_the_place_of_what_was_decided(
        self, shopper: Phone, web: httpx2.AsyncClient, outcome: str, status: str
    ) -> None:
        application = await declined(shopper)
        await ask(shopper, application)
        with pytest.raises(Refusal):
            await say(application, DecisionOutcome.DECLINE)
        assert (await review(await desk(web), application, outcome))["status"] == status
        first, second = await rows_of(shopper, Decision)
        assert (first.reviewed_id, second.reviewed_id, second.is_made_by_person) == (None, first.id, True)
        async with reading() as db:
            standing = await decisions.find_final(db, shopper.user_id, first.application_id)
            assert standing is not None and standing.id == second.id
        live = [each for each in await rows_of(shopper, Consent) if each.revoked_at is None]
        assert len(live) == (outcome == "APPROVE")
        if outcome == "DECLINE":
            assert (await ask(shopper, application))["message"] == "A person has decided this already."

    async def test_shows_the_case_and_what_they_wrote(self, shopper: Phone, web: httpx2.AsyncClient) -> None:
        application, reviewer = await declined(shopper), await desk(web)
        await ask(shopper, application)
        edges = (await reviewer.send("ReviewCase", first=100))["reviewQueue"]["edges"]
        (case,) = [edge["node"] for edge in edges if edge["node"]["id"] == application["id"]]
        assert (case["requestMessage"], case["takenBy"], case["termMonths"]) == (MESSAGE, None, 6)
        assert case["grade"] in "ABCD" and len(case["factors"]) >= 5
        assert float(case["burdenAfter"]["amount"]) > float(case["burdenBefore"]["amount"]) == 0


class TestTaking:
    async def test_keeps_all_others_from_deciding_for_a_quarter_of_an_hour(
        self, shopper: Phone, web: httpx2.AsyncClient, clock: Clock
    ) -> None:
        application, reviewers = await declined(shopper), [await desk(web) for _ in range(4)]
        await ask(shopper, application)
        sent = await asyncio.gather(*(take(reviewer, application) for reviewer in reviewers))
        assert Counter(each["__typename"] for each in sent) == {"Application": 1, "Refused": 3}
        holder = next(who for who, each in zip(reviewers, sent, strict=True) if each["__typename"] == "Application")
        other = next(who for who in reviewers if who is not holder)
        assert (await review(other, application, "DECLINE"))[
            "message"
        ] == "Somebody else is looking at this application."
        assert (await take(holder, application))["takenBy"]
        await clock.forward(minutes=15)
        taken = await take(other, application)
        assert taken["__typename"] == "Application"
        assert (await review(holder, application, "DECLINE"))["code"] == "NOT_OPEN"
        assert (await review(other, application, "DECLINE"))["status"] == "DECLINED"
        assert (await take(other, application))["code"] == "NOT_OPEN"
        its = select(Change).where(Change.subject == str((await row_of(application)).id)).order_by(Change.id)
        async with reading() as db:
            trail = [each for each in (await db.execute(its)).scalars() if "heldUntil" in each.after]
        until = [each.after["heldUntil"] for each in trail]
        assert len(until) == 3
        assert [each.before and each.before["heldUntil"] for each in trail] == [None, *until[:-1]]

    async def test_is_for_risk_alone(self, shopper: Phone, web: httpx2.AsyncClient) -> None:
        application = await declined(shopper)
        await ask(shopper, application)
        query = "mutation($id: ID!) { takeApplication(input: {applicationId: $id}) { __typename } }"
        for role in (Role.MARKETING, Role.APPROVER, Role.VIEWER):
            assert (await (await desk(web, role)).error_code(query, id=application["id"]))[1] == "FORBIDDEN"
