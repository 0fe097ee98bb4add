"""Marketing saves and retires benefits: everybody who should has them in a moment, and keeps what they were promised."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text, update

from domain.actors import Role, StaffActor
from domain.changes import Change
from infra import clock
from infra.database import reading, transaction
from infra.errors import Refusal, RefusalCode
from infra.ids import new_id
from infra.money import Money
from membership import grants, quotas, saving
from membership.benefits import Benefit, BenefitStatus, QuotaCycle, QuotaReset, Segment
from membership.granting import Granting
from membership.grants import Grant
from membership.members import Member
from membership.saving import QUOTA_MAX, WantedBenefit
from tests.membership.conftest import somebody
from tests.membership.living import newcomer, on, scored
from tests.membership.test_quotas import benefit
from tests.working import work_off

NOON = datetime(2026, 11, 20, 4, tzinfo=UTC)
DECEMBER = datetime(2026, 11, 30, 16, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.fixture
async def spa() -> AsyncIterator[WantedBenefit]:
    """A benefit for gold that nobody has saved yet; nobody gets it after the test."""
    wanted = WantedBenefit(
        code=f"spa-{uuid4()}",
        name="A day at the spa",
        segment=Segment.HOSPITALITY,
        tier_codes=["GOLD"],
        plan_codes=[],
        quota=2,
        reset=QuotaReset.MONTHLY,
        unit_cost=Money(8_000, "CNY"),
        member_value=Money(12_000, "CNY"),
    )
    yield wanted
    async with transaction() as db:
        its = update(Benefit).where(Benefit.code == wanted.code)
        await db.execute(its.values(status=BenefitStatus.RETIRED))


async def save(
    actor: StaffActor, wanted: WantedBenefit, version: int | None = None, key: str = "", at: datetime = NOON
) -> Benefit:
    async with on(at) as db:
        return await saving.save(db, actor, wanted, expected_version=version, key=key or str(uuid4()))


async def retire(actor: StaffActor, saved: Benefit, version: int, at: datetime = NOON) -> Benefit:
    async with on(at) as db:
        return await saving.retire(db, actor, benefit_id=saved.id, expected_version=version)


async def give_to_everybody() -> None:
    """What the worker does after a benefit was saved."""
    async with reading() as db:
        newest = (await db.execute(select(Granting.id).order_by(Granting.id.desc()))).scalars()
        run_id = next(iter(newest))
    assert "grant_batch" in await work_off(run_id)


async def held(user_id: UUID, saved: Benefit, at: datetime = NOON) -> int | None:
    """How much remains; None where it is not held, whoever is asked."""
    async with on(at) as db:
        found = (await grants.held_by(db, {user_id})).get(user_id, [])
        used = (await grants.uses_of(db, {(user_id, saved.id)}))[user_id, saved.id]
    remaining = next((each.remaining for each in found if each.benefit.id == saved.id), None)
    assert used.remaining == (remaining or 0)
    return remaining


async def refused(awaited: Any) -> tuple[RefusalCode, list[tuple[str, ...] | None]]:
    with pytest.raises(Refusal) as told:
        await awaited
    return told.value.code, [fault.field for fault in told.value.faults]


async def test_a_saved_benefit_reaches_whoever_is_at_its_tier_and_nobody_else(
    author: StaffActor, spa: WantedBenefit
) -> None:
    gold, lite = await newcomer(), await newcomer()
    await scored(gold, 700, NOON)
    saved = await save(author, spa)
    assert (saved.status, saved.version) == (BenefitStatus.LIVE, 1)
    assert await held(gold, saved) is None
    await give_to_everybody()
    assert (await held(gold, saved), await held(lite, saved)) == (2, None)


async def test_nobody_who_is_given_a_benefit_or_uses_it_waits_for_who_changes_it(
    author: StaffActor, spa: WantedBenefit
) -> None:
    saved, person = await save(author, spa), await newcomer()
    for changed in (True, False):
        async with transaction() as changing, transaction() as using:
            if changed:
                dearer, key = replace(spa, unit_cost=Money(9_000, "CNY")), str(uuid4())
                await saving.save(changing, author, dearer, expected_version=1, key=key)
            else:
                await saving.retire(changing, author, benefit_id=saved.id, expected_version=2)
            await using.execute(text("SET LOCAL lock_timeout = '3s'"))
            await grants.give(using, [person], saved.id, f"plan:{uuid4()}")


async def test_a_benefit_that_nothing_grants_is_a_draft(author: StaffActor, spa: WantedBenefit) -> None:
    draft = await save(author, replace(spa, tier_codes=[]))
    assert (draft.status, draft.version) == (BenefitStatus.DRAFT, 1)
    assert await refused(retire(author, draft, 1)) == (RefusalCode.NOT_OPEN, [("input", "benefitId")])
    live = await save(author, spa, 1)
    assert (live.id, live.status, live.version) == (draft.id, BenefitStatus.LIVE, 2)


async def test_the_same_key_saves_once_and_the_same_content_is_no_new_version(
    author: StaffActor, spa: WantedBenefit
) -> None:
    saved = await save(author, spa, key="the-same-key")
    assert (await save(author, spa, key="the-same-key")).id == saved.id
    assert (await save(author, spa, 1)).version == 1
    assert (await save(author, replace(spa, quota=3), 1)).version == 2


@pytest.mark.parametrize(("promised", "fewer"), [(2, 1), (None, QUOTA_MAX)])
async def test_nobody_is_left_with_fewer_uses_than_they_were_promised(
    author: StaffActor, spa: WantedBenefit, promised: int | None, fewer: int
) -> None:
    draft = await save(author, replace(spa, quota=promised and promised + 1, tier_codes=[]))
    saved = await save(author, replace(spa, quota=promised), 1)  # nobody had the draft
    assert (saved.id, saved.quota) == (draft.id, promised)
    refusal = await refused(save(author, replace(spa, quota=fewer), saved.version))
    assert refusal == (RefusalCode.INVALID, [("input", "quota")])
    async with reading() as db:
        kept = await db.get_one(Benefit, saved.id)
    assert (kept.quota, kept.version) == (promised, saved.version)
    assert (await save(author, replace(spa, quota=None), saved.version)).quota is None


async def test_every_change_says_who_and_what_was_before(author: StaffActor, spa: WantedBenefit) -> None:
    colleague = await somebody(Role.MARKETING)
    saved = await save(author, spa)
    await save(colleague, replace(spa, quota=5, tier_codes=["GOLD", "BLACK"]), 1)
    await retire(author, saved, 2)
    async with reading() as db:
        its = select(Change).where(Change.noun == "benefit", Change.subject == spa.code).order_by(Change.id)
        first, second, third = (await db.execute(its)).scalars()
    assert (first.by_id, first.before, first.after["unitCost"]) == (author.staff_id, None, "80.00")
    assert (second.by_id, second.before, second.after) == (
        colleague.staff_id,
        {"quota": 2, "grantedBy": ["tier:GOLD"]},
        {"quota": 5, "grantedBy": ["tier:BLACK", "tier:GOLD"]},
    )
    assert (third.before, third.after) == ({"status": "LIVE"}, {"status": "RETIRING"})


async def test_all_that_is_wrong_is_told_at_once_and_nothing_stays(author: StaffActor, spa: WantedBenefit) -> None:
    wrong = replace(
        spa,
        name=" ",
        tier_codes=["TIN"],
        plan_codes=["vip"],
        quota=0,
        unit_cost=Money(1, "USD"),
        member_value=Money(-1, "CNY"),
        partner_id=new_id(),
    )
    fields = ("name", "tierCodes", "planCodes", "quota", "unitCost", "memberValue", "partnerId")
    assert await refused(save(author, wrong)) == (RefusalCode.INVALID, [("input", field) for field in fields])
    assert await refused(save(author, replace(spa, code="a spa"))) == (RefusalCode.INVALID, [("input", "code")])
    async with reading() as db:
        assert (await db.execute(select(Benefit).where(Benefit.code == spa.code))).first() is None
        assert (await db.execute(select(Change).where(Change.subject == spa.code))).first() is None


async def test_another_version_than_the_one_that_was_seen_is_stale(author: StaffActor, spa: WantedBenefit) -> None:
    assert await refused(save(author, spa, 1)) == (RefusalCode.NOT_FOUND, [("input", "code")])
    saved = await save(author, spa)
    stale = (RefusalCode.STALE, [("input", "expectedVersion")])
    assert await refused(save(author, spa)) == stale
    assert await refused(save(author, spa, 2)) == stale
    assert await refused(retire(author, saved, 2)) == stale


async def test_what_people_have_is_neither_taken_away_nor_counted_otherwise(
    author: StaffActor, spa: WantedBenefit
) -> None:
    await save(author, spa)
    ungranted = refused(save(author, replace(spa, tier_codes=[]), 1))
    assert await ungranted == (RefusalCode.INVALID, [("input", "tierCodes")])
    for other in (replace(spa, reset=QuotaReset.YEARLY), replace(spa, cycle=QuotaCycle.ANNIVERSARY)):
        assert await refused(save(author, other, 1)) == (RefusalCode.INVALID, [("input", "reset")])


async def test_a_tier_that_grants_it_no_more_leaves_it_until_the_month_is_over(
    author: StaffActor, spa: WantedBenefit
) -> None:
    gold, later = await newcomer(), await newcomer()
    await scored(gold, 700, NOON)
    saved = await save(author, spa)
    await give_to_everybody()
    await save(author, replace(spa, tier_codes=["BLACK"]), 1)
    await scored(later, 700, NOON)
    assert (await held(gold, saved, DECEMBER - SECOND), await held(later, saved, NOON)) == (2, None)
    assert await held(gold, saved, DECEMBER) is None
    await save(author, spa, 2)
    assert await held(gold, saved, DECEMBER) == 2


async def test_what_another_source_still_grants_goes_on(author: StaffActor, spa: WantedBenefit) -> None:
    gold = await newcomer()
    await scored(gold, 700, NOON)
    saved = await save(author, spa)
    await give_to_everybody()
    async with transaction() as db:
        db.add(Grant(user_id=gold, benefit_id=saved.id, source="campaign:spring", granted_at=NOON))
    await save(author, replace(spa, tier_codes=["BLACK"]), 1)
    assert await held(gold, saved, DECEMBER) == 2


async def test_whoever_moves_while_it_is_given_out_keeps_nothing_of_the_tier_they_left(
    author: StaffActor, spa: WantedBenefit
) -> None:
    person = await newcomer()
    await scored(person, 700, NOON)
    saved = await save(author, spa)
    async with transaction() as db:
        await db.execute(update(Member).where(Member.user_id == person).values(tier_code="LITE"))
    await give_to_everybody()
    assert await held(person, saved) is None


async def test_a_retired_benefit_is_kept_until_the_cycle_is_over_and_then_gone_for_good(
    author: StaffActor, spa: WantedBenefit
) -> None:
    gold, later = await newcomer(), await newcomer()
    await scored(gold, 700, NOON)
    saved = await save(author, spa)
    await give_to_everybody()
    retiring = await retire(author, saved, 1)
    assert (retiring.status, retiring.version, retiring.retires_at) == (BenefitStatus.RETIRING, 2, DECEMBER)
    assert (await retire(author, saved, 1)).version == 2
    await scored(later, 700, NOON)
    assert (await held(gold, saved), await held(later, saved)) == (2, None)
    assert await held(gold, saved, DECEMBER) is None
    assert await refused(save(author, spa, 2)) == (RefusalCode.NOT_OPEN, [("input", "code")])
    async with on(DECEMBER) as db:
        await saving.finish_retiring(db, saved.id)
        assert (await db.get_one(Benefit, saved.id)).status is BenefitStatus.RETIRED


@given(
    st.dates(date(2019, 1, 1), date(2026, 12, 31)),
    st.integers(0, 3_000),
    st.sampled_from(QuotaReset),
    st.sampled_from(QuotaCycle),
)
def test_nobodys_own_period_is_longer_than_all_periods(
    joined: date, passed: int, reset: QuotaReset, cycle: QuotaCycle
) -> None:
    some = benefit(reset)
    some.cycle = cycle
    joined_at = clock.begins(joined)
    now = joined_at + timedelta(days=passed, hours=9)
    ends = quotas.all_periods_end_at(some, now)
    assert quotas.period_ends_at(some, joined_at, now) <= ends
    assert ends - now <= timedelta(days=367 if reset is not QuotaReset.MONTHLY else 32)
