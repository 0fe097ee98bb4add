"""Approving: the author submits what a simulation shows, and somebody else says yes to exactly that."""

from uuid import UUID

from domain import approvals
from domain.actors import StaffActor
from domain.permissions import Permission
from infra.database import Db
from infra.errors import Refusal, RefusalCode
from infra.words import N_
from membership import rules, wishes
from membership.changing import drafting, simulations
from membership.changing.simulations import Simulation
from membership.rules import RulesStatus, TierRules

TIER_RULES = approvals.declare(
    "tier-rules", proposes=Permission.CHANGE_MEMBERSHIP, approves=Permission.APPROVE_MEMBERSHIP, tells_itself=True
)
FIELD = ("input", "tierRulesId")
NOT_SIMULATED = N_("Simulate these rules against the live ones first, and wait until that is done.")


async def submit(db: Db, actor: StaffActor, *, rules_id: UUID, comment: str) -> TierRules:
    """Propose rules with their newest simulation; after another simulation, again. Refuses NOT_FOUND, NOT_OPEN, INVALID."""
    wishes.check_comment(comment)
    version = await demand_locked(db, rules_id)
    subject, mark = str(version.id), await current_mark(db, version)
    if mark is None:
        raise Refusal(RefusalCode.NOT_OPEN, NOT_SIMULATED, field=FIELD)
    if version.status is not RulesStatus.SUBMITTED:
        await rules.step(db, version, RulesStatus.SUBMITTED, actor, comment, *FIELD)
    elif await approvals.waits(db, TIER_RULES, subject=subject, hash=mark):
        return version
    else:
        await approvals.reject(db, actor, TIER_RULES, subject=subject, comment=comment)
    title = f"{version.version}: {version.note}"
    await approvals.propose(db, actor, TIER_RULES, subject=subject, hash=mark, title=title)
    return version


async def approve(db: Db, actor: StaffActor, *, rules_id: UUID, seen: str, comment: str) -> TierRules:
    """Say yes to the simulation of this hash. Refuses NOT_FOUND, NOT_OPEN, STALE, and SECOND_PERSON_REQUIRED to whoever
    drafted or submitted them.
    """
    wishes.check_comment(comment)
    version = await demand_locked(db, rules_id)
    if version.author_id == actor.staff_id:
        raise Refusal(RefusalCode.SECOND_PERSON_REQUIRED, approvals.OWN)
    if await approvals.was_approved_by(db, actor, TIER_RULES, subject=str(version.id), hash=seen):
        return version
    mark = await current_mark(db, version) or ""
    await approvals.approve(db, actor, TIER_RULES, subject=str(version.id), seen=seen, now=mark, comment=comment)
    await rules.step(db, version, RulesStatus.APPROVED, actor, comment)
    return version


async def reject(db: Db, actor: StaffActor, *, rules_id: UUID, comment: str) -> TierRules:
    """Say no, or take back what was approved or scheduled and is not live. Refuses NOT_FOUND, NOT_OPEN, INVALID."""
    wishes.check_comment(comment)
    version = await demand_locked(db, rules_id)
    if version.status is RulesStatus.SUBMITTED:
        await approvals.reject(db, actor, TIER_RULES, subject=str(version.id), comment=comment)
    await rules.step(db, version, RulesStatus.REJECTED, actor, comment, *FIELD)
    return version


async def current_mark(db: Db, version: TierRules) -> str | None:
    """The hash of the newest simulation; None where there is none, or other rules have become live since."""
    newest: Simulation | None = (await simulations.newest(db, {version.id})).get(version.id)
    if newest is None or newest.hash is None or newest.against_id != (await rules.live(db)).id:
        return None
    return newest.hash


async def demand_locked(db: Db, rules_id: UUID) -> TierRules:
    """A version, while nobody else changes any. Refuses NOT_FOUND."""
    await rules.lock(db)
    return await drafting.demand(db, rules_id)
