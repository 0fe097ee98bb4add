"""Reconciling: what is told in two places, and differs, is a row, an event and a line in the log; and ends when it is mended."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, text

from domain.agreements import agreements, booking
from domain.agreements.acts import ActKind
from domain.agreements.agreements import Agreement
from domain.agreements.draw_downs import DrawDown, DrawDownStatus
from domain.agreements.drawing import PayoutOutcome
from domain.ledger.accounts import balances_of
from domain.ledger.kinds import AccountKind as K
from domain.ledger.posting import post
from domain.ledger.transfers import Cause, CauseKind
from domain.payments.cashiers import PaymentStatus
from domain.payments.payments import Payment
from domain.payments.refunds import Refund
from domain.payments.takings import Taking
from domain.people.partners import Partner
from domain.reconciling import alarms, reconciling
from domain.reconciling.breaks import BreakKind, LedgerBreak
from domain.reconciling.reconciling import Reconciliation, reconcile_range, reconcile_reports
from infra import clock, outbox
from infra.database import Db
from infra.ids import new_id
from infra.outbox import Event
from tests.domain.agreements.loans import open_loan, pay_out, send
from tests.domain.ledger.books import Loan
from tests.tampering import tamper


def book_of(agreement: Agreement) -> Loan:
    """To post to the ledger what nothing else tells of."""
    loan = Loan(agreement.currency, user_id=agreement.user_id, partner_id=agreement.partner_id)
    loan.id = agreement.id
    return loan


async def paid(db: Db, agreement: Agreement, amount: int) -> Payment:
    """Through the cashier and into the ledger."""
    now = await clock.now(db)
    payment = Payment(
        user_id=agreement.user_id,
        cause="repayment",
        cause_id=agreement.id,
        amount=amount,
        currency=agreement.currency,
        cashier="sandbox",
        begun_at=now,
        expires_at=now,
        status=PaymentStatus.SETTLED,
        reference=str(new_id()),
        settled_at=now,
    )
    taking = Taking(
        cashier="sandbox",
        reference=str(payment.reference),
        id=new_id(),
        order_id=str(payment.id),
        amount=amount,
        currency=agreement.currency,
        paid_at=now,
        taken_at=now,
    )
    db.add_all([payment, taking])
    await db.flush()
    held = await agreements.lock(db, agreement.user_id, agreement.id)
    assert held is not None
    await booking.book_act(db, held, ActKind.PAYMENT, payment.id, amount)
    return payment


@pytest.fixture
async def agreement(db: Db) -> Agreement:
    """Of which a draw-down is on its way."""
    agreement = await open_loan(db, 10_000)
    await send(db, agreement, 2_000)
    return agreement


@pytest.fixture
async def loan(agreement: Agreement) -> Loan:
    return book_of(agreement)


async def breaks_of(db: Db, loan: Loan) -> set[tuple[BreakKind, str, int, int]]:
    found = Reconciliation()
    await reconcile_range(db, loan.user_id, found)
    return {
        (each.kind, each.detail, each.expected, each.actual) for each in found.differences if each.subject_id == loan.id
    }


async def test_where_all_agree_there_is_nothing(db: Db, agreement: Agreement, loan: Loan) -> None:
    """Drawn, failed, due, paid, and paid too much."""
    begun = await clock.now(db)
    await pay_out(db, agreement, 3_000)
    await pay_out(db, agreement, 1_000, PayoutOutcome.FAILED)
    assert await breaks_of(db, loan) == set()
    clock.freeze(db, begun + timedelta(days=70))
    assert await breaks_of(db, loan) == set()  # what has fallen due since is not booked yet, and no break
    await paid(db, agreement, 700)
    assert await breaks_of(db, loan) == set()
    await paid(db, agreement, 9_000)
    assert await breaks_of(db, loan) == set()
    assert (await balances_of(db, loan.user_id, loan.id))[K.CREDIT] > 0
    assert (await db.execute(select(LedgerBreak).where(LedgerBreak.subject_id == loan.id))).all() == []


async def test_a_draw_down_that_only_one_of_them_knows_of_is_named(db: Db, loan: Loan) -> None:
    (draw,) = (await db.execute(select(DrawDown).where(DrawDown.agreement_id == loan.id))).scalars()
    draw.status, draw.ended_at = DrawDownStatus.SETTLED, await clock.now(db)
    await db.flush()
    assert await breaks_of(db, loan) == {
        (BreakKind.LIMIT, "RESERVED", 0, 2_000),
        (BreakKind.PAYOUT, str(draw.id), 2_000, 0),
    }
    await post(db, loan.settled(2_000, draw.id))
    assert await breaks_of(db, loan) == both("PRINCIPAL", 0, 2_000)


def both(account: str, expected: int, actual: int) -> set[tuple[BreakKind, str, int, int]]:
    """Neither schedule nor statement knows of it."""
    return {(kind, account, expected, actual) for kind in (BreakKind.SCHEDULE, BreakKind.STATEMENT)}


async def test_money_that_nobody_booked_is_named(db: Db, agreement: Agreement, loan: Loan) -> None:
    await pay_out(db, agreement, 3_000)
    payment = await paid(db, agreement, 700)
    await tamper(db)
    await db.execute(
        text("UPDATE transfers SET cause_id = :other WHERE cause_id = :id"), {"other": new_id(), "id": payment.id}
    )
    found = await breaks_of(db, loan)
    assert {(kind, expected, actual) for kind, _, expected, actual in found} == {
        (BreakKind.PAYMENT, 700, 0),
        (BreakKind.PAYMENT, 0, 700),
    }


@pytest.mark.parametrize(
    ("moves", "expected"),
    [
        ([(K.INTEREST, K.INTEREST_EARNED)], both("INTEREST", 0, 5)),
        ([(K.FEES, K.FEES_EARNED)], both("FEES", 0, 5)),
        ([(K.REPAID, K.CREDIT)], both("CREDIT", 0, 5)),
        ([(K.DRAWABLE, K.COMMITTED)], {(BreakKind.LIMIT, "DRAWABLE", 8_000, 8_005)}),
    ],
)
async def test_what_only_the_ledger_knows_of_is_named(
    db: Db, loan: Loan, moves: list[tuple[K, K]], expected: set[tuple[BreakKind, str, int, int]]
) -> None:
    await post(db, [loan.transfer(debit, credit, 5) for debit, credit in moves])
    assert await breaks_of(db, loan) == expected


@pytest.mark.parametrize(
    ("cause", "debit", "credit", "kind"),
    [
        (CauseKind.REPAYMENT, K.COLLECTED, K.PAYABLE, BreakKind.PAYMENT),
        (CauseKind.REFUND, K.PAYABLE, K.COLLECTED, BreakKind.REFUND),
    ],
)
async def test_money_that_no_payment_brought_is_named(
    db: Db, loan: Loan, cause: CauseKind, debit: K, credit: K, kind: BreakKind
) -> None:
    payment = new_id()
    await post(db, loan.all_of(Cause(cause, payment), (debit, credit, 5)))
    assert await breaks_of(db, loan) == {(kind, str(payment), 0, 5)}


@pytest.mark.parametrize(
    ("status", "is_stuck", "is_break"),
    [("PENDING", True, True), ("PENDING", False, False), ("FAILED", False, True)],
)
async def test_what_the_cashier_did_not_give_back_is_named_until_it_is_seen_to(
    db: Db, agreement: Agreement, status: str, is_stuck: bool, is_break: bool
) -> None:
    await pay_out(db, agreement, 500)
    payment, now = await paid(db, agreement, 700), await clock.now(db)
    refund = refund_of(payment, 200, now)
    refund.status, refund.stuck_at = PaymentStatus(status), now if is_stuck else None
    db.add(refund)
    await db.flush()
    expected = {(BreakKind.STUCK, str(refund.id), 200, 0)} if is_break else set()
    assert await breaks_of(db, book_of(agreement)) == expected
    again = refund_of(payment, 200, now + timedelta(minutes=1))
    if status == "FAILED":
        db.add(again)
        await db.flush()
        assert await breaks_of(db, book_of(agreement)) == set()


def refund_of(payment: Payment, amount: int, begun_at: datetime) -> Refund:
    return Refund(
        user_id=payment.user_id,
        payment_id=payment.id,
        cause=payment.cause,
        cause_id=payment.cause_id,
        amount=amount,
        currency=payment.currency,
        cashier=payment.cashier,
        begun_at=begun_at,
    )


async def test_a_break_is_told_once_and_ends_when_it_is_gone(db: Db, loan: Loan) -> None:
    at = await clock.now(db)
    wrong = loan.transfer(K.FEES, K.FEES_EARNED, 5)
    await post(db, [wrong])
    for minutes in (1, 2):
        clock.freeze(db, at + timedelta(minutes=minutes))
        await breaks_of(db, loan)
        await db.flush()
    assert await rows(db, loan.id) == [("FEES", 1, 2, None)] * 2
    await post(db, [loan.transfer(K.FEES_EARNED, K.FEES, 5)])
    clock.freeze(db, at + timedelta(minutes=3))
    assert await breaks_of(db, loan) == set()
    assert await rows(db, loan.id) == [("FEES", 1, 2, 3)] * 2
    told = select(Event.data).where(Event.name == "ledger.break_found", Event.subject_id == loan.id)
    assert (await db.execute(told.order_by(Event.id))).scalars().all() == [{"kind": "STATEMENT"}, {"kind": "SCHEDULE"}]
    await post(db, [loan.transfer(K.FEES, K.FEES_EARNED, 6)])
    clock.freeze(db, at + timedelta(minutes=4))
    await breaks_of(db, loan)
    assert await rows(db, loan.id) == [("FEES", 1, 2, 3)] * 2 + [("FEES", 4, 4, None)] * 2


async def rows(db: Db, subject_id: UUID) -> list[tuple[str, int, int, int | None]]:
    """Detail, and the minutes at which it was found, seen and over."""
    begun = await db.scalar(text("SELECT longan_now()"))
    its = select(LedgerBreak).where(LedgerBreak.subject_id == subject_id).order_by(LedgerBreak.found_at)
    found = (await db.execute(its.execution_options(populate_existing=True))).scalars().all()
    assert begun is not None

    def minutes(index: int) -> list[int | None]:
        moments = [(each.found_at, each.seen_at, each.ended_at)[index] for each in found]
        return [None if moment is None else round((moment - begun).total_seconds() / 60) for moment in moments]

    return list(zip([each.detail for each in found], *map(minutes, range(3)), strict=True))


async def test_a_broken_ledger_is_a_break_too(db: Db, loan: Loan) -> None:
    await db.execute(text("ALTER TABLE ledger_accounts DISABLE TRIGGER refuse_balance"))
    wrong = "UPDATE ledger_accounts SET debits = debits + 1 WHERE user_id = :user_id AND kind = 'RESERVED'"
    await db.execute(text(wrong), {"user_id": loan.user_id})
    assert await breaks_of(db, loan) == {
        (BreakKind.LEDGER, "BALANCE_WRONG", 0, 0),
        (BreakKind.LIMIT, "RESERVED", 2_000, 2_001),
    }


async def test_it_goes_on_range_by_range_until_everybody_was_looked_at(db: Db, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconciling, "BATCH", 1)
    opened = sorted([await open_loan(db) for _ in range(3)], key=lambda agreement: agreement.user_id)
    found, first, seen = Reconciliation(), opened[0].user_id, 0
    while (following := await reconcile_range(db, first, found)) is not None:
        first, seen = following, seen + 1
    assert (seen, found.agreements, found.differences) == (3, 3, [])


async def test_what_partners_are_told_is_what_the_ledger_owes_them(db: Db, agreement: Agreement) -> None:
    await pay_out(db, agreement, 3_000)
    await paid(db, agreement, 700)
    found = Reconciliation()
    db.add(Partner(id=agreement.partner_id, code=f"p-{new_id()}", name="Somebody", purpose="loan"))
    await db.flush()
    await reconcile_reports(db, found)
    assert found.reports >= 1 and found.differences == []


async def test_the_alarms_count_what_is_open(db: Db, loan: Loan) -> None:
    before = await alarms.look(db)
    await post(db, [loan.transfer(K.FEES, K.FEES_EARNED, 5)])
    await breaks_of(db, loan)
    await outbox.announce(db, reconciling.DONE)
    await db.flush()
    after = await alarms.look(db)
    assert (after.breaks - before.breaks, after.unmatched - before.unmatched) == (2, 0)
    assert after.reconciled_seconds is not None and abs(after.reconciled_seconds) < 60
