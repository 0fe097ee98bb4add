"""The book through which `longan bench day` lets days pass is one that the ledger agrees with."""

from collections import Counter

from sqlalchemy import select

from api.cli.bench import book
from domain.agreements.agreements import Agreement
from domain.agreements.standings import standing_of
from domain.ledger.accounts import balances_of
from domain.ledger.kinds import AccountKind
from infra import clock
from tests.trying import rolled_back


async def test_loans_are_due_on_many_days_one_of_ten_is_late_and_all_agree_with_the_ledger() -> None:
    async with rolled_back() as db:
        people = await book.lend(db, 20)
        mine = select(Agreement).where(Agreement.user_id.in_(people))
        loans = (await db.execute(mine)).scalars().all()
        today = await clock.today(db)
        assert Counter(each.status.value for each in loans) == {"ACTIVE": 18, "OVERDUE": 2}
        assert len({each.next_on for each in loans}) > 10
        for each in loans:
            standing, balances = await standing_of(db, each), await balances_of(db, each.user_id, each.id)
            assert each.next_on is not None and each.next_on >= today
            assert balances[AccountKind.PRINCIPAL] == standing.life.owed.principal
