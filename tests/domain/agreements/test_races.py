"""Fifty different commands on one agreement at once: each has its turn, none loses money, and none waits for another for ever."""

import asyncio
import os
import random
from decimal import Decimal

import pytest
from sqlalchemy import select

from domain.agreements.agreements import Agreement
from domain.agreements.draw_downs import DrawDown, DrawDownStatus
from domain.agreements.standings import standing_of
from domain.ledger import checking
from domain.ledger.accounts import balances_of
from domain.ledger.checking import LedgerScope
from domain.ledger.kinds import AccountKind as K
from domain.payments.cashiers import PaymentStatus
from domain.payments.payments import Payment
from domain.payments.refunds import Refund
from domain.reconciling.owing import schedules_compared
from infra.database import Db, transaction
from tests.api.app.test_payment_accounts import OWN, add
from tests.api.doors import Client
from tests.clocks import Clock
from tests.domain.agreements.test_accepting import accept, offered
from tests.domain.agreements.test_drawing import borrower, by_hand, cny, draw, partner_of, report
from tests.phones import Answer, Phone, new_key, uuid_of

ROUNDS = int(os.environ.get("LONGAN_RACES", "1"))
AT_ONCE = 50
REFUSED = {"LIMIT_EXCEEDED", "NOT_OPEN", "STALE", "NOT_ALLOWED", "RATE_LIMITED"}
__all__ = ["borrower"]


async def act(chance: random.Random, person: Phone, partner: Client, agreement: Answer, first: Answer) -> Answer:
    """One command, chosen by chance."""
    some = Decimal(chance.randint(1, 200))
    said = {"agreementId": agreement["id"], "idempotencyKey": new_key()}
    match chance.choice(["draw", "draw", "repay", "repay", "refund", "withdraw", "settle", "fail"]):
        case "draw":
            return await draw(person, agreement, f"{some}.00")
        case "repay":
            return await person.do("Repay", amount=cny(f"{some}.00"), **said)
        case "refund":
            return await person.do("RefundCredit", **said)
        case "withdraw":
            return await person.do("WithdrawApplication", applicationId=agreement["applicationId"])
        case "settle":
            return await report(partner, first, "SETTLED")
        case _:
            return await report(partner, first, "FAILED")


@pytest.mark.parametrize("seed", range(ROUNDS))
async def test_whatever_comes_at_once_every_account_adds_up(seed: int, borrower: Phone, clock: Clock) -> None:
    offer = await offered(borrower)
    agreement = await accept(borrower, offer) | {"applicationId": offer["applicationId"]}
    await add(borrower, OWN)
    partner, chance = await partner_of(borrower, agreement), random.Random(seed)
    if seed % 2 == 0:
        await draw(borrower, agreement, "300.00")
        await borrower.settle()
    await by_hand()
    first = await draw(borrower, agreement, "200.00")
    answers = await asyncio.gather(*(act(chance, borrower, partner, agreement, first) for _ in range(AT_ONCE)))
    assert {each["code"] for each in answers if "code" in each} <= REFUSED
    for _ in range(3):
        await borrower.settle()
        await clock.forward(minutes=20)
    await borrower.settle()
    async with transaction() as db:
        await every_account_adds_up(db, uuid_of(agreement["id"]))


async def every_account_adds_up(db: Db, agreement_id: object) -> None:
    agreement = (await db.execute(select(Agreement).where(Agreement.id == agreement_id))).scalar_one()
    standing, mine = await standing_of(db, agreement), (agreement.user_id, agreement.id)
    balances = await balances_of(db, *mine)
    draws, paid, back = [
        (await db.execute(select(each.status, each.amount).where(each.user_id == agreement.user_id))).all()
        for each in (DrawDown, Payment, Refund)
    ]
    drawn = sum(amount for status, amount in draws if status is DrawDownStatus.SETTLED)
    came = sum(amount for status, amount in paid if status is PaymentStatus.SETTLED)
    went = sum(amount for status, amount in back if status is PaymentStatus.SETTLED)
    assert {status for status, _ in draws} <= {DrawDownStatus.SETTLED, DrawDownStatus.FAILED, DrawDownStatus.SENT}
    assert standing.outstanding - standing.credit == drawn - came + went + balances[K.INTEREST_EARNED]
    assert balances[K.COLLECTED] == balances[K.PAYABLE] == came - went
    assert balances[K.RESERVED] == sum(amount for status, amount in draws if status is DrawDownStatus.SENT)
    assert await schedules_compared(db, agreement.user_id, agreement.user_id) == []
    found = checking.Check()
    await checking.check_people(db, LedgerScope(), agreement.user_id, agreement.user_id, found)
    assert found.faults == []
