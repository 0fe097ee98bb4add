"""Posting: what the database keeps, and what it refuses whoever asks."""

import asyncio
from collections.abc import Sequence
from datetime import date
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from domain.ledger.accounts import Balances, LedgerAccount, balances_of, balances_of_subjects
from domain.ledger.kinds import AccountKind as K
from domain.ledger.posting import NotPosted, post
from domain.ledger.transfers import (
    Cause,
    CauseKind,
    Transfer,
    is_posted,
    reversal,
    transfers_of,
)
from infra import clock, revisions
from infra.database import Db, reading, transaction
from infra.errors import RefusalCode
from infra.ids import new_id
from tests.domain.ledger.books import Loan
from tests.statements import statements


async def book(*transfers: Sequence[Transfer]) -> None:
    """Each in a transaction of its own, as life goes."""
    for each in transfers:
        async with transaction() as db:
            await post(db, each)


async def balances(loan: Loan) -> Balances:
    async with reading() as db:
        return await balances_of(db, loan.user_id, loan.id)


async def drawn(limit: int = 1_000_00, amount: int = 600_00) -> Loan:
    loan, draw = Loan(), new_id()
    await book(loan.accepted(limit), loan.sent(amount, draw), loan.settled(amount, draw))
    return loan


async def refused(transfers: Sequence[Transfer]) -> tuple[str, RefusalCode]:
    """What stood against it; and nothing of it is there."""
    with pytest.raises(NotPosted) as raised:
        await book(transfers)
    async with reading() as db:
        first = transfers[0]
        there = {each.id for each in await transfers_of(db, first.user_id, first.subject_id)}
    assert not there & {each.id for each in transfers}
    return raised.value.constraint, raised.value.code


class TestALife:
    async def test_balances_are_what_the_transfers_make_them(self) -> None:
        loan = await drawn()
        await book(loan.accrued(12_34), loan.repaid(new_id(), interest=12_34, principal=100_00, credit=5))
        now = await balances(loan)
        assert now.outstanding == 500_00 and now.currency == "CNY"
        assert {kind: now[kind] for kind in K if now[kind]} == {
            K.DRAWABLE: 400_00,
            K.COMMITTED: 400_00,
            K.PRINCIPAL: 500_00,
            K.LENT: 600_00,
            K.INTEREST_EARNED: 12_34,
            K.CREDIT: 5,
            K.REPAID: 112_39,
            K.COLLECTED: 112_39,
            K.PAYABLE: 112_39,
        }

    async def test_any_number_goes_in_one_statement_and_the_next_one_sees_them(self) -> None:
        loans = [Loan(currency) for currency in ("CNY", "JPY", "CNY")]
        many = [each for loan in loans for each in loan.accepted(7)] + [
            each for loan in loans for each in loan.accrued(3)
        ]
        async with transaction() as db:
            await clock.now(db)
            with statements() as sent:
                await post(db, many)
            assert len(sent) == 1
            assert [(await balances_of(db, loan.user_id, loan.id))[K.INTEREST] for loan in loans] == [3, 3, 3]
            keys = {(loan.user_id, loan.id) for loan in loans}
            by_key = await balances_of_subjects(db, keys | {(new_id(), new_id())})
        assert {(key in keys, each.currency, each[K.DRAWABLE]) for key, each in by_key.items()} == {
            (True, "CNY", 7),
            (True, "JPY", 7),
            (False, None, 0),
        }

    async def test_nothing_at_all_is_posted_without_a_word(self) -> None:
        async with transaction() as db:
            with statements() as sent:
                await post(db, [])
        assert sent == []

    async def test_it_reads_in_the_order_in_which_it_was_posted(self) -> None:
        loan, early = Loan(), date(2027, 1, 3)
        first, second = [loan.transfer(K.FEES, K.FEES_EARNED, amount, on=early) for amount in (4, 5)]
        await book([first], [second])
        async with reading() as db:
            page = await transfers_of(db, loan.user_id, loan.id, first=1)
            rest = await transfers_of(db, loan.user_id, loan.id, after=page[0].id)
        assert [(each.id, each.amount, each.value_on) for each in (*page, *rest)] == [
            (first.id, 4, early),
            (second.id, 5, early),
        ]

    async def test_their_person_hears_of_it(self) -> None:
        loan = Loan()
        async with transaction() as db:
            before = await db.scalar(select(revisions.revision_of(loan.user_id)))
            await post(db, loan.accepted(5))
            assert before is None and await db.scalar(select(revisions.revision_of(loan.user_id))) is not None


class TestRefused:
    async def test_more_than_the_limit(self) -> None:
        loan = await drawn()
        assert await refused(loan.sent(400_01, new_id())) == ("ck_ledger_accounts_limit", RefusalCode.LIMIT_EXCEEDED)
        await book(loan.sent(400_00, new_id()))

    async def test_a_payout_that_was_not_sent(self) -> None:
        loan = await drawn()
        assert await refused(loan.settled(1, new_id())) == ("ck_ledger_accounts_limit", RefusalCode.LIMIT_EXCEEDED)

    @pytest.mark.parametrize("kind", [K.PRINCIPAL, K.INTEREST, K.FEES])
    async def test_a_debt_below_zero(self, kind: K) -> None:
        loan = await drawn()
        await book(loan.accrued(600_00), [loan.transfer(K.FEES, K.FEES_EARNED, 600_00)])
        assert await refused([loan.transfer(K.REPAID, kind, 600_01)]) == ("ck_ledger_accounts_debt", RefusalCode.STALE)
        await book([loan.transfer(K.REPAID, kind, 600_00)])
        assert (await balances(loan))[kind] == 0

    @pytest.mark.parametrize("kind", [K.CREDIT, K.UNMATCHED])
    async def test_more_given_back_than_there_is(self, kind: K) -> None:
        loan = Loan()
        await book([loan.transfer(K.COLLECTED, kind, 7)], [loan.transfer(kind, K.COLLECTED, 7)])
        assert await refused([loan.transfer(kind, K.COLLECTED, 1)]) == (
            "ck_ledger_accounts_credit",
            RefusalCode.LIMIT_EXCEEDED,
        )

    async def test_more_taken_back_than_was_booked(self) -> None:
        loan = await drawn()
        too_much = [loan.transfer(K.INTEREST_EARNED, K.PRINCIPAL, 1)]
        assert await refused(too_much) == ("ck_ledger_accounts_counter", RefusalCode.STALE)

    async def test_in_the_middle_of_many_all_of_them_go(self) -> None:
        loan, other = await drawn(), Loan()
        many = [*other.accepted(5), *loan.sent(400_01, new_id()), *loan.accrued(3)]
        with pytest.raises(NotPosted):
            await book(many)
        assert (await balances(loan))[K.INTEREST] == 0 and (await balances(other)).currency is None

    async def test_a_cause_a_second_time_however_it_is_divided(self) -> None:
        loan, payment = await drawn(), new_id()
        await book(loan.repaid(payment, principal=50_00))
        again = loan.repaid(payment, principal=20_00, credit=30_00)
        assert await refused(again) == ("uq_transfers_once", RefusalCode.STALE)
        assert await refused(again[2:]) == ("uq_transfers_once", RefusalCode.STALE)
        async with reading() as db:
            asked = [Cause(CauseKind.REPAYMENT, id) for id in (payment, new_id())]
            assert [await is_posted(db, loan.user_id, each) for each in asked] == [True, False]

    async def test_of_fifty_posts_of_one_cause_at_once_one_is_there(self) -> None:
        loan, payment = await drawn(), new_id()

        async def once() -> str:
            try:
                await book(loan.repaid(payment, principal=1_00))
            except NotPosted as refusal:
                return refusal.constraint
            return "posted"

        answers = await asyncio.gather(*(once() for _ in range(50)))
        assert sorted(answers) == ["posted", *["uq_transfers_once"] * 49]
        assert (await balances(loan))[K.PRINCIPAL] == 599_00

    async def test_of_fifty_draws_at_once_as_many_as_the_limit_holds(self) -> None:
        loan = Loan()
        await book(loan.accepted(1_000))

        async def once() -> bool:
            try:
                await book(loan.sent(90, new_id()))
            except NotPosted:
                return False
            return True

        assert sum(await asyncio.gather(*(once() for _ in range(50)))) == 11
        assert (await balances(loan))[K.RESERVED] == 990


class TestReversals:
    async def test_one_takes_back_what_it_names_from_the_same_day(self) -> None:
        loan = await drawn()
        (accrual,) = loan.accrued(9)
        await book([accrual], [reversal(accrual, Cause(CauseKind.REPLAY, new_id()))])
        async with reading() as db:
            *_, back = await transfers_of(db, loan.user_id, loan.id)
        assert (back.debit, back.credit, back.amount, back.value_on, back.reverses) == (
            K.INTEREST_EARNED,
            K.INTEREST,
            9,
            accrual.value_on,
            accrual.id,
        )
        assert (await balances(loan))[K.INTEREST] == 0

    async def test_once(self) -> None:
        loan = await drawn()
        (accrual,) = loan.accrued(9)
        await book([accrual], loan.accrued(9), [reversal(accrual, Cause(CauseKind.REPLAY, new_id()))])
        again = reversal(accrual, Cause(CauseKind.REPLAY, new_id()))
        assert await refused([again]) == ("ix_transfers_reversed_once", RefusalCode.STALE)

    @pytest.mark.parametrize("wrong", ["amount", "credit", "reverses", "subject_id", "of a reversal"])
    async def test_nothing_else(self, wrong: str) -> None:
        loan, other = await drawn(), await drawn()
        (accrual,) = loan.accrued(9)
        await book([accrual], loan.accrued(5), [loan.transfer(K.FEES, K.FEES_EARNED, 9)], other.accrued(9))
        back = reversal(accrual, Cause(CauseKind.REPLAY, new_id()))
        match wrong:
            case "amount":
                back.amount = 8
            case "credit":
                back.credit = K.FEES
            case "reverses":
                back.reverses = new_id()
            case "subject_id":
                back.user_id, back.subject_id = other.user_id, other.id
            case _:
                await book([back])
                back = reversal(back, Cause(CauseKind.REPLAY, new_id()))
        with pytest.raises(IntegrityError, match="exactly what it names"):
            await book([back])
        assert (await balances(loan))[K.INTEREST] == (5 if wrong == "of a reversal" else 14)


class TestWhoeverAsks:
    """The database answers a program that goes past `post` as it answers `post`."""

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE ledger_accounts SET debits = debits + 1 WHERE user_id = :user_id",
            "DELETE FROM ledger_accounts WHERE user_id = :user_id",
            "TRUNCATE ledger_accounts CASCADE",
            "INSERT INTO ledger_accounts VALUES (:user_id, :user_id, 'CREDIT', 'CNY', 0, 5)",
            "UPDATE transfers SET amount = 1 WHERE user_id = :user_id",
            "DELETE FROM transfers WHERE user_id = :user_id",
        ],
    )
    async def test_balances_change_by_transfers_alone_and_these_stay(self, db: Db, statement: str) -> None:
        loan = Loan()
        await post(db, loan.accepted(5))
        given = {"user_id": loan.user_id} if ":user_id" in statement else {}
        await db.execute(text("SELECT set_config('longan.erases', :id, true)"), {"id": str(loan.user_id)})
        with pytest.raises(
            IntegrityError, match=r"only transfers change|stays as it was written|stays, whoever leaves"
        ):
            await db.execute(text(statement), given)

    @pytest.mark.parametrize(
        ("change", "constraint"),
        [
            ({"currency": "JPY"}, "fk_transfers_debit"),
            ({"amount": 0}, "ck_transfers_amount"),
            ({"amount": -5}, "ck_transfers_amount"),
            ({"amount": 2**53 + 1}, "ck_transfers_amount"),
            ({"credit": K.PRINCIPAL}, "ck_transfers_two_accounts"),
        ],
    )
    async def test_a_transfer_is_of_one_currency_above_zero_between_two_accounts(
        self, db: Db, change: dict[str, object], constraint: str
    ) -> None:
        loan = Loan()
        await post(db, [loan.transfer(K.PRINCIPAL, K.LENT, 5)])
        wrong = loan.transfer(K.PRINCIPAL, K.LENT, 5)
        for name, value in change.items():
            setattr(wrong, name, value)
        with pytest.raises(IntegrityError, match=constraint):
            await post(db, [wrong])

    async def test_rows_that_come_by_another_way_move_balances_too(self, db: Db) -> None:
        loan = Loan()
        await post(db, loan.accepted(5))
        each = loan.transfer(K.DRAWABLE, K.COMMITTED, 2)
        each.booked_at, each.part = await clock.now(db), 0
        db.add(each)
        await db.flush()
        assert (await balances_of(db, loan.user_id, loan.id))[K.DRAWABLE] == 7


def test_the_same_words_name_the_same_cause() -> None:
    of = UUID(int=7)
    assert Cause.of(CauseKind.ACCRUAL, of, date(2027, 1, 31)) == Cause.of(CauseKind.ACCRUAL, of, "2027-01-31")
    assert Cause.of(CauseKind.ACCRUAL, of, 1, 2) != Cause.of(CauseKind.ACCRUAL, of, 12)


def test_an_account_says_its_balance_on_its_side() -> None:
    both = [
        LedgerAccount(user_id=UUID(int=1), subject_id=UUID(int=2), kind=kind, currency="CNY", debits=5, credits=2)
        for kind in (K.PRINCIPAL, K.PAYABLE)
    ]
    assert [each.balance for each in both] == [3, -3]
