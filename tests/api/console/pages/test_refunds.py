"""Money that a cashier would not give back any more, from its no to the day on which it is with the person by hand: seen by staff, said
by one, agreed to by another, and exact in the ledger.
"""

import asyncio

import pytest
from sqlalchemy import select

from domain.actors import Role, UserActor
from domain.agreements import repaying
from domain.agreements.agreements import Agreement
from domain.agreements.repaying import REPAYMENT
from domain.agreements.standings import standing_of
from domain.ledger.accounts import balances_of
from domain.ledger.kinds import AccountKind as K
from domain.payments import paying, refunding
from domain.payments.cashiers import PaymentStatus, RefundAnswer
from domain.payments.causes import PaidFor
from domain.payments.refunds import Refund
from domain.payments.takings import Taking
from domain.reconciling.breaks import BreakKind, LedgerBreak
from domain.reconciling.reconciling import Reconciliation, reconcile_range
from infra.database import reading, transact, transaction
from infra.errors import Refusal
from infra.ids import new_id
from infra.money import Money
from tests.api.console.pages.conftest import Browser, NewBrowser
from tests.domain.agreements.loans import open_loan, pay_out
from tests.domain.payments.scripted import cashier_says
from tests.domain.payments.scripted import paid as came

NO = RefundAnswer(PaymentStatus.FAILED)
TOKENS: dict[Browser, str] = {}  # one is the same on every page of a visit, of which each takes a while


async def refused() -> tuple[Agreement, Refund]:
    """Of 700.00 on a loan of 500.00 the rest, which was paid more than a year ago."""
    reference = f"R-{new_id()}"
    async with cashier_says(refunds=[NO], refund_looks=[NO]):
        async with transaction() as db:
            agreement = await open_loan(db, 500_00, months=1, rate="0")
            await pay_out(db, agreement, 500_00)
            wanted = PaidFor(REPAYMENT, agreement.id)
            payment = await paying.begin(db, agreement.user_id, wanted, Money(700_00, "CNY"))
        await paying.hear("scripted", payment.id, came(700_00, reference))
        await repaying.refund_credit(UserActor(agreement.user_id, new_id()), agreement.id, str(new_id()))
    async with reading() as db:
        its = select(Refund).where(Refund.user_id == agreement.user_id)
        return agreement, (await db.execute(its)).scalar_one()


async def compared(agreement: Agreement) -> list[tuple[BreakKind, str]]:
    """What is open of it, once all that is told of it and the ledger itself are compared."""
    await transact(lambda db: reconcile_range(db, agreement.user_id, Reconciliation()))
    async with reading() as db:
        its = select(LedgerBreak).where(LedgerBreak.subject_id == agreement.id, LedgerBreak.ended_at.is_(None))
        return [(each.kind, each.detail) for each in (await db.execute(its)).scalars()]


async def held(agreement: Agreement) -> tuple[int, int, int]:
    """Credit by the ledger and by the agreement, and what we have of the person's money."""
    async with reading() as db:
        found = await db.get_one(Agreement, (agreement.user_id, agreement.id))
        balances = await balances_of(db, agreement.user_id, agreement.id)
        return balances[K.CREDIT], (await standing_of(db, found)).credit, balances[K.COLLECTED]


async def seen(browser: Browser, path: str) -> str:
    return (await browser.open(path)).text.split('name="seen" value="', 1)[1].split('"', 1)[0]


async def answered(browser: Browser, path: str, **said: str) -> int:
    if browser not in TOKENS:
        TOKENS[browser] = await browser.form_token(path)
    return (await browser.send(f"{path}/by-hand", said, token=TOKENS[browser])).status_code


async def test_what_the_cashier_refuses_to_give_back_goes_out_by_hand_by_two_people_and_once(
    browser_of: NewBrowser,
) -> None:
    one, other = await browser_of(Role.RISK), await browser_of(Role.APPROVER)
    agreement, refund = await refused()
    path = f"/console/refunds/{refund.id}"
    assert await compared(agreement) == [(BreakKind.STUCK, str(refund.id))]
    assert await held(agreement) == (200_00, 200_00, 700_00)
    assert f'href="{path}"' in (await one.open("/console/money")).text
    assert await answered(one, path, reference="") == 400
    assert await answered(one, path, reference="ICBC\0 1") == 403, "no browser sends what nobody can type"
    assert await answered(one, path, reference="ICBC 20261129-1") == 303
    with pytest.raises(Refusal) as refusal:  # it has left our bank already
        await repaying.refund_credit(UserActor(agreement.user_id, new_id()), agreement.id, str(new_id()))
    assert refusal.value.code == "NOT_ALLOWED"
    assert await answered(other, path, reference="ICBC 2") == 409, "it is proposed once"
    told = await seen(other, path)
    assert await answered(one, path, verdict="APPROVED", seen=told) == 409, "who said so does not agree"
    assert await answered(other, path, verdict="APPROVED", seen="another") == 409
    assert await held(agreement) == (200_00, 200_00, 700_00)
    both = await asyncio.gather(*(answered(other, path, verdict="APPROVED", seen=told) for _ in range(2)))
    assert sorted(both) == [303, 409]
    assert await compared(agreement) == [] and await held(agreement) == (0, 0, 500_00)
    assert "CN¥200.00" in await one.text(path) and "By the transfer ICBC 20261129-1" in await one.text(path)
    assert await answered(one, path, reference="ICBC 3") == 409

    await refunding.hear(refund.user_id, refund.id, NO)
    async with reading() as db:
        taking = (await db.execute(select(Taking).where(Taking.order_id == str(refund.payment_id)))).scalar_one()
        assert taking.contradicted_at is None
    late = RefundAnswer(PaymentStatus.SETTLED, refund.money, "T1")
    await refunding.hear(refund.user_id, refund.id, late)  # it went back by the cashier too
    async with reading() as db:
        await db.refresh(taking := await db.get_one(Taking, (taking.cashier, taking.reference)))
        assert taking.contradicted_at is not None
    assert await held(agreement) == (0, 0, 500_00)


async def test_what_is_not_owed_back_any_more_is_not_given_back_by_hand(browser_of: NewBrowser) -> None:
    one, other = await browser_of(Role.RISK), await browser_of(Role.APPROVER)
    agreement, refund = await refused()
    path = f"/console/refunds/{refund.id}"
    assert await answered(one, path, reference="ICBC 1") == 303
    told = await seen(other, path)
    async with transaction() as db:
        held_now = await db.get_one(Agreement, (agreement.user_id, agreement.id))
        begun = await refunding.begin(db, refund.user_id, PaidFor(REPAYMENT, held_now.id), Money(200_00, "CNY"))
    assert await answered(other, path, verdict="APPROVED", seen=told) == 409, "it is on its way"
    await refunding.hear(refund.user_id, begun[0].id, RefundAnswer(PaymentStatus.SETTLED, refund.money, "T2"))
    assert await answered(other, path, verdict="APPROVED", seen=told) == 409, "it is back"
    assert "Nothing is to be given back by hand now" in await one.text(path)
    answers = (await other.open(path)).text
    assert 'value="REJECTED"' in answers and 'value="APPROVED"' not in answers, "or it would wait for ever"
    assert await answered(one, path, verdict="REJECTED") == 303
    assert "/by-hand" not in (await one.open(path)).text


async def test_what_was_refused_twice_goes_out_by_hand_once(browser_of: NewBrowser) -> None:
    one, other = await browser_of(Role.RISK), await browser_of(Role.APPROVER)
    agreement, first = await refused()
    async with cashier_says(refunds=[NO], refund_looks=[NO]):
        await repaying.refund_credit(UserActor(agreement.user_id, new_id()), agreement.id, str(new_id()))
    async with reading() as db:
        its = select(Refund.id).where(Refund.user_id == agreement.user_id, Refund.id != first.id)
        again = (await db.execute(its)).scalar_one()
    path, paths = f"/console/refunds/{first.id}", f"/console/refunds/{again}"
    assert await answered(one, path, reference="ICBC 1") == 303
    assert await answered(other, paths, reference="ICBC 2") == 409, "it has left our bank already"
    assert "Nothing is to be given back by hand now" in await other.text(paths)
    assert await answered(other, path, verdict="APPROVED", seen=await seen(other, path)) == 303
    assert await held(agreement) == (0, 0, 500_00)


async def test_what_is_not_there_is_said_to_be_so_and_who_moves_no_money_is_refused(browser_of: NewBrowser) -> None:
    one, viewer = await browser_of(Role.RISK), await browser_of(Role.VIEWER)
    for each in ("nonsense", str(new_id())):
        assert (await one.open(f"/console/refunds/{each}")).status_code == 404
        assert await answered(one, f"/console/refunds/{each}", reference="ICBC 1") == 404
    assert await answered(viewer, f"/console/refunds/{new_id()}", reference="ICBC 1") == 403
