"""Money that fits nothing: found to be a payment, or sent back by two people; either of them once, and nothing is lost."""

import asyncio
from collections.abc import Awaitable
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select

from domain.actors import Role, StaffActor
from domain.agreements.agreements import Agreement
from domain.agreements.repaying import REPAYMENT
from domain.agreements.standings import standing_of
from domain.approvals import Approval, Verdict
from domain.deadlines import deadlines
from domain.deadlines.deadlines import Deadline
from domain.ledger.accounts import balances_of
from domain.ledger.kinds import AccountKind as K
from domain.payments import by_hand, fitting, paying, refunding, sending_back, takings
from domain.payments.cashiers import CashierAnswer, CashierOrder, PaymentStatus, RefundAnswer, RefundOrder
from domain.payments.causes import PaidFor
from domain.payments.payments import CashierOrderOwner, Payment
from domain.payments.refunds import Refund
from domain.payments.takings import NOBODY, Taking, WhyUnmatched
from domain.reconciling.reconciling import Reconciliation, reconcile_range
from infra import clock as clocks
from infra.database import Db, reading, transact, transaction
from infra.errors import Refusal
from infra.ids import new_id
from infra.money import Money
from integrations.cashier.sandbox.cashier import SandboxCashier
from tests.api.people import staff_member
from tests.clocks import Clock
from tests.domain.agreements.loans import open_loan, pay_out
from tests.working import work_off


@pytest.fixture(autouse=True)
async def served(house: None) -> None:
    """Everything that reacts is there."""


async def of_staff(role: Role = Role.RISK) -> StaffActor:
    async with transaction() as db:
        return StaffActor((await staff_member(db, role)).id, role)


async def lent(amount: int = 1_200_00) -> Agreement:
    async with transaction() as db:
        agreement = await open_loan(db, amount, rate="0")
        await pay_out(db, agreement, amount)
        return agreement


async def collected(minor: int) -> CashierAnswer:
    """By the sandbox, for an order that nobody here knows."""
    async with reading() as db:
        now = await clocks.now(db)
    return await SandboxCashier().collect(CashierOrder(new_id(), Money(minor, "CNY"), "", now + timedelta(minutes=15)))


async def strange_money(minor: int = 300_00, reference: str | None = None) -> Taking:
    """What came for an order that we never gave, under the sandbox's reference or one that it knows nothing of."""
    answer, order_id = await collected(minor), new_id()
    assert answer.paid is not None
    if reference:
        answer = replace(answer, paid=replace(answer.paid, reference=reference))
    await paying.hear("sandbox", order_id, answer)
    async with reading() as db:
        return (await db.execute(select(Taking).where(Taking.order_id == str(order_id)))).scalar_one()


async def again(taking: Taking) -> Taking:
    async with reading() as db:
        return await db.get_one(Taking, (taking.cashier, taking.reference))


async def lies_apart(taking: Taking, user_id: UUID = NOBODY) -> tuple[int, int]:
    """Apart, and at the cashier."""
    async with reading() as db:
        balances = await balances_of(db, user_id, taking.id)
    return balances[K.UNMATCHED], balances[K.COLLECTED]


async def fit(actor: StaffActor, taking: Taking, agreement: Agreement, reason: str = "They wrote to us.") -> Payment:
    paid_for = PaidFor(REPAYMENT, agreement.id)
    return await transact(lambda db: fitting.fit(db, actor, taking.id, agreement.user_id, paid_for, reason))


async def propose(actor: StaffActor, taking: Taking, reason: str = "Not ours.") -> str:
    async def proposed(db: Db) -> str:
        return await sending_back.hash_of(db, await sending_back.propose(db, actor, taking.id, reason))

    return await transact(proposed)


async def approve(actor: StaffActor, taking: Taking, seen: str) -> Refund:
    refund = await transact(lambda db: sending_back.approve(db, actor, taking.id, seen))
    await refunding.ask(refund.user_id, refund.id)
    return refund


async def refused(asked: Awaitable[object]) -> str:
    with pytest.raises(Refusal) as refusal:
        await asked
    return refusal.value.code.value


async def test_what_is_found_to_be_a_payment_is_one_and_fifty_at_once_are_one() -> None:
    actor, agreement, taking = await of_staff(), await lent(), await strange_money()
    assert await lies_apart(taking) == (300_00, 300_00)
    paid = await asyncio.gather(*(fit(actor, taking, agreement) for _ in range(50)))
    assert {payment.id for payment in paid} == {(await again(taking)).payment_id}
    assert (paid[0].status, paid[0].reference, paid[0].settled_at) == ("SETTLED", taking.reference, taking.paid_at)
    assert await lies_apart(taking) == (0, 0)
    async with transaction() as db:
        held = await db.get_one(Agreement, (agreement.user_id, agreement.id))
        standing, balances = await standing_of(db, held), await balances_of(db, agreement.user_id, agreement.id)
        found = Reconciliation()
        await reconcile_range(db, agreement.user_id, found)
    assert [(act.kind.value, act.amount, act.cause_id) for act in standing.acts][1:] == [
        ("PAYMENT", 300_00, paid[0].id)
    ]
    assert (standing.outstanding, balances[K.COLLECTED], balances[K.PAYABLE]) == (900_00, 300_00, 300_00)
    assert [each for each in found.differences if each.subject_id == agreement.id] == []
    assert await refused(fit(actor, taking, await lent())) == "STALE"
    assert await refused(propose(actor, taking)) == "NOT_OPEN"


async def test_what_cannot_be_fitted_is_refused_and_leaves_nothing() -> None:
    actor, agreement, taking = await of_staff(), await lent(), await strange_money()
    async with transaction() as db:
        foreign = await open_loan(db, 1_200, currency="JPY")
        await pay_out(db, foreign, 1_200)
    assert await refused(fit(await of_staff(Role.VIEWER), taking, agreement)) == "NOT_ALLOWED"
    assert await refused(fit(actor, taking, agreement, "")) == "INVALID"
    assert await refused(fit(actor, taking, agreement, "x" * 401)) == "INVALID"
    assert await refused(fit(actor, taking, foreign)) == "NOT_OPEN"
    assert await refused(transact(lambda db: takings.lock(db, new_id()))) == "NOT_FOUND"
    people = [agreement.user_id, foreign.user_id]
    async with reading() as db:
        assert await db.scalar(select(func.count()).where(Payment.user_id.in_(people))) == 0
    assert await lies_apart(taking) == (300_00, 300_00)
    assert (await again(taking)).reason is None


async def test_two_people_send_it_back_once() -> None:
    one, other, taking = await of_staff(), await of_staff(Role.APPROVER), await strange_money()
    assert await refused(approve(other, taking, "")) == "NOT_OPEN"
    seen = await propose(one, taking)
    assert await refused(propose(other, taking)) == "NOT_OPEN"
    assert await refused(approve(one, taking, seen)) == "SECOND_PERSON_REQUIRED"
    assert await refused(approve(other, taking, "another")) == "STALE"
    assert await lies_apart(taking) == (300_00, 300_00)
    tries = await asyncio.gather(*(approve(other, taking, seen) for _ in range(10)), return_exceptions=True)
    (refund,) = [each for each in tries if isinstance(each, Refund)]
    assert {each.code.value for each in tries if isinstance(each, Refusal)} == {"NOT_OPEN"}
    async with reading() as db:
        sent = await db.get_one(Refund, (refund.user_id, refund.id))
    after = await again(taking)
    assert (sent.status, sent.amount, after.refund_id, after.ended_at is not None) == (
        "SETTLED",
        300_00,
        refund.id,
        True,
    )
    assert await lies_apart(taking) == (0, 0)
    assert await refused(fit(one, taking, await lent())) == "NOT_OPEN"


async def test_what_the_cashier_does_not_send_back_lies_where_it_lay_and_is_proposed_anew() -> None:
    one, other = await of_staff(), await of_staff(Role.APPROVER)
    taking = await strange_money(reference=f"elsewhere-{new_id()}")
    for _ in range(2):
        refund = await approve(other, taking, await propose(one, taking))
        async with reading() as db:
            assert (await db.get_one(Refund, (refund.user_id, refund.id))).status == "FAILED"
        after = await again(taking)
        assert (after.refund_id, after.ended_at, await lies_apart(taking)) == (None, None, (300_00, 300_00))
        async with reading() as db:  # what its page asks
            assert await by_hand.is_owed_back(db, await db.get_one(Refund, (refund.user_id, refund.id)))
    await propose(one, taking)
    by_bank = transact(lambda db: by_hand.propose(db, other, refund.id, "ICBC 1"))
    assert await refused(by_bank) == "NOT_OPEN", "the cashier may still give it back"
    await transact(lambda db: sending_back.reject(db, one, taking.id))
    await transact(lambda db: by_hand.propose(db, one, refund.id, "ICBC 1"))
    assert await refused(propose(one, taking)) == "NOT_OPEN", "it has left our bank already"
    assert await refused(fit(other, taking, await lent())) == "NOT_OPEN"
    assert await lies_apart(taking) == (300_00, 300_00)
    await transact(lambda db: by_hand.approve(db, other, refund.id, by_hand.hash_of(refund, "ICBC 1")))
    assert await lies_apart(taking) == (0, 0)
    assert await refused(propose(one, taking)) == "NOT_OPEN"


async def test_what_is_fitted_is_no_longer_proposed_to_go_back() -> None:
    one, other, taking = await of_staff(), await of_staff(Role.APPROVER), await strange_money()
    await transact(lambda db: sending_back.propose(db, one, taking.id, "Not ours."))
    await transact(lambda db: sending_back.reject(db, other, taking.id))
    seen = await propose(one, taking, "Really not ours.")
    await fit(other, taking, await lent())
    assert await refused(approve(other, taking, seen)) == "NOT_OPEN"
    async with reading() as db:
        given = (await db.execute(select(Approval.verdict).where(Approval.subject == str(taking.id)))).scalars().all()
    assert given == [Verdict.REJECTED, Verdict.REJECTED]


async def test_a_second_payment_goes_back_by_its_own_reference_from_the_ledger_of_whoever_paid() -> None:
    one, other, agreement = await of_staff(), await of_staff(Role.APPROVER), await lent()
    answer = await collected(300_00)
    assert answer.paid is not None
    async with transaction() as db:
        first = CashierOrderOwner(id=new_id(), user_id=agreement.user_id)
        db.add(first)
        await db.flush()
        taking = await takings.take(db, "sandbox", str(first.id), answer.paid)
        assert taking is not None
        await takings.set_apart(db, taking, WhyUnmatched.SECOND_PAYMENT, agreement.user_id)
    assert await lies_apart(taking, agreement.user_id) == (300_00, 300_00)
    refund = await approve(other, taking, await propose(one, taking))
    async with reading() as db:
        assert (await db.get_one(Refund, (agreement.user_id, refund.id))).status == "SETTLED"
        promises = (await db.execute(select(Deadline).where(Deadline.subject_id == refund.id))).scalars().all()
    assert await lies_apart(taking, agreement.user_id) == (0, 0)
    assert [(each.kind, each.ended_at is not None) for each in promises] == [("refund", True)]


async def test_what_is_not_back_in_time_is_shown_to_the_staff_though_nobody_knows_whose_it_is(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other, taking = await of_staff(), await of_staff(Role.APPROVER), await strange_money()

    async def another_amount(self: SandboxCashier, order: RefundOrder) -> RefundAnswer:
        return RefundAnswer(PaymentStatus.SETTLED, Money(order.amount.minor - 1, "CNY"))

    for name in ("give_back", "look_up_refund"):
        monkeypatch.setattr(SandboxCashier, name, another_amount)
    refund = await approve(other, taking, await propose(one, taking))
    async with reading() as db:
        promise = (await db.execute(select(Deadline).where(Deadline.subject_id == refund.id))).scalar_one()
    await clock.forward(days=20)
    assert await work_off(promise.id) == ["miss_deadline", "tell_deadline_missed"]
    async with reading() as db:
        assert promise.id in {each.id for each in await deadlines.missed(db, 1_000)}
