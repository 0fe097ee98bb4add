"""Benefits at the console's door, by the contract's documents."""

from typing import Any
from uuid import uuid4

import httpx2
import pytest
from sqlalchemy import update

from domain.actors import Role
from infra.database import transaction
from membership.benefits import Benefit, BenefitStatus
from tests.api.doors import Client, operations, step
from tests.api.people import staff_token


def wanted(code: str, **other: Any) -> dict[str, Any]:
    return {
        "code": code,
        "name": "A day at the spa",
        "segment": "HOSPITALITY",
        "tierCodes": ["BLACK"],
        "planCodes": [],
        "quota": 2,
        "reset": "YEARLY",
        "unitCost": {"amount": "80", "currency": "CNY"},
        "memberValue": {"amount": "120.50", "currency": "CNY"},
        "idempotencyKey": str(uuid4()),
        **other,
    }


ONE = """query ($id: ID!) { node(id: $id) { ... on Benefit {
    code unitCost { amount } memberValue { amount } tierCodes planCodes cycle status } } }"""


async def test_from_a_new_benefit_to_a_retired_one(http: httpx2.AsyncClient) -> None:
    marketing, code = Client(http, "console", await staff_token(Role.MARKETING)), f"spa-{uuid4()}"
    saved = await step(marketing, "SaveBenefit", **wanted(code))
    assert saved.pop("id")
    assert saved == {
        "__typename": "Benefit",
        "benefitCode": code,
        "name": "A day at the spa",
        "segment": "HOSPITALITY",
        "quota": 2,
        "version": 1,
        "status": "LIVE",
    }
    again = await step(marketing, "SaveBenefit", **wanted(code, quota=4, expectedVersion=1))
    assert (again["quota"], again["version"]) == (4, 2)
    assert (await marketing.ask(ONE, id=again["id"]))["node"] == {
        "code": code,
        "unitCost": {"amount": "80.00"},
        "memberValue": {"amount": "120.50"},
        "tierCodes": ["BLACK"],
        "planCodes": [],
        "cycle": "CALENDAR",
        "status": "LIVE",
    }
    stale = await step(marketing, "RetireBenefit", benefitId=again["id"], expectedVersion=1)
    assert (stale["__typename"], stale["code"]) == ("Refused", "STALE")
    retiring = await step(marketing, "RetireBenefit", benefitId=again["id"], expectedVersion=2)
    assert (retiring["status"], retiring["retiresAt"] is None) == ("RETIRING", False)
    async with transaction() as db:
        await db.execute(update(Benefit).where(Benefit.code == code).values(status=BenefitStatus.RETIRED))


async def test_a_tier_that_there_is_not_is_refused_at_its_field(http: httpx2.AsyncClient) -> None:
    marketing = Client(http, "console", await staff_token(Role.MARKETING))
    assert await step(marketing, "SaveBenefit", **wanted(f"spa-{uuid4()}", tierCodes=["TIN"])) == {
        "__typename": "Refused",
        "code": "INVALID",
        "message": "There is no TIN. Choose among: LITE, SILVER, GOLD, PLATINUM, BLACK.",
        "field": ["input", "tierCodes"],
    }


async def test_all_benefits_are_listed_by_code(http: httpx2.AsyncClient) -> None:
    viewer = Client(http, "console", await staff_token(Role.VIEWER))
    listed = (await viewer.ask("{ benefits(first: 100) { totalCount nodes { code } } }"))["benefits"]
    codes = [each["code"] for each in listed["nodes"]]
    assert (codes, len(codes)) == (sorted(codes), listed["totalCount"])
    assert {"city-ride", "lounge"} <= set(codes)


@pytest.mark.parametrize("role", [Role.APPROVER, Role.RISK, Role.VIEWER])
async def test_nobody_but_marketing_changes_a_benefit(http: httpx2.AsyncClient, role: Role) -> None:
    client, documents = Client(http, "console", await staff_token(role)), operations("console")
    refused = (200, "FORBIDDEN")
    assert await client.error_code(documents["SaveBenefit"], input=wanted("x")) == refused
    assert (
        await client.error_code(documents["RetireBenefit"], input={"benefitId": "x", "expectedVersion": 1}) == refused
    )
