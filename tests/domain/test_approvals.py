"""Four eyes: somebody else says yes to exactly what they saw, and it stays written who did."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, select, update
from sqlalchemy.exc import DBAPIError

from domain import approvals
from domain.actors import Role, StaffActor
from domain.approvals import Approval, Verdict, hash_of
from domain.changes import Change
from infra import clock
from infra.database import reading, transaction
from infra.errors import Refusal, RefusalCode
from ml.live.approvals import MODEL
from tests.api.people import staff_member
from tests.trying import rolled_back


async def somebody(role: Role = Role.RISK) -> StaffActor:
    async with transaction() as db:
        return StaffActor((await staff_member(db, role)).id, role)


async def do(verb: Any, actor: StaffActor, subject: str, **how: Any) -> Approval | RefusalCode:
    try:
        async with transaction() as db:
            found: Approval = await verb(db, actor, MODEL, subject=subject, **how)
            return found
    except Refusal as refusal:
        return refusal.code


async def propose(actor: StaffActor, subject: str, hash: str = "seen") -> Approval | RefusalCode:
    return await do(approvals.propose, actor, subject, hash=hash, title="A thing")


async def approve(actor: StaffActor, subject: str, seen: str = "seen", now: str = "seen") -> Approval | RefusalCode:
    return await do(approvals.approve, actor, subject, seen=seen, now=now)


async def rows(subject: str) -> list[Approval]:
    async with reading() as db:
        return list((await db.execute(select(Approval).where(Approval.subject == subject))).scalars())


@pytest.fixture
def subject() -> str:
    return str(uuid4())


async def is_approved(subject: str, hash: str = "seen") -> bool:
    async with reading() as db:
        return await approvals.is_approved(db, MODEL, subject, hash)


async def test_two_people_approve_what_both_saw(subject: str) -> None:
    first, second = await somebody(), await somebody(Role.APPROVER)
    await propose(first, subject)
    assert not await is_approved(subject)
    await approve(second, subject)
    (kept,) = await rows(subject)
    assert (kept.proposed_by, kept.decided_by, kept.verdict) == (first.staff_id, second.staff_id, Verdict.APPROVED)
    assert await is_approved(subject) and not await is_approved(subject, "another")


async def test_nobody_approves_their_own(subject: str) -> None:
    author = await somebody()
    await propose(author, subject)
    assert await approve(author, subject) is RefusalCode.SECOND_PERSON_REQUIRED
    assert [row.verdict for row in await rows(subject)] == [None]


async def test_the_database_refuses_it_too(subject: str) -> None:
    author = await somebody()
    await propose(author, subject)
    async with rolled_back() as db:
        own = update(Approval).where(Approval.subject == subject)
        with pytest.raises(DBAPIError, match="somebody_else"):
            await db.execute(
                own.values(verdict=Verdict.APPROVED, decided_by=author.staff_id, decided_at=await clock.now(db))
            )


@pytest.mark.parametrize(("seen", "now"), [("old", "seen"), ("seen", "new"), ("new", "new")])
async def test_what_changed_since_is_stale(subject: str, seen: str, now: str) -> None:
    await propose(await somebody(), subject)
    assert await approve(await somebody(), subject, seen, now) is RefusalCode.STALE
    assert [row.verdict for row in await rows(subject)] == [None]


async def test_only_who_may_proposes_and_approves(subject: str) -> None:
    marketing = await somebody(Role.MARKETING)
    assert await propose(marketing, subject) is RefusalCode.NOT_ALLOWED
    await propose(await somebody(), subject)
    assert await approve(marketing, subject) is RefusalCode.NOT_ALLOWED
    assert await do(approvals.reject, marketing, subject) is RefusalCode.NOT_ALLOWED
    assert [row.verdict for row in await rows(subject)] == [None]


async def test_nothing_is_approved_that_nobody_proposed(subject: str) -> None:
    assert await approve(await somebody(), subject) is RefusalCode.NOT_OPEN
    assert await rows(subject) == []


async def test_it_is_proposed_once_and_after_a_no_again(subject: str) -> None:
    first, second = await somebody(), await somebody()
    await propose(first, subject)
    assert await propose(second, subject) is RefusalCode.NOT_OPEN
    await do(approvals.reject, second, subject, comment="Measure it on the new book.")
    await propose(first, subject)
    await approve(second, subject)
    assert await propose(first, subject) is RefusalCode.NOT_OPEN
    assert isinstance(await propose(first, subject, "another version"), Approval)
    verdicts = [(row.verdict, row.comment) for row in sorted(await rows(subject), key=lambda row: row.id)]
    assert verdicts == [(Verdict.REJECTED, "Measure it on the new book."), (Verdict.APPROVED, ""), (None, "")]


async def test_of_many_at_once_one_proposes_and_one_approves(subject: str) -> None:
    people = [await somebody() for _ in range(6)]
    answers = await asyncio.gather(*(propose(each, subject) for each in people), return_exceptions=True)
    (made,) = [each for each in answers if isinstance(each, Approval)]
    others = [each for each in people if each.staff_id != made.proposed_by]
    given = await asyncio.gather(*(approve(each, subject) for each in others))
    assert sum(isinstance(each, Approval) for each in given) == 1
    assert len(await rows(subject)) == 1


@pytest.mark.parametrize("statement", [update(Approval).values(comment="Never said."), delete(Approval)])
async def test_what_was_decided_stays_for_good(subject: str, statement: Any) -> None:
    await propose(await somebody(), subject)
    await approve(await somebody(), subject)
    async with rolled_back() as db:
        with pytest.raises(DBAPIError, match="what approvals holds stays as it was written"):
            await db.execute(statement.where(Approval.subject == subject))


async def test_each_sees_what_waits_for_them_and_nothing_of_their_own(subject: str) -> None:
    author, other, marketing = await somebody(), await somebody(), await somebody(Role.MARKETING)
    await propose(author, subject)
    async with reading() as db:
        waiting = {
            actor: [each.subject for each in await approvals.waiting_for(db, actor)]
            for actor in (author, other, marketing)
        }
    assert subject not in waiting[author] and subject in waiting[other] and waiting[marketing] == []


@given(st.dictionaries(st.text(min_size=1), st.integers(-(2**53), 2**53) | st.text() | st.lists(st.booleans())))
def test_the_hash_is_of_the_content_and_not_of_its_order(content: dict[str, Any]) -> None:
    assert hash_of(content) == hash_of(dict(reversed(content.items())))
    assert hash_of(content) != hash_of({**content, "one more": 1, "": None})


async def test_both_words_stand_in_the_trail_of_changes(subject: str) -> None:
    one, other = await somebody(), await somebody()
    await propose(one, subject)
    await approve(one, subject)
    await approve(other, subject)
    async with reading() as db:
        its = select(Change).where(Change.subject == subject).order_by(Change.id)
        told = [(each.by_id, each.noun, each.before, each.after) for each in (await db.execute(its)).scalars()]
    assert told == [
        (one.staff_id, "model", None, {"word": "PROPOSED"}),
        (other.staff_id, "model", {"word": "PROPOSED"}, {"word": "APPROVED"}),
    ]
