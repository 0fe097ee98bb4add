"""A whole journey against a house of canned answers: what is sent, and what is told of it."""

import io
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import date
from typing import Any

import httpx2
import orjson
import pytest
from rich.console import Console

from api.cli.demo import journey
from api.cli.demo.answers import Outcome
from api.cli.demo.desks import PartnerDesk, ReviewDesk
from api.cli.demo.journey import Desks, Journey
from api.cli.demo.telling import DemoTeller
from domain.people.id_numbers import parse
from domain.people.payment_accounts import number_of

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
CREDENTIALS = {
    "partner": {"partnerId": "bank", "clientId": "server", "clientSecret": "s3cret"},
    "risk": {"email": "risk@longan.example", "password": "p4ssword", "totpSecret": SECRET},
}
CNY = {"currency": "CNY"}
OFFER = {
    "id": "o1",
    "amount": {"amount": "5000.00", **CNY},
    "expiresAt": "2026-11-29T05:00:00+00:00",
    "monthlyPayment": {"amount": "445.65", **CNY},
    "termMonths": 12,
    "annualCost": "0.1260",
    "deposit": {"amount": "0.00", **CNY},
    "depositWaived": {"amount": "0.00", **CNY},
    "documents": [{"title": "Terms", "sha256": "51c395e54ddf00"}],
}
APPROVED = {
    "__typename": "Application",
    "id": "a1",
    "status": "APPROVED",
    "decision": {"reasons": [{"message": "Your score carries this."}]},
    "offer": OFFER,
}
WAITING = {
    **APPROVED,
    "status": "SUBMITTED",
    "promisedBy": "2026-11-22T06:15:00+00:00",
    "decision": None,
    "offer": None,
}
MATCH = {
    "oddsBand": "HIGH",
    "sponsored": False,
    "reasons": [{"message": "It is open to every grade."}],
    "monthlyCost": {"amount": "445.65", **CNY},
    "basis": {"termMonths": 12, "annualCost": "0.1437"},
    "product": {
        "id": "p1",
        "kind": "LOAN",
        "title": "安家搬迁借款",
        "partner": {"id": "bank", "name": "Bank"},
        "amountMin": {"amount": "1000.00", **CNY},
        "amountMax": {"amount": "15000.00", **CNY},
        "termMonths": [6, 12],
        "annualRate": "0.126",
    },
}
SCORE = {"grade": "C", "points": 660, "basePoints": 660, "asOf": "2026-11-22T05:59:00+00:00", "factors": []}
VIEWER = {
    "scoring": {"state": "READY", "message": "Your score is ready."},
    "score": {**SCORE, "modelVersion": "m1", "simulated": True},
    "membership": {"tier": {"name": "Silver"}, "next": None, "benefits": []},
    "matches": {"edges": [{"node": MATCH}], "pageInfo": {"hasNextPage": False}},
}


def feed(grade: str) -> dict[str, Any]:
    node = {"id": "a1", "amount": {"amount": "6000.00", **CNY}, "termMonths": 12, "grade": grade}
    return {"edges": [{"node": node}], "pageInfo": {"hasNextPage": False, "endCursor": "c"}}


FEED = feed("C")


def loan(draw_down: str, owed: str, **more: Any) -> dict[str, Any]:
    return {
        "id": "g1",
        "status": "ACTIVE",
        "outstanding": {"amount": owed, **CNY},
        "drawDowns": [{"status": draw_down}],
        "schedule": [{"number": 1, "dueOn": "2026-12-28", "due": {"amount": "445.65", **CNY}, "status": "OPEN"}],
        "payoffQuote": {
            "id": "q1",
            "amount": {"amount": "4554.35", **CNY},
            "principal": {"amount": "4554.35", **CNY},
            "interest": {"amount": "0.00", **CNY},
        },
        **more,
    }


REPAID = loan("SETTLED", "4554.35")
PAID_OFF = loan("SETTLED", "0.00", status="SETTLED", payoffQuote=None)


class CannedHouse:
    """Answers each operation with what lies ready for it, the last one again and again."""

    def __init__(self, *applications: dict[str, Any]) -> None:
        self.sent: list[tuple[str, Any]] = []
        self.ready: dict[str, list[Any]] = {
            "RequestPhoneCode": [{"__typename": "Challenge", "id": "c1"}],
            "SignIn": [{"__typename": "Session", "accessToken": "t", "viewer": {"maskedPhone": "+86 138****0000"}}],
            "UpdateProfile": [{"profile": {"birthDate": "1990-11-20", "region": "CN-GD", "occupation": "driver"}}],
            "AccountProviders": [[{"key": "wechat", "name": "WeChat"}, {"key": "elsewhere", "name": "Elsewhere"}]],
            "StartAccountLink": [{"authorizationUrl": "http://house/sandbox/wechat?state=s"}],
            "CompleteAccountLink": [{"__typename": "LinkedAccount"}],
            "Home": [VIEWER],
            "Apply": list(applications),
            "Applications": [FEED],
            "DecideApplication": [{"__typename": "Application"}],
            "ReviewApplication": [{"__typename": "Application"}],
            "VerifyIdentity": [{"__typename": "User"}],
            "StepUp": [{"__typename": "SteppedUp"}],
            "AddPaymentAccount": [{"__typename": "PaymentAccount", "maskedNumber": "****4242"}],
            "AcceptOffer": [{"__typename": "Agreement", "id": "g1"}],
            "DrawDown": [{"__typename": "DrawDown"}],
            "AgreementById": [loan("SENT", "0.00"), loan("SETTLED", "5000.00"), REPAID, PAID_OFF],
            "Repay": [{"__typename": "Repayment"}],
        }
        self.ready["UpdateProfile"][0]["profile"]["monthlyIncome"] = {"amount": "9000.00", **CNY}

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        match request.url.path:
            case "/dev/messages":
                return httpx2.Response(200, json=[{"body": "Your code.", "code": "123456", "challengeId": "c1"}])
            case "/sandbox/wechat":
                self.sent.append(("persona", request.url.params["persona"]))
                return httpx2.Response(302, headers={"location": "longan://linked?code=x&state=s"})
            case "/oauth/token":
                return httpx2.Response(200, json={"access_token": "partner-token"})
            case "/console/session":
                return httpx2.Response(200, json={"token": "staff-token"})
        asked = orjson.loads(request.content)
        name = asked["operationName"]
        self.sent.append((name, asked["variables"]))
        lying = self.ready[name]
        return httpx2.Response(200, json={"data": {"field": lying.pop(0) if len(lying) > 1 else lying[0]}})

    def inputs(self, operation: str) -> list[Any]:
        return [variables["input"] for name, variables in self.sent if name == operation]


class CannedListener:
    async def next(self, seconds: float = 0) -> Any:
        return {"viewer": VIEWER}


@asynccontextmanager
async def canned_listening(*_: Any, **__: Any) -> AsyncIterator[CannedListener]:
    yield CannedListener()


Walk = Callable[..., Any]


@pytest.fixture
async def walk(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Walk]:
    monkeypatch.setattr(journey, "listening", canned_listening)
    clients = []

    async def walk(house: CannedHouse, *, with_desks: bool = True) -> tuple[Outcome, str]:
        http = httpx2.AsyncClient(transport=httpx2.MockTransport(house), base_url="http://house")
        clients.append(http)
        paper = io.StringIO()
        tell = DemoTeller("en", Console(file=paper, width=80))

        async def desks() -> Desks | None:
            return Desks(PartnerDesk(http, CREDENTIALS), ReviewDesk(http, CREDENTIALS)) if with_desks else None

        person = {"key": "gig-driver", "name": "Zhao"}
        outcome = await Journey(http, "http://house", tell, person, desks).walk()
        return outcome, " ".join(paper.getvalue().split())

    yield walk
    for http in clients:
        await http.aclose()


async def test_a_person_links_looks_applies_and_is_answered_at_once(walk: Walk) -> None:
    house = CannedHouse(APPROVED)
    outcome, told = await walk(house)
    assert (outcome.name, outcome.application) == ("Zhao", APPROVED)
    assert ("persona", "gig-driver") in house.sent
    assert house.inputs("StartAccountLink") == [{"provider": "wechat", "redirectUri": "longan://linked"}]
    assert house.inputs("CompleteAccountLink") == [{"callbackUrl": "longan://linked?code=x&state=s"}]
    (asked,) = house.inputs("Apply")
    assert (asked["productId"], asked["amount"]["amount"], asked["termMonths"]) == ("p1", "6000.00", 12)
    assert asked["share"] == ["SCORE_CHECK"]
    assert outcome.agreement == PAID_OFF
    (account,), (drawn,) = house.inputs("AddPaymentAccount"), house.inputs("DrawDown")
    assert number_of(account["number"]) == account["number"]
    assert parse(house.inputs("VerifyIdentity")[0]["idNumber"]).birth_date == date(1990, 11, 20)
    assert house.inputs("AcceptOffer")[0]["documents"] == ["51c395e54ddf00"]
    assert (drawn["agreementId"], drawn["amount"]["amount"]) == ("g1", "5000.00")
    repaid, paid_off = house.inputs("Repay")
    assert (repaid["amount"]["amount"], "payoffQuoteId" in repaid) == ("445.65", False)
    assert (paid_off["amount"]["amount"], paid_off["payoffQuoteId"]) == ("4554.35", "q1")
    assert "It has arrived. Owed from today: 5,000.00" in told
    assert "Settled to the cent. Nothing is owed any more." in told
    assert "Approved." in told and "445.65 CNY a month for 12 months, 12.6 % a year all in" in told


async def test_a_partner_decides_while_the_person_waits(walk: Walk) -> None:
    house = CannedHouse(WAITING, APPROVED)
    outcome, told = await walk(house)
    assert outcome.application == APPROVED
    (decision,) = house.inputs("DecideApplication")
    assert (decision["applicationId"], decision["outcome"]) == ("a1", "APPROVE")
    assert decision["terms"] == {"amount": {"amount": "5000.00", **CNY}, "termMonths": 12, "annualRate": "0.126"}
    first, again = house.inputs("Apply")
    assert first == again
    assert "promises an answer by 06:15 UTC" in told and "grade C" in told


async def test_a_partner_declines_who_is_too_far_behind(walk: Walk) -> None:
    reasons = [{"message": "You were late with a repayment recently."}]
    declined = {**APPROVED, "status": "DECLINED", "decision": {"reasons": reasons}, "offer": None}
    house = CannedHouse(WAITING, declined)
    house.ready["Applications"] = [feed("D")]
    outcome, told = await walk(house)
    assert outcome.application == declined
    (decision,) = house.inputs("DecideApplication")
    assert (decision["applicationId"], decision["outcome"], "terms" in decision) == ("a1", "DECLINE", False)
    assert decision["reasons"] == [{"code": "RECENT_ARREARS"}, {"code": "BURDEN_TOO_HIGH"}]
    assert "and declines, with its reasons" in told
    assert told.index("You were late with a repayment recently.") < told.index("Nothing was borrowed")


async def test_a_reviewer_decides_what_the_rules_refer(walk: Walk) -> None:
    house = CannedHouse({**WAITING, "status": "IN_REVIEW"}, APPROVED)
    outcome, told = await walk(house)
    assert outcome.application == APPROVED
    (review,) = house.inputs("ReviewApplication")
    assert (review["applicationId"], review["outcome"], len(review["reasons"])) == ("a1", "APPROVE", 1)
    assert "A reviewer signs in to the console" in told


async def test_elsewhere_than_where_longan_runs_the_application_waits(walk: Walk) -> None:
    house = CannedHouse(WAITING)
    outcome, told = await walk(house, with_desks=False)
    assert outcome.application == WAITING
    assert "Nobody answers here and now" in told
    assert house.inputs("DecideApplication") == []


async def test_a_decline_is_told_with_its_reasons_and_what_it_means(walk: Walk) -> None:
    reasons = [{"message": "You have a repayment overdue."}]
    declined = {**APPROVED, "status": "DECLINED", "decision": {"reasons": reasons}, "offer": None}
    _, told = await walk(CannedHouse(declined))
    assert "Not this time." in told
    assert told.index("You have a repayment overdue.") < told.index("Nothing was borrowed")


async def test_a_refusal_is_told_and_ends_the_application(walk: Walk) -> None:
    refused = {"__typename": "Refused", "code": "NOT_ELIGIBLE", "message": "You need to be at least 18 to apply."}
    outcome, told = await walk(CannedHouse(refused))
    assert outcome.application is None
    assert "Not accepted: You need to be at least 18 to apply." in told
