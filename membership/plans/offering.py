"""Offering: marketing writes a plan, a second person says yes to what it costs and grants, and it is sold until it is retired.

Each version has a price and benefits of its own. Whoever bought one keeps it: another version reaches nobody who pays already.
"""

from collections.abc import Collection
from dataclasses import asdict

from sqlalchemy import insert, select

from domain import approvals, changes
from domain.actors import StaffActor
from domain.permissions import Permission
from infra import clock, receipts
from infra.database import Db
from infra.errors import Refusal, RefusalCode, not_found
from infra.ids import new_id
from infra.words import N_
from membership import benefits, rules, wishes
from membership.benefits import Benefit, BenefitSource, BenefitStatus
from membership.plans import plans
from membership.plans import wanted as wanted_plans
from membership.plans.plans import LIFE, MembershipPlan, OfferedStatus
from membership.plans.wanted import WantedPlan

PLAN = approvals.declare(
    "plan", proposes=Permission.CHANGE_MEMBERSHIP, approves=Permission.APPROVE_MEMBERSHIP, tells_itself=True
)
CODE, PLAN_CODES = ("input", "code"), ("input", "planCodes")
WAITS = N_("Somebody else's version of {plan} waits. Let it be decided on first.")


async def save(
    db: Db, actor: StaffActor, wanted: WantedPlan, *, status: OfferedStatus, expected_version: int | None, key: str
) -> MembershipPlan:
    """A new version, as a draft, submitted, or live; what costs or grants otherwise than what is sold waits for a second person
    instead of being live. RETIRED ends the sale of what is sold.

    Refuses INVALID, NOT_FOUND a version of what is not there, STALE another version than the newest, NOT_OPEN.
    """
    said = {**asdict(wanted), "status": status, "expected_version": expected_version}
    receipt = await receipts.claim(db, actor=actor.name, operation="save_plan", key=key, input=said)
    if receipt.result_id is not None:
        return await db.get_one(MembershipPlan, receipt.result_id)
    await rules.lock(db)
    versions = await _versions(db, wanted.code)
    newest = versions[-1] if versions else None
    wishes.refuse_other_version(newest.version if newest else None, expected_version)
    if status is OfferedStatus.RETIRED:
        saved = await _retire(db, actor, versions)
    else:
        checked, granted = await wanted_plans.check(db, wanted)
        saved = await _write(db, actor, checked, granted, newest)
        await _bring(db, actor, saved, versions, status)
    receipt.result_id = saved.id
    return saved


async def approve(db: Db, actor: StaffActor, *, code: str, seen: str, comment: str) -> MembershipPlan:
    """Say yes to the submitted version of this hash: it is sold from now on. Refuses NOT_FOUND, NOT_OPEN, STALE, and
    SECOND_PERSON_REQUIRED to whoever wrote or submitted it.
    """
    wishes.check_comment(comment)
    versions = await _demand(db, code)
    newest = versions[-1]
    if newest.author_id == actor.staff_id:
        raise Refusal(RefusalCode.SECOND_PERSON_REQUIRED, approvals.OWN)
    if await approvals.was_approved_by(db, actor, PLAN, subject=code, hash=seen):
        return newest
    mark = (await wanted_plans.hashes_of(db, {newest.id}))[newest.id]
    await approvals.approve(db, actor, PLAN, subject=code, seen=seen, now=mark, comment=comment)
    await _go_live(db, actor, newest, versions)
    return newest


async def reject(db: Db, actor: StaffActor, *, code: str, comment: str) -> MembershipPlan:
    """Say no to what is submitted, or take it back: it is a draft again. Refuses NOT_FOUND, NOT_OPEN."""
    wishes.check_comment(comment)
    newest = (await _demand(db, code))[-1]
    await approvals.reject(db, actor, PLAN, subject=code, comment=comment)
    await _move(db, actor, newest, OfferedStatus.DRAFT)
    return newest


async def propose_granting(db: Db, actor: StaffActor, benefit: Benefit, codes: Collection[str]) -> None:
    """Let plans of these codes grant this benefit, and no other plan: of each that does otherwise now another version waits for
    a second person, and reaches nobody who pays already. Refuses NOT_OPEN where somebody else's version waits.
    """
    going = set((await benefits.sources_of(db, [benefit.id])).get(benefit.id, []))
    for sold in await plans.offered(db):
        is_wanted = sold.code in codes
        if is_wanted is not (sold.source in going):
            await _propose_granting(db, actor, sold, benefit.code, is_wanted=is_wanted)


async def for_marketing(db: Db) -> list[MembershipPlan]:
    """What is sold and what waits, by code; of a plan that is not sold any more its last version."""
    every = select(MembershipPlan).order_by(MembershipPlan.code, MembershipPlan.version)
    versions = list((await db.execute(every)).scalars())
    last = {plan.code: plan for plan in versions}
    going = {plan.code for plan in versions if plan.status is not OfferedStatus.RETIRED}
    return [
        plan
        for plan in versions
        if plan.status is not OfferedStatus.RETIRED or (plan.code not in going and plan is last[plan.code])
    ]


async def _versions(db: Db, code: str) -> list[MembershipPlan]:
    """All versions of a plan, the oldest first."""
    its = select(MembershipPlan).where(MembershipPlan.code == code).order_by(MembershipPlan.version)
    return list((await db.execute(its.execution_options(populate_existing=True))).scalars())


async def _demand(db: Db, code: str) -> list[MembershipPlan]:
    await rules.lock(db)
    versions = await _versions(db, code)
    if not versions:
        raise not_found(N_("We could not find this plan."), CODE)
    return versions


async def _write(
    db: Db, actor: StaffActor, wanted: WantedPlan, granted: list[Benefit], newest: MembershipPlan | None
) -> MembershipPlan:
    """A draft in the place of one that waited; the newest itself where it says the same."""
    before = (await wanted_plans.contents_of(db, {newest.id}))[newest.id] if newest else None
    if newest and newest.status is not OfferedStatus.RETIRED and before == wanted.content:
        return newest
    if newest and newest.status in LIFE.groups["undecided"]:
        await _withdraw(db, actor, newest)
    made = MembershipPlan(
        id=new_id(),
        code=wanted.code,
        version=newest.version + 1 if newest else 1,
        name=wanted.name,
        price_minor=wanted.price.minor,
        currency=wanted.price.currency,
        period=wanted.period,
        trial_days=wanted.trial_days,
        created_at=await clock.now(db),
        status=OfferedStatus.DRAFT,
        author_id=actor.staff_id,
    )
    db.add(made)
    await db.flush()
    if granted:
        rows = [{"source": made.source, "benefit_id": benefit.id} for benefit in granted]
        await db.execute(insert(BenefitSource), rows)
    await changes.record(db, actor, "plan", made.code, before=before, after=wanted.content)
    return made


async def _propose_granting(
    db: Db, actor: StaffActor, sold: MembershipPlan, benefit_code: str, *, is_wanted: bool
) -> None:
    """In the place of what waits of theirs already, and like it in all else; a draft stays one."""
    versions = await _versions(db, sold.code)
    newest = versions[-1]
    base = newest if newest.status in LIFE.groups["undecided"] else sold
    before = set((await wanted_plans.contents_of(db, {base.id}))[base.id]["benefits"])
    after = before | {benefit_code} if is_wanted else before - {benefit_code}
    if after != before:
        if base is not sold and base.author_id != actor.staff_id:
            # Else its author could approve what they wrote, as it would be somebody else's version then.
            raise Refusal(RefusalCode.NOT_OPEN, WAITS, field=PLAN_CODES, plan=base.code)
        granted = await wanted_plans.grantable(db, after)
        codes = [each.code for each in granted]
        asked = WantedPlan(base.code, base.name, base.price, base.period, base.trial_days, codes)
        saved = await _write(db, actor, asked, granted, newest)
        is_draft = base.status is OfferedStatus.DRAFT
        await _bring(db, actor, saved, versions, OfferedStatus.DRAFT if is_draft else OfferedStatus.SUBMITTED)


async def _withdraw(db: Db, actor: StaffActor, undecided: MembershipPlan) -> None:
    if undecided.status is OfferedStatus.SUBMITTED:
        await approvals.reject(db, actor, PLAN, subject=undecided.code)
    await LIFE.move(db, undecided, OfferedStatus.RETIRED)
    await db.flush()


async def _bring(
    db: Db, actor: StaffActor, saved: MembershipPlan, versions: list[MembershipPlan], status: OfferedStatus
) -> None:
    """To where it was wanted; or to a second person, where more than its name is another than what is sold has."""
    mark = (await wanted_plans.hashes_of(db, {saved.id}))[saved.id]
    if saved.status is OfferedStatus.LIVE or saved.status is status is OfferedStatus.DRAFT:
        return
    if saved.status is status and await approvals.waits(db, PLAN, subject=saved.code, hash=mark):
        return
    if saved.status is OfferedStatus.SUBMITTED:
        await approvals.reject(db, actor, PLAN, subject=saved.code)
        await _move(db, actor, saved, OfferedStatus.DRAFT)
    sold = next((each for each in versions if each.status is OfferedStatus.LIVE), None)
    if status is OfferedStatus.LIVE and sold is not None and await _differ_in_name_alone(db, sold, saved):
        await _go_live(db, actor, saved, versions)
    elif status is not OfferedStatus.DRAFT:
        await _move(db, actor, saved, OfferedStatus.SUBMITTED)
        title = f"{saved.name}: {saved.price} {saved.currency}"
        await approvals.propose(db, actor, PLAN, subject=saved.code, hash=mark, title=title)


async def _go_live(db: Db, actor: StaffActor, plan: MembershipPlan, versions: list[MembershipPlan]) -> None:
    for sold in versions:
        if sold.status is OfferedStatus.LIVE:
            await LIFE.move(db, sold, OfferedStatus.RETIRED)
    await db.flush()
    await _give_drafts_life(db, plan)
    await _move(db, actor, plan, OfferedStatus.LIVE)


async def _give_drafts_life(db: Db, plan: MembershipPlan) -> None:
    its = select(Benefit).join(BenefitSource, BenefitSource.benefit_id == Benefit.id)
    drafts = its.where(BenefitSource.source == plan.source, Benefit.status == BenefitStatus.DRAFT)
    for draft in (await db.execute(drafts)).scalars():
        await benefits.LIFE.move(db, draft, BenefitStatus.LIVE)


async def _retire(db: Db, actor: StaffActor, versions: list[MembershipPlan]) -> MembershipPlan:
    if not versions:
        raise not_found(N_("We could not find this plan."), CODE)
    if versions[-1].status in LIFE.groups["undecided"]:
        await _withdraw(db, actor, versions[-1])
    sold = next((each for each in versions if each.status is OfferedStatus.LIVE), None)
    if sold is not None:
        await _move(db, actor, sold, OfferedStatus.RETIRED)
    return sold or versions[-1]


async def _move(db: Db, actor: StaffActor, plan: MembershipPlan, to: OfferedStatus) -> None:
    before = plan.status
    await LIFE.move(db, plan, to)
    subject = f"{plan.code} {plan.version}"
    await changes.record(db, actor, "plan", subject, before={"status": before}, after={"status": to})


async def _differ_in_name_alone(db: Db, sold: MembershipPlan, saved: MembershipPlan) -> bool:
    """Whatever else changes, a second person is asked: dearer benefits cost as a lower price does."""
    contents = await wanted_plans.contents_of(db, {sold.id, saved.id})
    return {**contents[sold.id], "name": ""} == {**contents[saved.id], "name": ""}
