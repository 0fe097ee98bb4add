"""One member's story, and the overview, at the console's door."""

from datetime import timedelta
from typing import Any

import httpx2
import pytest
from sqlalchemy import select

from domain.actors import Role
from domain.people import users
from domain.people.users import User
from infra import clock, vault
from infra.database import reading, transaction
from infra.setting_parts import Rate
from membership import evaluating, joining, looks
from membership.looks import REASON, MemberLook
from tests.api.doors import Client, operations
from tests.api.people import staff_token
from tests.membership.living import give_score
from tests.phones import Phone, new_number

WHY = "They asked why they are at gold."


async def someone() -> tuple[User, str]:
    """A member at gold, and their number."""
    phone = new_number()
    async with transaction() as db:
        user = await users.register(db, phone)
        await joining.join(db, user.id)
        db.info["now"] = await clock.now(db)
        await give_score(db, user.id, 700)
        await evaluating.evaluate(db, user.id)
        return user, phone


async def looks_at(user: User) -> list[str]:
    async with reading() as db:
        seal = await vault.seal_of(db, user.id)
        theirs = (await db.execute(select(MemberLook).where(MemberLook.user_id == user.id))).scalars()
        return [seal.open(each.reason_sealed, REASON) for each in theirs]


async def test_a_story_is_told_to_whoever_says_why(http: httpx2.AsyncClient) -> None:
    user, phone = await someone()
    marketing = Client(http, "console", await staff_token(Role.MARKETING))
    told = (await marketing.send("Member", phone=phone, purpose=WHY))["member"]
    assert told["maskedPhone"] == f"+86 {phone[3:6]}****{phone[-4:]}"
    assert told["tier"] == {"code": "GOLD"}
    assert [(each["from"], each["to"]["code"], each["reason"]) for each in told["history"]] == [
        (None, "LITE", "Became a member."),
        ({"code": "LITE"}, "GOLD", "Reached the points and activity of the tier."),
    ]
    held = {each["benefit"]["name"]: each["remaining"] for each in told["benefits"]}
    assert (held["Hotel breakfast for two"], held["Member prices in partner shops"]) == (4, None)
    assert await looks_at(user) == [WHY]


NODE = "query ($id: ID!) { node(id: $id) { ... on Member { maskedPhone } } }"


async def test_their_id_opens_them_for_an_hour_and_only_to_whoever_gave_a_reason(http: httpx2.AsyncClient) -> None:
    user, phone = await someone()
    marketing, other = [Client(http, "console", await staff_token(Role.MARKETING)) for _ in range(2)]
    id = (await marketing.send("Member", phone=phone, purpose=WHY))["member"]["id"]
    assert (await marketing.ask(NODE, id=id))["node"]["maskedPhone"].endswith(phone[-4:])
    assert (await other.ask(NODE, id=id))["node"] is None
    async with transaction() as db:
        look = (await db.execute(select(MemberLook).where(MemberLook.user_id == user.id))).scalar_one()
        clock.freeze(db, look.at + timedelta(hours=1))
        assert await looks.opened_by(db, await actor_of(look), {user.id}) == {}


async def actor_of(look: MemberLook) -> Any:
    from domain.actors import StaffActor

    return StaffActor(look.staff_id, Role.MARKETING)


async def test_the_person_reads_that_somebody_looked(http: httpx2.AsyncClient, shopper: Phone) -> None:
    marketing = Client(http, "console", await staff_token(Role.MARKETING))
    await marketing.send("Member", phone=shopper.number, purpose=WHY)
    seen = (await shopper.ask("{ viewer { lookups(first: 1) { nodes { answer question { message } } } } }"))["viewer"]
    assert seen["lookups"]["nodes"] == [
        {
            "answer": "REPORT",
            "question": {"message": "Your membership: your tier, how you came to it, your benefits and your plans"},
        }
    ]


async def test_nobody_is_found_by_a_strange_number_and_nothing_without_a_reason(http: httpx2.AsyncClient) -> None:
    user, phone = await someone()
    marketing, document = Client(http, "console", await staff_token(Role.MARKETING)), operations("console")["Member"]
    for strange in (new_number(), "12"):
        assert (await marketing.send("Member", phone=strange, purpose=WHY))["member"] is None
    assert await marketing.error_code(document, phone=phone, purpose=" ") == (200, "BAD_REQUEST")
    assert await looks_at(user) == []


async def test_nobody_goes_through_all_numbers(http: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looks, "PER_STAFF", Rate(times=2, seconds=86_400))
    _, phone = await someone()
    marketing, document = Client(http, "console", await staff_token(Role.MARKETING)), operations("console")["Member"]
    for number in (new_number(), "12"):
        assert (await marketing.send("Member", phone=number, purpose=WHY))["member"] is None
    assert await marketing.error_code(document, phone=phone, purpose=WHY) == (200, "BAD_REQUEST")
    other = Client(http, "console", await staff_token(Role.MARKETING))
    assert (await other.send("Member", phone=phone, purpose=WHY))["member"]


@pytest.mark.parametrize("role", [Role.APPROVER, Role.VIEWER])
async def test_others_open_nobodys_story(http: httpx2.AsyncClient, role: Role) -> None:
    client = Client(http, "console", await staff_token(role))
    asked = {"phone": new_number(), "purpose": WHY}
    assert await client.error_code(operations("console")["Member"], **asked) == (200, "FORBIDDEN")


@pytest.mark.parametrize("role", list(Role))
async def test_every_role_sees_the_overview(http: httpx2.AsyncClient, role: Role) -> None:
    client = Client(http, "console", await staff_token(role))
    seen = (await client.send("Overview", days=7))["overview"]
    assert [each["tier"]["code"] for each in seen["tiers"]] == ["LITE", "SILVER", "GOLD", "PLATINUM", "BLACK"]
    assert seen["members"] == sum(each["members"] for each in seen["tiers"])
    names = ["registered", "linked", "scored", "applied", "approved", "accepted"]
    assert [each["name"] for each in seen["funnel"]] == names
    assert seen["planRevenue"]["currency"] == "CNY"


async def test_a_span_that_ends_before_it_begins_is_refused(http: httpx2.AsyncClient) -> None:
    client = Client(http, "console", await staff_token(Role.VIEWER))
    document = '{ overview(from: "2026-02-02", to: "2026-02-01") { members } }'
    assert await client.error_code(document) == (200, "BAD_REQUEST")
