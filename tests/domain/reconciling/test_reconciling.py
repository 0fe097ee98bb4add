"""Reconciling: what is told in two places, and differs, is a row, an event and a line in the log; and ends when it is mended."""

from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import select, text

from domain.agreements.agreements import Agreement, AgreementStatus
from domain.agreements.draw_downs import DrawDown, DrawDownStatus
from domain.ledger.kinds import AccountKind as K
from domain.ledger.posting import post
from domain.ledger.transfers import Cause, CauseKind
from domain.market.kinds import ProductKind
from domain.reconciling import reconciling
from domain.reconciling.breaks import BreakKind, LedgerBreak
from domain.reconciling.reconciling import Reconciliation, reconcile_range
from infra import clock
from infra.database import Db
from infra.ids import new_id
from infra.outbox import Event
from tests.domain.ledger.books import Loan


async def accepted(db: Db, loan: Loan, limit: int) -> Agreement:
    now = await clock.now(db)
    agreement = Agreement(
        user_id=loan.user_id,
        application_id=new_id(),
        offer_id=new_id(),
        product_id=new_id(),
        partner_id=loan.partner_id,
        kind=ProductKind.LOAN,
        title="Loan",
        amount=limit,
        currency=loan.currency,
        term_months=12,
        annual_rate=Decimal("0.12"),
        fee=0,
        cost_cap=Decimal("0.24"),
        monthly_payment=100,
        documents=[],
        signed_at=now,
        updated_at=now,
        status=AgreementStatus.PENDING,
    )
    agreement.id = loan.id
    db.add(agreement)
    await post(db, loan.accepted(limit))
    return agreement


async def sent(db: Db, loan: Loan, amount: int) -> DrawDown:
    draw = DrawDown(
        user_id=loan.user_id,
        agreement_id=loan.id,
        partner_id=loan.partner_id,
        payment_account_id=new_id(),
        amount=amount,
        withheld=0,
        currency=loan.currency,
        sent_at=await clock.now(db),
    )
    db.add(draw)
    await post(db, loan.sent(amount, draw.id))
    return draw


@pytest.fixture
async def loan(db: Db) -> Loan:
    """One that has drawn nothing yet, of which a draw-down is on its way."""
    loan = Loan()
    await accepted(db, loan, 10_000)
    await sent(db, loan, 2_000)
    await db.flush()
    return loan


async def breaks_of(db: Db, loan: Loan) -> set[tuple[BreakKind, str, int, int]]:
    found = Reconciliation()
    await reconcile_range(db, loan.user_id, found)
    return {
        (each.kind, each.detail, each.expected, each.actual) for each in found.differences if each.subject_id == loan.id
    }


async def test_where_all_agree_there_is_nothing(db: Db, loan: Loan) -> None:
    assert await breaks_of(db, loan) == set()
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
    assert await breaks_of(db, loan) == {(BreakKind.STATEMENT, "PRINCIPAL", 0, 2_000)}


@pytest.mark.parametrize(
    ("moves", "expected"),
    [
        ([(K.INTEREST, K.INTEREST_EARNED)], {(BreakKind.STATEMENT, "INTEREST", 0, 5)}),
        ([(K.FEES, K.FEES_EARNED)], {(BreakKind.STATEMENT, "FEES", 0, 5)}),
        ([(K.REPAID, K.CREDIT)], {(BreakKind.STATEMENT, "CREDIT", 0, 5)}),
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


async def test_a_break_is_told_once_and_ends_when_it_is_gone(db: Db, loan: Loan) -> None:
    at = await clock.now(db)
    wrong = loan.transfer(K.FEES, K.FEES_EARNED, 5)
    await post(db, [wrong])
    for minutes in (1, 2):
        clock.stand(db, at + timedelta(minutes=minutes))
        await breaks_of(db, loan)
        await db.flush()
    assert await rows(db, loan.id) == [("FEES", 1, 2, None)]
    await post(db, [loan.transfer(K.FEES_EARNED, K.FEES, 5)])
    clock.stand(db, at + timedelta(minutes=3))
    assert await breaks_of(db, loan) == set()
    assert await rows(db, loan.id) == [("FEES", 1, 2, 3)]
    told = select(Event.data).where(Event.name == "ledger.break_found", Event.subject_id == loan.id)
    assert (await db.execute(told)).scalars().all() == [{"kind": "STATEMENT"}]
    await post(db, [loan.transfer(K.FEES, K.FEES_EARNED, 6)])
    clock.stand(db, at + timedelta(minutes=4))
    await breaks_of(db, loan)
    assert await rows(db, loan.id) == [("FEES", 1, 2, 3), ("FEES", 4, 4, None)]


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
    loans = sorted((Loan() for _ in range(3)), key=lambda loan: loan.user_id)
    for each in loans:
        await accepted(db, each, 1_000)
    await db.flush()
    found, first, seen = Reconciliation(), UUID(int=loans[0].user_id.int), 0
    while (following := await reconcile_range(db, first, found)) is not None:
        first, seen = following, seen + 1
    assert (seen, found.agreements, found.differences) == (3, 3, [])
