"""A second person approves what a simulation showed; whoever wrote or proposed the rules never is that person."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import select

from domain.actors import Role, StaffActor
from domain.approvals import Approval, Verdict
from infra.database import reading, transaction
from infra.errors import Refusal, RefusalCode
from membership.changing import approving
from membership.rules import RulesStatus, TierRules
from tests.membership.changing.rules import EASIER, drafted, simulated
from tests.membership.conftest import somebody


async def do(verb: Any, actor: StaffActor, version: TierRules, **how: Any) -> RulesStatus | RefusalCode:
    try:
        async with transaction() as db:
            stepped: TierRules = await verb(db, actor, rules_id=version.id, comment="", **how)
            return stepped.status
    except Refusal as refusal:
        return refusal.code


async def words(version: TierRules) -> list[tuple[str | None, Verdict | None]]:
    async with reading() as db:
        mine = select(Approval).where(Approval.subject == str(version.id)).order_by(Approval.id)
        return [(approval.hash, approval.verdict) for approval in (await db.execute(mine)).scalars()]


async def test_what_was_seen_is_approved_by_somebody_else(author: StaffActor, approver: StaffActor) -> None:
    tried = await drafted(author, EASIER)
    assert await do(approving.submit, author, tried) is RefusalCode.NOT_OPEN
    seen = (await simulated(tried.id)).hash
    assert await do(approving.approve, approver, tried, seen=seen) is RefusalCode.NOT_OPEN
    assert await do(approving.submit, author, tried) is RulesStatus.SUBMITTED
    assert await do(approving.submit, author, tried) is RulesStatus.SUBMITTED
    assert await do(approving.approve, author, tried, seen=seen) is RefusalCode.SECOND_PERSON_REQUIRED
    assert await do(approving.approve, approver, tried, seen="something else") is RefusalCode.STALE
    assert await do(approving.approve, approver, tried, seen=seen) is RulesStatus.APPROVED
    assert await do(approving.approve, approver, tried, seen=seen) is RulesStatus.APPROVED
    assert await do(approving.approve, author, tried, seen=seen) is RefusalCode.SECOND_PERSON_REQUIRED
    assert await words(tried) == [(seen, Verdict.APPROVED)]


async def test_neither_who_wrote_nor_who_submitted_them_is_the_second_person(
    author: StaffActor, approver: StaffActor
) -> None:
    colleague = await somebody(Role.MARKETING)
    tried = await drafted(author, EASIER)
    seen = (await simulated(tried.id)).hash
    assert await do(approving.submit, colleague, tried) is RulesStatus.SUBMITTED
    for involved in (author, colleague):
        assert await do(approving.approve, involved, tried, seen=seen) is RefusalCode.SECOND_PERSON_REQUIRED
    assert await do(approving.approve, approver, tried, seen=seen) is RulesStatus.APPROVED


async def test_another_snapshot_makes_what_was_seen_stale_until_it_is_submitted_again(
    author: StaffActor, approver: StaffActor
) -> None:
    tried = await drafted(author, EASIER)
    before = (await simulated(tried.id)).hash
    await do(approving.submit, author, tried)
    seen = (await simulated(tried.id)).hash
    assert await do(approving.approve, approver, tried, seen=before) is RefusalCode.STALE
    assert await do(approving.approve, approver, tried, seen=seen) is RefusalCode.STALE
    assert await do(approving.submit, author, tried) is RulesStatus.SUBMITTED
    assert await do(approving.approve, approver, tried, seen=seen) is RulesStatus.APPROVED
    assert await words(tried) == [(before, Verdict.REJECTED), (seen, Verdict.APPROVED)]


async def test_who_is_refused_leaves_it_refused(author: StaffActor, approver: StaffActor) -> None:
    tried = await drafted(author, EASIER)
    seen = (await simulated(tried.id)).hash
    assert await do(approving.reject, approver, tried) is RefusalCode.NOT_OPEN
    await do(approving.submit, author, tried)
    assert await do(approving.reject, approver, tried) is RulesStatus.REJECTED
    assert await do(approving.approve, approver, tried, seen=seen) is RefusalCode.NOT_OPEN
    assert await do(approving.submit, author, tried) is RefusalCode.NOT_OPEN
    with pytest.raises(Refusal) as refused:
        await simulated(tried.id)
    assert refused.value.code is RefusalCode.NOT_OPEN


async def test_an_author_takes_back_what_they_submitted(author: StaffActor) -> None:
    tried = await drafted(author, EASIER)
    await simulated(tried.id)
    await do(approving.submit, author, tried)
    assert await do(approving.reject, author, tried) is RulesStatus.REJECTED


async def test_what_is_said_beside_a_step_has_an_end(author: StaffActor, approver: StaffActor) -> None:
    tried = await drafted(author, EASIER)
    seen = (await simulated(tried.id)).hash
    assert seen is not None

    async def say(comment: str, verb: Callable[..., Awaitable[TierRules]], actor: StaffActor, **how: str) -> None:
        async with transaction() as db:
            await verb(db, actor, rules_id=tried.id, comment=comment, **how)

    for verb, actor, how in (
        (approving.submit, author, {}),
        (approving.approve, approver, {"seen": seen}),
        (approving.reject, approver, {}),
    ):
        with pytest.raises(Refusal) as refused:
            await say("x" * 1001, verb, actor, **how)
        assert (refused.value.code, refused.value.field) == (RefusalCode.INVALID, ("input", "comment"))
        await say("x" * 1000, verb, actor, **how)
