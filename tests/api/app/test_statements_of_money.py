"""How many statements money takes: to be accepted, drawn, repaid and given back, and to be looked at, however much there is."""

import httpx2

from api.main import app
from domain.agreements import accepting, drawing, repaying
from domain.agreements.repaying import RepayWish
from infra.database import transact, transaction
from infra.ids import global_id
from infra.money import Money
from infra.settings import settings
from tests.api.app.test_payment_accounts import OWN, add
from tests.api.app.test_statements_of_people import actor
from tests.api.doors import operations
from tests.applying import AT_ONCE
from tests.clocks import Clock
from tests.domain.agreements.loans import open_loan, pay_out, repay
from tests.domain.agreements.test_accepting import offered
from tests.domain.agreements.test_drawing import borrower
from tests.phones import Phone, new_key, uuid_of
from tests.statements import statements

__all__ = ["borrower"]


async def test_moving_money(borrower: Phone, clock: Clock) -> None:
    offer, mine, hundred = await offered(borrower), actor(borrower), Money(100_00, "CNY")
    await add(borrower, OWN)
    documents = [each["sha256"] for each in offer["documents"]]
    with statements() as sent:
        agreement = await accepting.accept(mine, uuid_of(offer["id"]), documents, new_key())
    assert len(sent) <= 25, sent
    with statements() as sent:
        await transact(lambda db: drawing.draw(db, mine, agreement.id, hundred, None, new_key()))
    assert len(sent) <= 22, sent
    await borrower.settle()
    with statements() as sent:
        await repaying.repay(mine, RepayWish(agreement.id, Money(150_00, "CNY")), new_key())
    assert len(sent) <= 45, sent
    with statements() as sent:
        await repaying.refund_credit(mine, agreement.id, new_key())
    assert len(sent) <= 45, sent


async def test_looking_at_money_however_much_there_is(member: Phone) -> None:
    # In this task, so that what it sends is heard.
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url=settings().public_url) as http:
        here = Phone(http, member.number)
        here.session = member.session
        counts = []
        for more in (1, 6):
            async with transaction() as db:
                for _ in range(more):
                    agreement = await open_loan(db, of=member.user_id, product_id=uuid_of(AT_ONCE))
                    for _ in range(more):
                        await pay_out(db, agreement, 10_00)
                        await repay(db, agreement, 1_00)
            with statements() as listed:
                await here.ask(operations("app")["MyAgreements"])
            with statements() as looked:
                await here.ask(operations("app")["AgreementById"], id=global_id("Agreement", agreement.id))
            counts.append((len(listed), len(looked)))
    assert counts == [(5, 3)] * 2
