"""Plans at the console's door, by the contract's documents."""

from typing import Any
from uuid import uuid4

import httpx2
import pytest

from domain.actors import Role
from tests.api.doors import Client, operations, step
from tests.api.people import staff_token


def asked(code: str, **other: Any) -> dict[str, Any]:
    return {
        "code": code,
        "name": "The club",
        "price": {"amount": "30", "currency": "CNY"},
        "period": "QUARTER",
        "trialDays": 7,
        "benefitCodes": ["lounge"],
        "status": "LIVE",
        "idempotencyKey": str(uuid4()),
        **other,
    }


async def known(client: Client, code: str) -> list[dict[str, Any]]:
    return [plan for plan in (await client.send("ConsolePlans"))["plans"] if plan["code"] == code]


async def test_from_a_new_plan_to_another_price_and_its_end(http: httpx2.AsyncClient) -> None:
    marketing = Client(http, "console", await staff_token(Role.MARKETING))
    approver, code = Client(http, "console", await staff_token(Role.APPROVER)), f"club-{uuid4()}"
    saved = await step(marketing, "SavePlan", **asked(code))
    assert saved == {
        "__typename": "Plan",
        "code": code,
        "price": {"amount": "30.00", "currency": "CNY"},
        "planStatus": "SUBMITTED",
        "version": 1,
    }
    (seen,) = await known(approver, code)
    own = await step(marketing, "ApprovePlan", code=code, hash=seen["hash"])
    assert (own["__typename"], own["refusalCode"]) == ("Refused", "SECOND_PERSON_REQUIRED")
    waiting = [each for each in (await approver.send("Approvals"))["approvals"] if each["hash"] == seen["hash"]]
    assert [(each["kind"], each["title"]) for each in waiting] == [("plan", "The club: 30.00 CNY")]
    given = await step(approver, "ApprovePlan", code=code, hash=seen["hash"])
    assert (given["code"], given["planStatus"]) == (code, "LIVE")
    dearer = asked(code, price={"amount": "35", "currency": "CNY"}, expectedVersion=1)
    assert (await step(marketing, "SavePlan", **dearer))["planStatus"] == "SUBMITTED"
    assert [(each["status"], each["price"]["amount"], each["subscribers"]) for each in await known(approver, code)] == [
        ("LIVE", "30.00", 0),
        ("SUBMITTED", "35.00", 0),
    ]
    ended = await step(marketing, "SavePlan", **asked(code, status="RETIRED", expectedVersion=2))
    assert (ended["planStatus"], ended["version"]) == ("RETIRED", 1)


async def test_a_wrong_plan_is_refused_at_its_fields(http: httpx2.AsyncClient) -> None:
    marketing = Client(http, "console", await staff_token(Role.MARKETING))
    refused = await step(marketing, "SavePlan", **asked(f"club-{uuid4()}", price={"amount": "0", "currency": "CNY"}))
    assert (refused["refusalCode"], refused["field"]) == ("INVALID", ["input", "price"])


@pytest.mark.parametrize("role", [Role.RISK, Role.VIEWER])
async def test_others_look_and_change_nothing(http: httpx2.AsyncClient, role: Role) -> None:
    client, documents = Client(http, "console", await staff_token(role)), operations("console")
    assert {each["code"] for each in (await client.send("ConsolePlans"))["plans"]} >= {"vip-month", "vip-year"}
    refused = (200, "FORBIDDEN")
    assert await client.error_code(documents["SavePlan"], input=asked("x")) == refused
    assert await client.error_code(documents["ApprovePlan"], input={"code": "x", "hash": "x"}) == refused
