"""What stays of whoever was erased: no longer than the law asks."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select, text

from api import main, worker  # noqa: F401 - everything that serves is imported, and so every table is known
from domain.deadlines import deadlines
from domain.deadlines.deadlines import Deadline
from domain.privacy import deletions, leaving, owned, retention
from infra import clock as house_clock
from infra.database import reading, transaction
from infra.entity import Entity
from infra.outbox import Event, EventReaction
from infra.privacy import Erasure
from infra.vault import PersonKey
from tests.clocks import Clock
from tests.domain.agreements.test_drawing import borrower
from tests.domain.agreements.test_replanning import begun
from tests.domain.privacy.test_leaving import leave, pass_days
from tests.phones import Phone

__all__ = ["borrower"]
TABLES = Entity.metadata.tables
STAFF = {"staff"}
TIMES = {name: kept.time for name, kept in retention.KEPT.items() if kept.time is not None}
FOR_GOOD = {"ledger_accounts", "transfers"}


def test_every_table_that_is_kept_says_for_how_long() -> None:
    kept = {str(entity.__tablename__) for entity, privacy in owned.kinds() if privacy.erasure is Erasure.KEPT}
    assert retention.KEPT.keys() == kept - STAFF
    assert all(owned.is_theirs(TABLES[name], uuid4()) is not None for name in retention.KEPT)
    assert retention.KEPT["account_deletions"].time == max(TIMES.values())


async def rows_of(user_id: UUID) -> set[str]:
    """The tables in which something is kept of them."""
    async with reading() as db:
        found = set()
        for name in retention.KEPT:
            theirs = owned.is_theirs(TABLES[name], user_id)
            assert theirs is not None
            if (await db.execute(select(func.count()).select_from(TABLES[name]).where(theirs))).scalar_one():
                found.add(name)
        return found


async def forget(user_id: UUID, clock: Clock) -> None:
    """Go to when the next of what is kept is over, and let the worker do it."""
    async with reading() as db:
        due = select(EventReaction).join(Event, Event.id == EventReaction.event_id)
        due = due.where(
            Event.subject_id == user_id, EventReaction.reaction == "forget_kept", EventReaction.handled_at.is_(None)
        )
        (owed,) = (await db.execute(due)).scalars().all()
    await clock.stand_at(owed.due_at + timedelta(seconds=1))
    async with transaction() as db:
        await leaving.forget_kept(db, await db.get_one(Event, owed.event_id))
        (await db.get_one(EventReaction, (owed.event_id, owed.reaction))).handled_at = await house_clock.now(db)


async def test_each_kind_goes_at_its_own_time_and_in_the_end_only_the_ledger_is_left(
    borrower: Phone, clock: Clock
) -> None:
    await begun(borrower)
    async with transaction() as db:
        await db.execute(
            text("UPDATE agreements SET status = 'UNWOUND' WHERE user_id = :user"), {"user": borrower.user_id}
        )
    await borrower.sign_in()
    await leave(borrower)
    await pass_days(borrower, clock, 14, 1, 1)
    kept = await rows_of(borrower.user_id)
    assert {
        "agreements",
        "transfers",
        "ledger_accounts",
        "applications",
        "offers",
        "consents",
        "account_deletions",
    } <= kept
    for years in (3, 5, 10):
        await forget(borrower.user_id, clock)
        kept = {name for name in kept if name in FOR_GOOD or TIMES[name] > years * retention.YEAR}
        assert await rows_of(borrower.user_id) == kept
    assert kept == FOR_GOOD == retention.KEPT.keys() - TIMES.keys()


async def test_nothing_goes_before_its_time(member_who_was_erased: UUID, clock: Clock) -> None:
    before = await rows_of(member_who_was_erased)
    await clock.forward(days=3 * 366 - 2)
    async with transaction() as db:
        early = Event(
            name=deletions.KEEPING_ENDS,
            user_id=None,
            subject_id=member_who_was_erased,
            data={},
            occurred_at=await house_clock.now(db),
        )
        await leaving.forget_kept(db, early)
    assert await rows_of(member_who_was_erased) == before


@pytest.fixture
async def member_who_was_erased(member: Phone, clock: Clock) -> UUID:
    await leave(member)
    await pass_days(member, clock, 14, 1)
    async with reading() as db:
        assert await db.get(PersonKey, member.user_id) is None
    return member.user_id


async def test_a_deadline_that_was_missed_ends_with_them(member: Phone, clock: Clock) -> None:
    kind, subject = next(iter(deadlines.KINDS.values())), uuid4()
    async with transaction() as db:
        now = await house_clock.now(db)
        missed = await deadlines.begin(db, kind, member.user_id, subject, subject, now + timedelta(days=1))
        missed.missed_at = now + timedelta(days=1)
    await leave(member)
    await pass_days(member, clock, 14, 1)
    async with reading() as db:
        assert (await db.get_one(Deadline, (member.user_id, missed.id))).ended_at is not None
