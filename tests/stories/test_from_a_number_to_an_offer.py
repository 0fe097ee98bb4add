"""The whole journey as a phone goes through it, for each of the sandbox's people, and with the worker in between."""

import pytest

from integrations.sandbox.personas import PERSONAS
from tests.applying import AT_ONCE, BY_PARTNER, apply
from tests.phones import Phone, uuid_of
from tests.sockets import socket
from tests.working import work_off


async def test_a_newcomer_reaches_an_answer(phone: Phone) -> None:
    asked = await phone.ask_for_code()
    await work_off(uuid_of(asked))
    (message,) = (await phone.http.get("/dev/messages", params={"to": phone.number})).json()
    phone.session = await phone.answer(asked, message["code"])
    home = await phone.send("Home")
    assert (home["scoring"]["state"], home["score"], home["linkedAccounts"]) == ("NOTHING_LINKED", None, [])
    assert home["membership"]["tier"]["code"] == "LITE"
    await phone.tell(birthDate="2000-02-03", monthlyIncome={"amount": "9000.00", "currency": "CNY"})
    async with socket() as line:
        await line.sign_in(phone.token)
        await line.subscribe("subscription { scoreChanged { viewer { scoring { state } score { grade } } } }")
        await line.next()
        for provider in ("wechat", "taobao", "oidc"):
            await phone.link(provider)
        await phone.settle()
        while (heard := (await line.next())["scoreChanged"]["viewer"])["scoring"]["state"] != "READY":
            pass
    home = await phone.send("Home")
    assert heard["score"]["grade"] == home["score"]["grade"]
    assert [account["status"] for account in home["linkedAccounts"]] == ["ACTIVE"] * 3
    assert len(home["matches"]["edges"]) == 20
    answer = await apply(phone, AT_ONCE, "2000.00", termMonths=3)
    assert answer["status"] == "APPROVED"
    waiting = await apply(phone, BY_PARTNER, "5000.00", termMonths=12)
    assert waiting["status"] == "SUBMITTED"
    mine = await phone.send("MyApplications")
    assert [edge["node"]["status"] for edge in mine["applications"]["edges"]] == ["SUBMITTED", "APPROVED"]
    shown = await phone.send("ApplicationById", id=answer["id"])
    assert [entry["event"] for entry in shown["timeline"]] == ["application.submitted", "application.approved"]
    assert shown["offer"]["id"] == answer["offer"]["id"]
    assert (await phone.do("WithdrawApplication", applicationId=waiting["id"]))["status"] == "WITHDRAWN"


@pytest.mark.parametrize("persona", PERSONAS)
async def test_each_persona_has_a_grade_matches_and_an_answer(member: Phone, persona: str) -> None:
    await member.tell(birthDate="1995-05-05", monthlyIncome={"amount": "6000.00", "currency": "CNY"})
    for provider in ("wechat", "taobao", "oidc"):
        await member.link(provider, persona)
    await member.settle()
    home = await member.send("Home")
    assert home["scoring"]["state"] == "READY"
    score = home["score"]
    assert score["basePoints"] + sum(factor["effect"] for factor in score["factors"]) == score["points"]
    assert home["matches"]["edges"]
    answer = await apply(member, AT_ONCE, "1000.00", termMonths=3)
    assert answer["decision"]["reasons"]
    assert (answer["offer"] is None) is (answer["status"] != "APPROVED")
