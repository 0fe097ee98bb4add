"""A benefit used by a person and confirmed by a partner, by the contract's documents of both doors."""

from typing import Any
from uuid import uuid4

import httpx2

from infra import clock
from infra.database import reading
from tests.api.doors import Client
from tests.api.people import open_shop
from tests.phones import Phone

MINE = """{ viewer { membership { benefits { id name remaining } }
    redemptions(first: 5) { nodes { id status usedAt benefit { name remaining } } } } }"""


REPORT = """query ($on: Date!) { settlementReport(on: $on) {
  lines { kind about agreementId amount { amount } } benefits { amount } net { amount } } }"""


async def held(phone: Phone, name: str) -> Any:
    benefits = (await phone.ask(MINE))["viewer"]["membership"]["benefits"]
    return next(each for each in benefits if each["name"] == name)


async def test_from_a_voucher_to_a_use(member: Phone, http: httpx2.AsyncClient) -> None:
    ride = await held(member, "5 yuan off a city ride")
    issued = await member.do("RedeemBenefit", benefitId=ride["id"], idempotencyKey=str(uuid4()))
    assert (issued["benefit"], ride["remaining"]) == ({"id": ride["id"], "remaining": 1}, 2)
    shop = Client(http, "partner", (await open_shop()).token)
    said = {"voucher": issued["voucher"], "reference": "ride 7", "idempotencyKey": str(uuid4())}
    used = (await shop.send("ConfirmRedemption", input=said))["confirmRedemption"]
    assert (used["__typename"], used["benefitName"]) == ("Redemption", "5 yuan off a city ride")
    assert (await shop.send("ConfirmRedemption", input=said))["confirmRedemption"] == used
    (mine,) = (await member.ask(MINE))["viewer"]["redemptions"]["nodes"]
    assert (mine["status"], mine["usedAt"], mine["benefit"]["remaining"]) == ("USED", used["usedAt"], 1)
    async with reading() as db:
        on = (await clock.today(db)).isoformat()
    told = (await shop.ask(REPORT, on=on))["settlementReport"]
    line = {"kind": "BENEFIT", "about": "REDEMPTION", "agreementId": used["id"], "amount": {"amount": "5.00"}}
    assert told == {"lines": [line], "benefits": {"amount": "5.00"}, "net": {"amount": "0.00"}}


async def test_what_is_cancelled_is_whole_again_and_worth_nothing(member: Phone, http: httpx2.AsyncClient) -> None:
    ride = await held(member, "5 yuan off a city ride")
    issued = await member.do("RedeemBenefit", benefitId=ride["id"], idempotencyKey=str(uuid4()))
    cancelled = await member.do("CancelRedemption", redemptionId=issued["id"])
    assert (cancelled["status"], cancelled["benefit"]["remaining"]) == ("CANCELLED", 2)
    shop = Client(http, "partner", (await open_shop()).token)
    said = {"voucher": issued["voucher"], "idempotencyKey": str(uuid4())}
    assert (await shop.send("ConfirmRedemption", input=said))["confirmRedemption"]["code"] == "NOT_OPEN"
