"""A partner invites numbers and learns of nobody; whoever has one sees it, applies with it, and is answered at once."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from domain.invitations import accepting, inviting
from domain.invitations.batches import InvitationBatch, InvitedPhone
from domain.notices.notices import Notice
from infra.database import reading
from infra.ids import global_id
from infra.receipts import Receipt
from infra.setting_parts import Rate
from integrations import accepting_invitations, reading_again
from tests.api.doors import Client
from tests.api.offering import close, yuan
from tests.api.people import Shop, open_shop
from tests.clocks import Clock
from tests.integrations.serving import served
from tests.integrations.test_reading_again import elsewhere, hang
from tests.patience import SECONDS_MAX
from tests.phones import Answer, NewPhone, Phone, new_key, new_number, uuid_of
from tests.statements import statements
from tests.working import work_off

ACCEPT = """mutation ($input: AcceptInvitationInput!) { acceptInvitation(input: $input) { __typename
    ... on Application { id status amount { amount } decision { outcome isPartial } offer { id } product { id } }
    ... on Refusal { code field } } }"""
DECIDED = "query ($id: ID!) { node(id: $id) { ... on Application { decision { outcome isPartial note } } } }"
SHOWN = "query ($id: ID!) { node(id: $id) { ... on Application { decision { outcome isPartial } } } }"
DECLINE = """mutation ($input: DeclineInvitationInput!) { declineInvitation(input: $input) { __typename
    ... on Invitation { id status } ... on Refusal { code field } } }"""


async def invite(client: Client, shop: Shop, clock: Clock, phones: list[str], **more: Any) -> Answer:
    input = {
        "productId": global_id("Product", shop.product.id),
        "phones": phones,
        "maxAmount": yuan("5000"),
        "expiresAt": (await clock.now() + timedelta(days=7)).isoformat(),
        "idempotencyKey": new_key(),
        **more,
    }
    answer: Answer = (await client.send("InviteUsers", input=input))["inviteUsers"]
    if answer["__typename"] == "InvitationBatch":
        await work_off(uuid_of(answer["id"]))
    return answer


async def seen(phone: Phone) -> list[Answer]:
    found: list[Answer] = (await phone.send("MyInvitations"))["invitations"]
    return found


async def accept(phone: Phone, invitation: Answer, amount: str = "4000", **more: Any) -> Answer:
    wish = {"amount": yuan(amount), "termMonths": 12, "share": ["SCORE_CHECK"], "idempotencyKey": new_key()}
    input = {"invitationId": invitation["id"], **wish, **more}
    answer: Answer = (await phone.ask(ACCEPT, input=input))["acceptInvitation"]
    return answer


async def counts(shop: Shop) -> tuple[int, int, int]:
    async with reading() as db:
        its = InvitationBatch.partner_id == shop.partner.id
        asked = [
            select(func.count()).select_from(InvitationBatch).where(its),
            select(func.count()).select_from(InvitedPhone).join(InvitationBatch).where(its),
            select(func.count()).where(Receipt.actor == f"partner:{shop.partner.id}"),
        ]
        batches, numbers, receipts = [(await db.execute(each)).scalar_one() for each in asked]
    return batches, numbers, receipts


async def test_an_invitation_is_seen_told_and_leads_to_a_decision_at_once(
    shopper: Phone, shop: Shop, client: Client, clock: Clock
) -> None:
    stranger = new_number()
    batch = await invite(client, shop, clock, [shopper.number, stranger])
    assert batch["received"] == 2
    (invitation,) = await seen(shopper)
    assert (invitation["product"]["title"], invitation["maxAmount"]) == ("A loan", yuan("5000.00"))
    await clock.forward(seconds=1)
    assert "tell_of_invitation" in await shopper.settle()
    async with reading() as db:
        codes = select(Notice.code).where(Notice.user_id == shopper.user_id, Notice.code == "invitation_received")
        assert (await db.execute(codes)).scalars().all() == ["invitation_received"]
    key = new_key()
    application = await accept(shopper, invitation, idempotencyKey=key)
    assert (application["status"], application["decision"]) == ("APPROVED", {"outcome": "APPROVE", "isPartial": False})
    assert application["offer"] and application["product"]["id"] == invitation["product"]["id"]
    assert await accept(shopper, invitation, idempotencyKey=key) == application
    assert (await accept(shopper, invitation))["code"] == "NOT_OPEN"
    assert await seen(shopper) == []
    (edge,) = (await client.send("Applications", first=10))["applications"]["edges"]
    assert (edge["node"]["id"], edge["node"]["status"]) == (application["id"], "APPROVED")
    assert edge["node"]["grade"] is not None


async def test_whoever_does_not_answer_in_time_is_named_and_not_waited_for(
    shopper: Phone, shop: Shop, client: Client, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await invite(client, shop, clock, [shopper.number])
    (invitation,) = await seen(shopper)
    await clock.forward(minutes=2)
    asked = 0
    monkeypatch.setattr(reading_again, "WITHIN_SECONDS", 1.0)
    # However busy the machine is, whoever is first is still at it when the others come, and they wait.
    monkeypatch.setattr(accepting, "ASKED_FOR", timedelta(seconds=SECONDS_MAX))
    monkeypatch.setattr(accepting_invitations, "WAIT_SECONDS_MAX", SECONDS_MAX)

    async def hang_counted(request: Request) -> Response:
        nonlocal asked
        asked += 1
        return await hang(request)

    async with served([Route("/{path:path}", hang_counted, methods=["GET", "POST"])]) as url:
        elsewhere(monkeypatch, wechat=url)
        for wrong in ({"amount": yuan("5000.01")}, {"termMonths": 7}, {"idempotencyKey": "short"}):
            assert (await accept(shopper, invitation, **wrong))["code"] == "INVALID"
        assert asked == 0, "nobody is asked for what is refused anyhow"
        # The same tap twice and another one, all at once, each on a connection of its own.
        keys = (key := new_key(), key, new_key())
        answers = await asyncio.gather(*(accept(shopper, invitation, idempotencyKey=each) for each in keys))
        application = next(each for each in answers if each["__typename"] == "Application")
        assert all(each == application or each["code"] == "NOT_OPEN" for each in answers) and asked == 1
        assert application in [await accept(shopper, invitation, idempotencyKey=each) for each in keys] and asked == 1
    decision = (await shopper.ask(DECIDED, id=application["id"]))["node"]["decision"]
    assert (decision["outcome"], decision["isPartial"]) == ("APPROVE", True)
    assert (
        decision["note"] == "Not all answered in time: WeChat. We decided by what was known of these accounts before."
    )
    theirs = (await client.ask(SHOWN, id=application["id"]))["node"]["decision"]
    assert theirs == {"outcome": "APPROVE", "isPartial": True}


async def test_whoever_registers_while_it_lasts_sees_it_too(
    phone: Phone, shop: Shop, client: Client, clock: Clock
) -> None:
    await invite(client, shop, clock, [phone.number])
    await phone.sign_in()
    await phone.settle()
    assert [each["maxAmount"]["amount"] for each in await seen(phone)] == ["5000.00"]
    await clock.forward(days=8)
    await phone.sign_in()
    assert await seen(phone) == []


async def test_who_exists_is_not_to_be_told_from_the_work(
    member: Phone, shop: Shop, client: Client, clock: Clock
) -> None:
    asked = []
    for numbers in ([member.number], [new_number()]):
        with statements() as sent:
            batch = await invite_alone(client, shop, clock, numbers)
        assert batch["received"] == 1
        asked.append(sent)
    assert asked[0] == asked[1]
    assert not any(" phones" in sql or " users" in sql for sql in asked[0])


async def invite_alone(client: Client, shop: Shop, clock: Clock, phones: list[str]) -> Answer:
    """Without what the worker does of it afterwards."""
    input = {
        "productId": global_id("Product", shop.product.id),
        "phones": phones,
        "maxAmount": yuan("5000"),
        "expiresAt": (await clock.now() + timedelta(days=7)).isoformat(),
        "idempotencyKey": new_key(),
    }
    answer: Answer = (await client.send("InviteUsers", input=input))["inviteUsers"]
    return answer


async def test_ten_thousand_are_a_dozen_statements(shop: Shop, client: Client, clock: Clock) -> None:
    numbers = [f"+8613{n:09}" for n in range(800_000_000, 800_010_000 - 1)]
    with statements() as sent:
        batch = await invite_alone(client, shop, clock, [*numbers, numbers[0]])
    assert batch["received"] == 9_999
    assert len(sent) <= 12, sent
    assert (await counts(shop))[:2] == (1, 9_999)
    assert (await invite_alone(client, shop, clock, [*numbers, "+8613800000000", "+8613800000001"]))[
        "code"
    ] == "INVALID"


async def test_one_key_invites_once(member: Phone, shop: Shop, client: Client, clock: Clock) -> None:
    key, until = new_key(), (await clock.now() + timedelta(days=2)).isoformat()
    same = {"idempotencyKey": key, "expiresAt": until}
    first = await invite(client, shop, clock, [member.number], **same)
    assert await invite(client, shop, clock, [member.number, member.number], **same) == first
    assert (await invite(client, shop, clock, [new_number()], **same))["code"] == "IDEMPOTENCY_MISMATCH"
    assert await counts(shop) == (1, 1, 1)


async def test_what_is_wrong_is_named_and_nobody_is_invited(shop: Shop, client: Client, clock: Clock) -> None:
    stranger, now = await open_shop(), await clock.now()
    good = [new_number(), new_number()]
    wrong: list[tuple[list[str], dict[str, Any], list[str], str]] = [
        ([*good, "13800138000"], {}, ["phones", "2"], "INVALID"),
        (["+86 138 0013 8000", *good], {}, ["phones", "0"], "INVALID"),
        ([good[0], "+8612", good[1]], {}, ["phones", "1"], "INVALID"),
        ([], {}, ["phones"], "INVALID"),
        (good, {"maxAmount": yuan("999.99")}, ["maxAmount"], "INVALID"),
        (good, {"maxAmount": yuan("10000.01")}, ["maxAmount"], "INVALID"),
        (good, {"maxAmount": yuan("5000", "USD")}, ["maxAmount"], "INVALID"),
        (good, {"expiresAt": now.isoformat()}, ["expiresAt"], "INVALID"),
        (good, {"expiresAt": (now + timedelta(days=91)).isoformat()}, ["expiresAt"], "INVALID"),
        (good, {"productId": global_id("Product", stranger.product.id)}, ["productId"], "NOT_FOUND"),
    ]
    for numbers, more, field, code in wrong:
        refused = await invite(client, shop, clock, numbers, **more)
        assert (refused["code"], refused["field"]) == (code, ["input", *field])
    await close(shop)
    assert (await invite(client, shop, clock, good))["code"] == "NOT_OPEN"
    assert await counts(shop) == (0, 0, 0)
    await close(stranger)


async def test_a_partner_invites_only_so_many(
    shop: Shop, client: Client, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inviting, "PER_PARTNER", Rate(times=3, seconds=3600))
    assert (await invite(client, shop, clock, [new_number(), new_number()]))["received"] == 2
    refused = await invite(client, shop, clock, [new_number(), new_number()])
    assert (refused["code"], refused["field"]) == ("RATE_LIMITED", ["input", "phones"])
    assert (await invite(client, shop, clock, [new_number()]))["received"] == 1
    assert (await counts(shop))[:2] == (2, 3)


async def test_a_no_is_heard_while_it_lasts(member: Phone, shop: Shop, client: Client, clock: Clock) -> None:
    await invite(client, shop, clock, [member.number])
    (invitation,) = await seen(member)
    declined = (await member.ask(DECLINE, input={"invitationId": invitation["id"]}))["declineInvitation"]
    assert declined == {"__typename": "Invitation", "id": invitation["id"], "status": "DECLINED"}
    await invite(client, shop, clock, [member.number], maxAmount=yuan("6000"))
    assert await seen(member) == []
    assert (await accept(member, invitation))["code"] == "NOT_OPEN"


async def test_an_invitation_is_its_persons_and_goes_so_far(
    shopper: Phone, shop: Shop, client: Client, clock: Clock, new_phone: NewPhone
) -> None:
    await invite(client, shop, clock, [shopper.number])
    (invitation,) = await seen(shopper)
    above = await accept(shopper, invitation, "5000.01")
    assert (above["code"], above["field"]) == ("INVALID", ["input", "amount"])
    other = await new_phone()
    await other.sign_in()
    assert (await accept(other, invitation))["code"] == "NOT_FOUND"
    answer = (await other.ask(DECLINE, input={"invitationId": invitation["id"]}))["declineInvitation"]
    assert answer["code"] == "NOT_FOUND"
    await clock.forward(days=7, seconds=1)
    await shopper.sign_in()
    assert (await accept(shopper, invitation))["code"] == "NOT_OPEN"
    async with reading() as db:
        assert (
            await db.execute(
                select(Receipt).where(
                    Receipt.operation == "acceptInvitation", Receipt.actor == f"user:{shopper.user_id}"
                )
            )
        ).all() == []
