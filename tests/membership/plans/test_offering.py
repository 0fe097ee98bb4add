"""Marketing offers plans: what one costs takes two people, and reaches nobody who pays already."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select, update

from domain import approvals
from domain.actors import Role, StaffActor
from domain.changes import Change
from infra.database import reading, transaction
from infra.errors import Refusal, RefusalCode
from infra.money import Money
from membership import benefits, saving
from membership.benefits import Benefit, BenefitStatus, QuotaReset, Segment
from membership.plans import offering, plans, wanted
from membership.plans.plans import MembershipPlan, OfferedStatus, PlanPeriod
from membership.plans.wanted import WantedPlan
from membership.saving import WantedBenefit
from tests.membership.conftest import somebody

SPA = WantedBenefit(
    code="",
    name="A day at the spa",
    segment=Segment.HOSPITALITY,
    tier_codes=[],
    plan_codes=[],
    quota=2,
    reset=QuotaReset.MONTHLY,
    unit_cost=Money(8_000, "CNY"),
    member_value=Money(12_000, "CNY"),
)
D, S, L, R = OfferedStatus.DRAFT, OfferedStatus.SUBMITTED, OfferedStatus.LIVE, OfferedStatus.RETIRED


@pytest.fixture
async def club(author: StaffActor) -> AsyncIterator[WantedPlan]:
    """A plan that nobody has saved yet; it is sold no more after the test."""
    code = f"club-{uuid4()}"
    yield WantedPlan(code, "The club", Money(3_000, "CNY"), PlanPeriod.QUARTER, 7, ["lounge", "city-ride"])
    if known := await versions(code):
        await save(author, WantedPlan(code, "", Money(0, "CNY"), PlanPeriod.YEAR, 0, []), R, len(known))


async def save(
    actor: StaffActor, asked: WantedPlan, status: OfferedStatus, version: int | None = None, key: str = ""
) -> MembershipPlan:
    async with transaction() as db:
        return await offering.save(db, actor, asked, status=status, expected_version=version, key=key or str(uuid4()))


async def approve(actor: StaffActor, plan: MembershipPlan, seen: str | None = None) -> MembershipPlan:
    async with transaction() as db:
        mark = seen or (await wanted.hashes_of(db, {plan.id}))[plan.id]
        return await offering.approve(db, actor, code=plan.code, seen=mark, comment="")


async def reject(actor: StaffActor, plan: MembershipPlan) -> MembershipPlan:
    async with transaction() as db:
        return await offering.reject(db, actor, code=plan.code, comment="Too dear.")


async def versions(code: str) -> list[OfferedStatus]:
    async with reading() as db:
        its = select(MembershipPlan.status).where(MembershipPlan.code == code).order_by(MembershipPlan.version)
        return list((await db.execute(its)).scalars())


async def newest(code: str) -> MembershipPlan:
    async with reading() as db:
        its = select(MembershipPlan).where(MembershipPlan.code == code).order_by(MembershipPlan.version.desc())
        return (await db.execute(its.limit(1))).scalar_one()


async def save_benefit(actor: StaffActor, asked: WantedBenefit, version: int | None = None) -> Benefit:
    async with transaction() as db:
        return await saving.save(db, actor, asked, expected_version=version, key=str(uuid4()))


async def granted(plan: MembershipPlan) -> set[str]:
    async with reading() as db:
        found = await benefits.granted_by(db, {plan.source})
    return {each.code for each in found.get(plan.source, [])}


async def refused(awaited: Any) -> tuple[RefusalCode, list[tuple[str, ...] | None]]:
    with pytest.raises(Refusal) as told:
        await awaited
    return told.value.code, [fault.field for fault in told.value.faults]


async def test_a_new_plan_is_sold_once_somebody_else_has_said_yes_to_it(
    author: StaffActor, approver: StaffActor, club: WantedPlan
) -> None:
    assert (await save(author, club, D)).status is D
    submitted = await save(author, club, L, 1)
    assert (submitted.version, submitted.status) == (1, S)
    async with reading() as db:
        waiting = [each for each in await approvals.waiting_for(db, approver) if each.subject == club.code]
        assert [(each.kind, each.title) for each in waiting] == [("plan", "The club: 30.00 CNY")]
        assert await plans.find(db, club.code) is None
    assert (await refused(approve(approver, submitted, "another")))[0] is RefusalCode.STALE
    assert (await approve(approver, submitted)).status is L
    assert (await approve(approver, submitted)).status is L
    assert await granted(submitted) == {"lounge", "city-ride"}


async def test_whoever_wrote_or_submitted_it_never_is_the_second_person(
    author: StaffActor, approver: StaffActor, club: WantedPlan
) -> None:
    colleague = await somebody(Role.MARKETING)
    await save(author, club, D)
    submitted = await save(colleague, club, S, 1)
    for own in (author, colleague):
        assert (await refused(approve(own, submitted)))[0] is RefusalCode.SECOND_PERSON_REQUIRED
    assert await versions(club.code) == [S]
    assert (await approve(await somebody(Role.MARKETING), submitted)).status is L


async def test_another_price_waits_while_the_old_one_is_sold(
    author: StaffActor, approver: StaffActor, club: WantedPlan
) -> None:
    first = await approve(approver, await save(author, club, S))
    dearer = replace(club, price=Money(3_500, "CNY"), benefit_codes=["lounge"])
    second = await save(author, dearer, L, 1)
    assert (second.version, second.status, await versions(club.code)) == (2, S, [L, S])
    await approve(approver, second)
    assert await versions(club.code) == [R, L]
    assert (await granted(first), await granted(second)) == ({"lounge", "city-ride"}, {"lounge"})


OTHER = [
    {"price": Money(2_999, "CNY")},
    {"period": PlanPeriod.YEAR},
    {"trial_days": 8},
    {"benefit_codes": ["lounge", "city-ride", "cinema-ticket"]},
    {"benefit_codes": ["lounge"]},
]


@pytest.mark.parametrize("other", OTHER)
async def test_whatever_it_costs_or_grants_takes_two(
    author: StaffActor, approver: StaffActor, club: WantedPlan, other: dict[str, Any]
) -> None:
    await approve(approver, await save(author, club, S))
    assert (await save(author, replace(club, **other), L, 1)).status is S


async def test_what_a_plan_is_to_grant_takes_two_also_where_a_benefit_says_so(
    author: StaffActor, approver: StaffActor, club: WantedPlan
) -> None:
    """Nobody's plan changes: whoever bought a version keeps what it granted then."""
    first = await approve(approver, await save(author, club, S))
    spa = replace(SPA, code=f"spa-{uuid4()}", plan_codes=[club.code])
    assert (await save_benefit(author, spa)).status is BenefitStatus.DRAFT
    assert (await versions(club.code), await granted(first)) == ([L, S], {"lounge", "city-ride"})
    second = await newest(club.code)
    assert (await refused(approve(author, second)))[0] is RefusalCode.SECOND_PERSON_REQUIRED
    await approve(approver, second)
    spa = replace(spa, quota=3)
    saved = await save_benefit(author, spa, 1)
    assert (saved.status, await versions(club.code)) == (BenefitStatus.LIVE, [R, L])
    assert (await granted(first), await granted(second)) == ({"lounge", "city-ride"}, {"lounge", "city-ride", spa.code})
    for version in (2, 3):
        await save_benefit(author, replace(spa, tier_codes=["BLACK"], plan_codes=[]), version)
        assert (await versions(club.code), spa.code in await granted(second)) == ([R, L, S], True)
    waits = refused(save_benefit(await somebody(Role.MARKETING), replace(spa, code=f"gym-{uuid4()}")))
    assert await waits == (RefusalCode.NOT_OPEN, [("input", "planCodes")])
    assert await granted(await approve(approver, await newest(club.code))) == {"lounge", "city-ride"}
    async with transaction() as db:
        await db.execute(update(Benefit).where(Benefit.code == spa.code).values(status=BenefitStatus.RETIRED))


async def test_another_name_is_live_at_once_and_the_same_is_no_version(
    author: StaffActor, approver: StaffActor, club: WantedPlan
) -> None:
    await approve(approver, await save(author, club, S))
    assert (await save(author, club, L, 1)).version == 1
    named = await save(author, replace(club, name=" The new club "), L, 1)
    assert (named.name, named.status, await versions(club.code)) == ("The new club", L, [R, L])


async def test_what_is_written_again_takes_the_place_of_what_waited(
    author: StaffActor, approver: StaffActor, club: WantedPlan
) -> None:
    first = await save(author, club, S)
    seen = replace(club, trial_days=0)
    await save(author, seen, S, 1)
    assert await versions(club.code) == [R, S]
    async with reading() as db:
        stale = (await wanted.hashes_of(db, {first.id}))[first.id]
    assert (await refused(approve(approver, first, stale)))[0] is RefusalCode.STALE


async def test_what_was_to_grant_a_benefit_that_retires_waits_for_a_word_on_what_is_left(
    author: StaffActor, approver: StaffActor, club: WantedPlan
) -> None:
    spa = await save_benefit(author, replace(SPA, code=f"spa-{uuid4()}", tier_codes=["BLACK"]))
    submitted = await save(author, replace(club, benefit_codes=["lounge", spa.code]), S)
    async with reading() as db:
        seen = (await wanted.hashes_of(db, {submitted.id}))[submitted.id]
    async with transaction() as db:
        await saving.retire(db, author, benefit_id=spa.id, expected_version=1)
    assert (await refused(approve(approver, submitted, seen)))[0] is RefusalCode.STALE
    assert (await refused(approve(approver, submitted)))[0] is RefusalCode.STALE
    again = await save(author, replace(club, benefit_codes=["lounge"]), S, 1)
    assert (again.version, await granted(await approve(approver, again))) == (1, {"lounge"})
    async with transaction() as db:
        await db.execute(update(Benefit).where(Benefit.code == spa.code).values(status=BenefitStatus.RETIRED))


async def test_what_its_benefits_cost_is_part_of_what_was_seen(
    author: StaffActor, approver: StaffActor, club: WantedPlan
) -> None:
    spa = replace(SPA, code=f"spa-{uuid4()}")
    await save_benefit(author, spa)
    submitted = await save(author, replace(club, benefit_codes=[spa.code]), S)
    async with reading() as db:
        seen = (await wanted.hashes_of(db, {submitted.id}))[submitted.id]
    await save_benefit(author, replace(spa, unit_cost=Money(800_000, "CNY")), 1)
    assert (await refused(approve(approver, submitted, seen)))[0] is RefusalCode.STALE
    assert (await refused(approve(approver, submitted)))[0] is RefusalCode.STALE
    for _ in range(2):
        assert (await save(author, replace(club, benefit_codes=[spa.code]), S, 1)).version == 1
    assert (await approve(approver, submitted)).status is L


async def test_a_no_makes_it_a_draft_again(author: StaffActor, approver: StaffActor, club: WantedPlan) -> None:
    submitted = await save(author, club, S)
    assert (await reject(approver, submitted)).status is D
    assert (await refused(approve(approver, submitted)))[0] is RefusalCode.NOT_OPEN
    assert (await refused(reject(approver, submitted)))[0] is RefusalCode.NOT_OPEN


async def test_the_end_of_its_sale_takes_back_what_waited_too(
    author: StaffActor, approver: StaffActor, club: WantedPlan
) -> None:
    await approve(approver, await save(author, club, S))
    await save(author, replace(club, trial_days=0), S, 1)
    assert (await save(author, club, R, 2)).version == 1
    assert await versions(club.code) == [R, R]
    async with reading() as db:
        assert [each.version for each in await offering.for_marketing(db) if each.code == club.code] == [2]


async def test_all_that_is_wrong_is_told_at_once_and_nothing_stays(author: StaffActor, club: WantedPlan) -> None:
    wrong = replace(club, name="", price=Money(0, "CNY"), trial_days=91, benefit_codes=["lounge", "moon"])
    fields = ("name", "price", "trialDays", "benefitCodes")
    assert await refused(save(author, wrong, L)) == (RefusalCode.INVALID, [("input", field) for field in fields])
    stale = (RefusalCode.STALE, [("input", "expectedVersion")])
    await save(author, club, D, key="the-same-key")
    assert await refused(save(author, club, D)) == stale
    assert (await save(author, club, D, key="the-same-key")).version == 1
    assert await versions(club.code) == [D]


async def test_every_step_says_who_took_it(author: StaffActor, approver: StaffActor, club: WantedPlan) -> None:
    await approve(approver, await save(author, club, S))
    async with reading() as db:
        its = select(Change).where(Change.noun == "plan", Change.subject.startswith(club.code)).order_by(Change.id)
        told = [(each.by_id, each.before, each.after) for each in (await db.execute(its)).scalars()]
    assert told[0][1:] == (None, club_content())
    assert told[1:] == [
        (author.staff_id, {"status": "DRAFT"}, {"status": "SUBMITTED"}),
        (approver.staff_id, {"status": "SUBMITTED"}, {"status": "LIVE"}),
    ]


def club_content() -> dict[str, Any]:
    return {
        "name": "The club",
        "price": "30.00",
        "currency": "CNY",
        "period": "QUARTER",
        "trialDays": 7,
        "benefits": ["city-ride", "lounge"],
    }
