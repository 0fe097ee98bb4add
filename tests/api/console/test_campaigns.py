"""Campaigns at the console's door, by the contract's documents."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest

from domain.actors import Role, StaffActor
from infra.ids import parse_global_id
from tests.api.doors import Client, step
from tests.api.people import staff_token
from tests.clocks import Clock
from tests.membership.campaigns.audience import Crowd, crowd_of
from tests.membership.campaigns.running import begun, tell_everybody
from tests.membership.conftest import somebody
from tests.phones import Phone
from tests.working import work_off

Door = Callable[[Role], Awaitable[Client]]
SEES = """query ($id: ID!) { node(id: $id) { ... on Campaign {
    name author audience { tierCodes planCodes usedSegments inactiveDaysAtLeast } holdoutPercent
    messages { locale title body link } benefit { code } steps { status by comment } } } }"""


@pytest.fixture
async def author() -> StaffActor:
    return await somebody(Role.MARKETING)


@pytest.fixture
async def approver() -> StaffActor:
    return await somebody(Role.APPROVER)


UNDOES = """mutation ($input: CampaignStepInput!) {
    unscheduleCampaign(input: $input) { ... on Campaign { status } ... on Refusal { code } } }"""
PAUSES = """mutation ($input: PauseAllInput!) {
    pauseAllCampaigns(input: $input) { ... on PausedAll { reason stopped { name } } ... on Refusal { code } } }"""


@pytest.fixture
def door(http: httpx2.AsyncClient) -> Door:
    async def opened(role: Role) -> Client:
        return Client(http, "console", await staff_token(role))

    return opened


def asked(**changes: Any) -> dict[str, Any]:
    usual = {
        "name": "Cinema",
        "audience": {"tierCodes": ["GOLD", "LITE"], "inactiveDaysAtLeast": 30},
        "messages": [
            {"locale": "zh-CN", "title": "周末影院", "body": "九块九看电影。"},
            {"locale": "en", "title": "Cinema", "body": "Go."},
        ],
        "benefitCode": "cinema-ticket",
        "holdoutPercent": 10,
        "budget": {"amount": "2000", "currency": "CNY"},
        "idempotencyKey": str(uuid4()),
    }
    return usual | changes


async def test_from_a_draft_to_an_approval(door: Door) -> None:
    marketing, approver, viewer = [await door(role) for role in (Role.MARKETING, Role.APPROVER, Role.VIEWER)]
    made = await step(marketing, "DraftCampaign", **asked())
    assert (made["status"], made["budget"]) == ("DRAFT", {"amount": "2000.00", "currency": "CNY"})
    assert made["holdoutSize"] == made["audienceSize"] // 100 * 10 and made["audienceSize"] % 10 == 0
    its = {"campaignId": made["id"]}
    assert (await step(marketing, "SubmitCampaign", **its))["status"] == "SUBMITTED"
    waiting = [each for each in (await approver.send("Approvals"))["approvals"] if each["hash"] == made["hash"]]
    assert [(each["kind"], each["title"], each["author"]) for each in waiting] == [
        ("campaign", "Cinema", "Somebody of marketing")
    ]
    assert (await step(approver, "RejectCampaign", **its, comment="Later."))["status"] == "DRAFT"
    await step(marketing, "SubmitCampaign", **its)
    own = await step(marketing, "ApproveCampaign", **its, hash=made["hash"])
    assert own["code"] == "SECOND_PERSON_REQUIRED"
    assert (await step(approver, "ApproveCampaign", **its, hash="another"))["code"] == "STALE"
    assert (await step(approver, "ApproveCampaign", **its, hash=made["hash"]))["status"] == "APPROVED"
    seen = (await viewer.ask(SEES, id=made["id"]))["node"]
    assert seen["audience"] == {
        "tierCodes": ["GOLD", "LITE"],
        "planCodes": None,
        "usedSegments": None,
        "inactiveDaysAtLeast": 30,
    }
    assert [(each["status"], each["comment"]) for each in seen["steps"]] == [
        ("SUBMITTED", ""),
        ("DRAFT", "Later."),
        ("SUBMITTED", ""),
        ("APPROVED", ""),
    ]
    assert (seen["benefit"], seen["messages"][0]["title"]) == ({"code": "cinema-ticket"}, "周末影院")


async def test_from_an_approval_to_the_end(door: Door, clock: Clock) -> None:
    marketing, approver = await door(Role.MARKETING), await door(Role.APPROVER)
    crowd = await crowd_of(2)
    its = await approved(marketing, approver, audience={"planCodes": [crowd.code]}, holdoutPercent=0)
    now = await clock.now()
    times = {
        "startsAt": now.isoformat(),
        "endsAt": (now + timedelta(days=7)).isoformat(),
        "idempotencyKey": str(uuid4()),
    }
    refused = await step(marketing, "ScheduleCampaign", **its, **(times | {"endsAt": times["startsAt"]}))
    assert (refused["code"], refused["field"]) == ("INVALID", ["input", "endsAt"])
    assert (await step(marketing, "ScheduleCampaign", **its, **times))["status"] == "SCHEDULED"
    undone = await marketing.ask(UNDOES, input=its)
    assert undone["unscheduleCampaign"] == {"status": "APPROVED"}
    times["idempotencyKey"] = str(uuid4())
    assert (await step(marketing, "ScheduleCampaign", **its, **times))["status"] == "SCHEDULED"
    campaign_id = inner(its["campaignId"])
    assert set(await work_off(campaign_id)) == {"start_campaign"}
    assert (await step(marketing, "PauseCampaign", **its))["status"] == "PAUSED"
    assert (await step(marketing, "ResumeCampaign", **its))["status"] == "RUNNING"
    pause = {"reason": "A wrong price.", "idempotencyKey": str(uuid4())}
    paused = await step(approver, "PauseAllCampaigns", **pause)
    assert paused["campaigns"] >= 1
    shown = (await marketing.ask(PAUSES, input=pause | {"idempotencyKey": str(uuid4())}))["pauseAllCampaigns"]
    assert shown == {"reason": "A wrong price.", "stopped": []}
    assert (await step(marketing, "ResumeCampaign", **its))["status"] == "RUNNING"
    listed = (await marketing.send("Campaigns"))["campaigns"]["edges"]
    (mine,) = [each["node"] for each in listed if each["node"]["id"] == its["campaignId"]]
    assert (mine["sent"], mine["redeemed"], mine["spent"]["amount"], mine["uplift"]) == (0, 0, "0.00", None)
    assert (await step(marketing, "EndCampaign", **its))["status"] == "ENDED"
    assert (await step(marketing, "ResumeCampaign", **its))["code"] == "NOT_OPEN"


async def approved(marketing: Client, approver: Client, **changes: Any) -> dict[str, str]:
    made = await step(marketing, "DraftCampaign", **asked(**changes))
    its = {"campaignId": str(made["id"])}
    await step(marketing, "SubmitCampaign", **its)
    assert (await step(approver, "ApproveCampaign", **its, hash=made["hash"]))["status"] == "APPROVED"
    return its


def inner(id: str) -> UUID:
    parsed = parse_global_id(id)
    assert parsed is not None
    return parsed[1]


async def test_all_that_is_wrong_is_told_at_its_field(door: Door) -> None:
    marketing = await door(Role.MARKETING)
    refused = await step(marketing, "DraftCampaign", **asked(budget={"amount": "1", "currency": "CNY"}))
    assert (refused["code"], refused["field"]) == ("INVALID", ["input", "budget", "amount"])
    refused = await step(marketing, "DraftCampaign", **asked(audience={"tierCodes": ["TIN"]}))
    assert (refused["code"], refused["field"]) == ("INVALID", ["input", "audience", "tierCodes"])


async def test_an_audience_is_told_before_it_is_drafted(door: Door) -> None:
    marketing = await door(Role.MARKETING)
    found = (await marketing.send("Audience", input={"inactiveDaysAtLeast": 0}))["audience"]
    assert found["size"] % 10 == 0 and found["reachable"] <= found["size"]
    assert all(each["people"] >= 200 for each in found["overlaps"])


async def test_what_a_campaign_tells_stands_in_the_persons_list(
    phone: Phone, author: StaffActor, approver: StaffActor
) -> None:
    await phone.sign_in()
    await phone.settle()
    crowd = Crowd()
    await crowd.take_in(phone.user_id)
    campaign = await begun(author, approver, crowd, holdout_percent=0)
    await tell_everybody(campaign)
    listed = (await phone.send("MyNotices"))["notices"]["edges"]
    (mine,) = [each["node"] for each in listed if each["node"]["class"] == "MARKETING"]
    assert (mine["title"], mine["link"]) == ("A weekend at the cinema", "longan://membership")
