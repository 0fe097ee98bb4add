"""The rules of tiers at the console's door, by the contract's documents."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest
from sqlalchemy import select

from domain.actors import Role
from infra import clock
from infra.database import reading
from infra.ids import parse_global_id
from membership.changing.reevaluations import Reevaluation
from tests.api.doors import Client, operations, step
from tests.api.people import staff_token
from tests.working import work_off

CODES = ("LITE", "SILVER", "GOLD", "PLATINUM", "BLACK")
POINTS = (0, 640, 690, 730, 790)
Door = Callable[[Role], Awaitable[Client]]


@pytest.fixture
def door(http: httpx2.AsyncClient) -> Door:
    async def opened(role: Role) -> Client:
        return Client(http, "console", await staff_token(role))

    return opened


def asked(points: tuple[int, ...] = POINTS) -> dict[str, Any]:
    rules = [
        {"tierCode": code, "pointsAtLeast": least, "activityAtLeast": 0, "graceDays": 30}
        for code, least in zip(CODES, points, strict=True)
    ]
    return {"rules": rules, "note": "Fewer, better.", "idempotencyKey": str(uuid4())}


async def drafted(client: Client) -> str:
    made = await step(client, "DraftTierRules", **asked())
    assert (made["__typename"], made["status"]) == ("TierRules", "DRAFT")
    return str(made["id"])


async def simulated(client: Client, rules_id: str) -> Any:
    begun = await step(client, "SimulateTierRules", tierRulesId=rules_id)
    assert (begun["status"], begun["progress"]) == ("RUNNING", "0.00")
    assert await work_off(inner(begun["id"])) == ["simulate_tier_rules"]
    return (await client.send("SimulationById", id=begun["id"]))["simulation"]


async def test_from_a_draft_to_an_approval(door: Door) -> None:
    marketing, approver = await door(Role.MARKETING), await door(Role.APPROVER)
    rules_id = await drafted(marketing)
    done = await simulated(marketing, rules_id)
    outcome = done["outcome"]
    assert (done["status"], done["progress"]) == ("DONE", "1")
    assert outcome["up"] + outcome["down"] + outcome["same"] == done["members"]
    assert sum(move["members"] for move in outcome["moves"]) == outcome["up"] + outcome["down"]
    assert outcome["monthlyCostChange"]["currency"] == "CNY"
    assert (await step(marketing, "SubmitTierRules", tierRulesId=rules_id))["status"] == "SUBMITTED"
    waiting = [each for each in (await approver.send("Approvals"))["approvals"] if each["hash"] == done["hash"]]
    assert [(each["kind"], each["author"], each["title"].endswith("Fewer, better.")) for each in waiting] == [
        ("tier-rules", "Somebody of marketing", True)
    ]
    assert done["hash"] not in {each["hash"] for each in (await marketing.send("Approvals"))["approvals"]}
    own = await step(marketing, "ApproveTierRules", tierRulesId=rules_id, simulationHash=done["hash"])
    assert own["code"] == "SECOND_PERSON_REQUIRED"
    given = await step(approver, "ApproveTierRules", tierRulesId=rules_id, simulationHash=done["hash"])
    assert given["status"] == "APPROVED"


async def test_a_wrong_threshold_is_refused_at_its_field(door: Door) -> None:
    refused = await step(await door(Role.MARKETING), "DraftTierRules", **asked((0, 640, 630, 730, 790)))
    assert refused == {
        "__typename": "Refused",
        "code": "INVALID",
        "message": "A tier asks for at least as much as the tier below it: 640 or more.",
        "field": ["input", "rules", "2", "pointsAtLeast"],
    }


async def test_what_is_refused_becomes_rejected_and_stays_in_the_list(door: Door) -> None:
    marketing = await door(Role.MARKETING)
    rules_id = await drafted(marketing)
    await simulated(marketing, rules_id)
    await step(marketing, "SubmitTierRules", tierRulesId=rules_id)
    assert (await step(marketing, "RejectTierRules", tierRulesId=rules_id))["status"] == "REJECTED"
    known = await marketing.send("CurrentTierRules")
    assert known["currentTierRules"]["status"] == "LIVE"
    assert {"id": rules_id, "status": "REJECTED"}.items() <= known["tierRulesVersions"]["edges"][0]["node"].items()


NEWEST = """{ tierRulesVersions(first: 1) { nodes {
    author note simulation { hash outcome { downAnyway moves { anyway samples { activity pointsShort } } } } } } }"""


async def test_a_second_person_finds_what_they_approve(door: Door) -> None:
    marketing = await door(Role.MARKETING)
    done = await simulated(marketing, await drafted(marketing))
    (found,) = (await (await door(Role.APPROVER)).ask(NEWEST))["tierRulesVersions"]["nodes"]
    assert (found["author"], found["note"]) == ("Somebody of marketing", "Fewer, better.")
    assert found["simulation"]["hash"] == done["hash"]


@pytest.mark.parametrize("role", [Role.RISK, Role.VIEWER])
async def test_others_look_and_change_nothing(door: Door, role: Role) -> None:
    client = await door(role)
    assert (await client.send("CurrentTierRules"))["currentTierRules"]["version"] == 1
    document = operations("console")["DraftTierRules"]
    assert await client.error_code(document, input=asked()) == (200, "FORBIDDEN")


@pytest.mark.parametrize("id", ["nothing", "QmVuZWZpdDr____"])
async def test_no_id_is_no_simulation(door: Door, id: str) -> None:
    assert (await (await door(Role.VIEWER)).send("SimulationById", id=id))["simulation"] is None


def inner(id: str) -> UUID:
    parsed = parse_global_id(id)
    assert parsed is not None
    return parsed[1]


STORY = """query ($id: ID!) { node(id: $id) { ... on TierRules {
    status steps { status by comment } reevaluation { status people done moved } } } }"""


async def test_publishing_and_one_step_back(door: Door) -> None:
    marketing, approver = await door(Role.MARKETING), await door(Role.APPROVER)
    first = (await marketing.send("CurrentTierRules"))["currentTierRules"]["id"]
    rules_id = await drafted(marketing)
    done = await simulated(marketing, rules_id)
    await step(marketing, "SubmitTierRules", tierRulesId=rules_id)
    await step(approver, "ApproveTierRules", tierRulesId=rules_id, simulationHash=done["hash"], comment="Good.")
    async with reading() as db:
        now = (await clock.now(db)).isoformat()
    once = {"tierRulesId": rules_id, "effectiveAt": now, "idempotencyKey": str(uuid4())}
    published = await step(marketing, "PublishTierRules", **once)
    assert (published["status"], await step(marketing, "PublishTierRules", **once)) == ("SCHEDULED", published)
    await judged(inner(rules_id))
    story = (await marketing.ask(STORY, id=rules_id))["node"]
    assert [(each["status"], each["by"], each["comment"]) for each in story["steps"]] == [
        ("SUBMITTED", "Somebody of marketing", ""),
        ("APPROVED", "Somebody of approver", "Good."),
        ("SCHEDULED", "Somebody of marketing", ""),
        ("LIVE", None, ""),
    ]
    run = story["reevaluation"]
    assert (story["status"], run["status"], run["done"]) == ("LIVE", "DONE", run["people"])
    wish = {"from": rules_id, "to": first, "reason": "Too few.", "idempotencyKey": str(uuid4())}
    restored = await step(marketing, "RollBackTierRules", **wish)
    assert (restored["id"], restored["version"], restored["status"]) == (first, 1, "LIVE")
    await judged(inner(first))
    assert await step(marketing, "RollBackTierRules", **wish) == restored
    again = await step(marketing, "RollBackTierRules", **wish | {"idempotencyKey": str(uuid4())})
    assert again["code"] == "STALE"


async def judged(rules_id: UUID) -> None:
    """Everybody by these rules, as the worker does it."""
    await work_off(rules_id)
    async with reading() as db:
        mine = select(Reevaluation.id).where(Reevaluation.rules_id == rules_id)
        await work_off(*(await db.execute(mine)).scalars())
