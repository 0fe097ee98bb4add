"""Autopay over the door: on by a signature at the cashier, off in one tap, and over where the person ends it there."""

import re

import httpx2
import pytest
from sqlalchemy import select

from domain.payments.cashiers import PaymentStatus
from infra.database import reading
from integrations.cashier.sandbox.orders import SandboxKind, SandboxOrder
from tests.clocks import Clock
from tests.domain.agreements.test_accepting import accept, offered
from tests.domain.agreements.test_drawing import borrower
from tests.phones import Answer, NewPhone, Phone

ASKED = "query ($id: ID!) { node(id: $id) { ... on Agreement { autopay nextAction { url expiresAt } } } }"
__all__ = ["borrower"]


@pytest.fixture
async def agreement(borrower: Phone, web: httpx2.AsyncClient) -> Answer:
    await web.delete("/dev/cashier")
    return await accept(borrower, await offered(borrower))


async def turn(person: Phone, agreement: Answer, *, is_on: bool) -> Answer:
    return await person.do("SetAutopay", agreementId=agreement["id"], isOn=is_on)


async def shown(person: Phone, agreement: Answer) -> Answer:
    await person.settle()
    found: Answer = (await person.ask(ASKED, id=agreement["id"]))["node"]
    return found


async def at_the_cashier(web: httpx2.AsyncClient, page: str, word: str) -> None:
    assert (await web.post(re.sub(r"^https?://[^/]+", "", page), data={"press": word})).status_code == 200


async def test_it_is_on_once_it_is_signed_and_off_in_one_tap(borrower: Phone, agreement: Answer) -> None:
    for _ in range(2):  # however often it is said
        assert (await turn(borrower, agreement, is_on=True))["autopay"] is True
    assert await shown(borrower, agreement) == {"autopay": True, "nextAction": None}
    for _ in range(2):
        assert (await turn(borrower, agreement, is_on=False))["autopay"] is False
    async with reading() as db:
        its = (
            select(SandboxOrder).where(SandboxOrder.kind == SandboxKind.MANDATE).order_by(SandboxOrder.asked_at.desc())
        )
        assert (await db.execute(its.limit(1))).scalar_one().status is PaymentStatus.FAILED, "the cashier was not told"


async def test_a_page_is_signed_first_and_can_be_taken_back_there(
    borrower: Phone, agreement: Answer, web: httpx2.AsyncClient, clock: Clock
) -> None:
    await web.post("/dev/cashier", json={"mode": "ACTION"})
    assert (await turn(borrower, agreement, is_on=True))["autopay"] is False
    action = (await shown(borrower, agreement))["nextAction"]
    assert "/sandbox/cashier/" in action["url"]
    await at_the_cashier(web, action["url"], "pay")
    assert await shown(borrower, agreement) == {"autopay": True, "nextAction": None}
    await at_the_cashier(web, action["url"], "refuse")
    assert await shown(borrower, agreement) == {"autopay": False, "nextAction": None}


async def test_nobody_sets_it_for_an_agreement_of_somebody_else(agreement: Answer, new_phone: NewPhone) -> None:
    other = await new_phone()
    await other.sign_in()
    assert (await turn(other, agreement, is_on=True))["code"] == "NOT_FOUND"
