"""SignalRule: what makes a sighting suspicious, and what follows from it; data that two people change.

Each rule begins in the shadow: it is counted and shown to risk, and nothing follows until people have seen that it is right.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index, func, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Mapped, mapped_column

from domain import approvals, changes
from domain.actors import StaffActor
from domain.permissions import Permission
from infra import clock
from infra.database import Db
from infra.entity import Entity, Id, Json
from infra.errors import Refusal, RefusalCode, invalid, not_found
from infra.records import Record
from infra.words import N_

REASON_MAX = 500
CHANGE = approvals.declare(
    "change-signal-rule", proposes=Permission.ANSWER_SIGNALS, approves=Permission.APPROVE_SIGNAL_RULES
)


class RuleMode(StrEnum):
    OFF = "OFF"
    SHADOW = "SHADOW"
    LIVE = "LIVE"


class RuleAction(StrEnum):
    """What follows from a signal of a live rule, at the person's next application. Never anything about their score."""

    NOTHING = "NOTHING"
    STEP_UP = "STEP_UP"
    REFER = "REFER"


@dataclass(frozen=True)
class SignalRule:
    """`parameters` are positive numbers, each with its meaning. Nothing is in force yet of version 0."""

    code: str
    title: str
    action: RuleAction
    parameters: Mapping[str, float]
    mode: RuleMode = RuleMode.SHADOW
    version: int = 0


TRAVEL = SignalRule(
    "IMPOSSIBLE_TRAVEL",
    N_("Signed in on another device farther away than anybody travels in the time between"),
    RuleAction.STEP_UP,
    {"km_at_least": 500, "km_per_hour": 1000, "hours": 24},
)
CLUSTER = SignalRule(
    "DEVICE_CLUSTER",
    N_("More people on one device than a family has, who came within days of each other"),
    RuleAction.REFER,
    {"people": 4, "days": 30, "new": 3, "new_days": 7},
)
RUSH = SignalRule(
    "NETWORK_RUSH",
    N_("Many people registered from one network within an hour, which had few before"),
    RuleAction.STEP_UP,
    {"people": 10, "minutes": 60, "share_of_known": 0.2, "known_days": 30},
)
APPLICATIONS = SignalRule(
    "DEVICE_APPLICATIONS",
    N_("Several people applied on one device within a day"),
    RuleAction.REFER,
    {"people": 3, "hours": 24},
)
RULES = {rule.code: rule for rule in (TRAVEL, CLUSTER, RUSH, APPLICATIONS)}


class RuleChange(Entity):
    """Another form of a rule, which is the rule once `in_force_at` is there: a second person has agreed to it."""

    __tablename__ = "signal_rule_changes"
    __record__ = Record(later=("in_force_at",), closed_by="in_force_at")

    id: Mapped[Id] = mapped_column(init=False)
    code: Mapped[str]
    version: Mapped[int]
    mode: Mapped[RuleMode]
    action: Mapped[RuleAction]
    parameters: Mapped[Json]
    reason: Mapped[str]
    proposed_by: Mapped[UUID] = mapped_column(ForeignKey("staff.id"))
    proposed_at: Mapped[datetime]
    in_force_at: Mapped[datetime | None] = mapped_column(default=None)

    __table_args__ = (Index(None, "code", "version", unique=True),)

    @property
    def hash(self) -> str:
        """A hash of all that a second person says yes to."""
        return approvals.hash_of([str(self.id), self.code, self.mode, self.action, self.parameters, self.reason])


async def current(db: Db) -> dict[str, SignalRule]:
    """Each rule as it is in force now, by its code."""
    newest = select(RuleChange).where(RuleChange.in_force_at.is_not(None)).ext(distinct_on(RuleChange.code))
    changed = {
        each.code: each
        for each in (await db.execute(newest.order_by(RuleChange.code, RuleChange.version.desc()))).scalars()
    }
    return {code: _changed(rule, changed.get(code)) for code, rule in RULES.items()}


def _changed(rule: SignalRule, change: RuleChange | None) -> SignalRule:
    if change is None:
        return rule
    parameters = {name: change.parameters.get(name, value) for name, value in rule.parameters.items()}
    return SignalRule(rule.code, rule.title, change.action, parameters, change.mode, change.version)


def _content(rule: SignalRule) -> dict[str, object]:
    return {"mode": rule.mode, "action": rule.action, **rule.parameters}


async def propose(
    db: Db,
    actor: StaffActor,
    code: str,
    mode: RuleMode,
    action: RuleAction,
    parameters: Mapping[str, float],
    reason: str,
) -> RuleChange:
    """Ask a second person to agree to another form of a rule. Refuses NOT_ALLOWED, NOT_FOUND, INVALID, and NOT_OPEN where
    another change of it waits.
    """
    rule = RULES.get(code)
    if rule is None:
        raise not_found(N_("There is no such rule."), "code")
    if not 0 < len(reason) <= REASON_MAX:
        raise invalid(N_("Say why, in 1 to {most} characters."), "reason", most=REASON_MAX)
    for name in rule.parameters:
        if name not in parameters or not 0 < parameters[name] < 1_000_000:
            raise invalid(N_("This must be a number above zero."), name)
    # Two who change one rule at once wait for each other here, and the later one is told that a change waits.
    await db.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"{CHANGE.name} {code}"))))
    before = select(RuleChange.version).where(RuleChange.code == code).order_by(RuleChange.version.desc()).limit(1)
    change = RuleChange(
        code=code,
        version=((await db.execute(before)).scalar_one_or_none() or 0) + 1,
        mode=mode,
        action=action,
        parameters={name: parameters[name] for name in rule.parameters},
        reason=reason,
        proposed_by=actor.staff_id,
        proposed_at=await clock.now(db),
    )
    db.add(change)
    await db.flush()
    title = f"{code}: {mode}, {action}"
    await approvals.propose(db, actor, CHANGE, subject=code, hash=change.hash, title=title)
    return change


async def approve(db: Db, actor: StaffActor, change_id: UUID, seen: str) -> RuleChange:
    """Agree to it: it is the rule from now on. Refuses NOT_FOUND and what `approvals.approve` does."""
    change = await _waiting(db, change_id)
    await approvals.approve(db, actor, CHANGE, subject=change.code, seen=seen, now=change.hash)
    rule = (await current(db))[change.code]
    change.in_force_at = await clock.now(db)
    before, after = _content(rule), _content(_changed(rule, change))
    await changes.record(db, actor, CHANGE.name, change.code, before=before, after=after)
    return change


async def reject(db: Db, actor: StaffActor, change_id: UUID) -> RuleChange:
    """Say no to it, and to no other change of the rule that waits by now. Refuses NOT_FOUND, and NOT_OPEN what was decided."""
    change = await _waiting(db, change_id)
    if not await approvals.waits(db, CHANGE, subject=change.code, hash=change.hash):
        raise Refusal(RefusalCode.NOT_OPEN, N_("This was not proposed, or has already been decided."))
    await approvals.reject(db, actor, CHANGE, subject=change.code)
    return change


async def waiting(db: Db) -> dict[str, RuleChange]:
    """The change of each rule that waits for a second person."""
    given = await approvals.history(db, CHANGE, {*RULES})
    undecided = [code for code, told in given.items() if any(each.verdict is None for each in told)]
    newest = select(RuleChange).where(RuleChange.code.in_(undecided)).ext(distinct_on(RuleChange.code))
    rows = await db.execute(newest.order_by(RuleChange.code, RuleChange.version.desc()))
    return {each.code: each for each in rows.scalars()}


async def _waiting(db: Db, change_id: UUID) -> RuleChange:
    change = await db.get(RuleChange, change_id, with_for_update=True)
    if change is None or change.in_force_at is not None:
        raise not_found(N_("There is no such change that waits."), "changeId")
    return change
