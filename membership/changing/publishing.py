"""Publishing: approved rules become live at a time, everybody is judged by them, and one step leads back."""

from datetime import datetime, timedelta
from uuid import UUID

from domain.actors import StaffActor
from infra import clock, outbox, receipts, texts
from infra.database import Db
from infra.errors import Refusal, RefusalCode, invalid
from infra.words import N_
from membership import rules
from membership.changing import approving, drafting, reevaluations
from membership.rules import RulesStatus, TierRules

AT_ONCE = timedelta(minutes=10)  # clocks differ: so long ago is now
AHEAD_MAX = timedelta(days=365)
REASON_LENGTH_MAX = 500
AT = ("input", "effectiveAt")
OVERTAKEN = N_("Other rules have become live since these were simulated. Draft them again.")


async def publish(db: Db, actor: StaffActor, *, rules_id: UUID, effective_at: datetime, key: str) -> TierRules:
    """Schedule approved rules. Refuses NOT_FOUND, NOT_OPEN, INVALID, and STALE where other rules have become live since."""
    said = {"rules": rules_id, "at": effective_at}
    receipt = await receipts.claim(db, actor=actor.name, operation="publish_tier_rules", key=key, input=said)
    version = await approving.demand_locked(db, rules_id)
    if receipt.result_id is not None:
        return version
    now = await clock.now(db)
    if not now - AT_ONCE <= effective_at <= now + AHEAD_MAX:
        raise invalid(N_("Enter a time from now to a year ahead."), AT)
    rules.LIFE.require(version.status, RulesStatus.SCHEDULED, *approving.FIELD)
    if await approving.current_mark(db, version) is None:
        raise Refusal(RefusalCode.STALE, OVERTAKEN, field=approving.FIELD)
    if await rules.scheduled(db) is not None:
        raise Refusal(
            RefusalCode.NOT_OPEN, N_("Other rules are scheduled. Take them back first."), field=approving.FIELD
        )
    version.effective_at = max(now, effective_at)
    await rules.step(db, version, RulesStatus.SCHEDULED, actor, "")
    await outbox.announce(db, rules.PUBLICATION_DUE, subject_id=version.id, due_at=version.effective_at)
    receipt.result_id = version.id
    return version


async def go_live(db: Db, rules_id: UUID) -> None:
    """Make scheduled rules the live ones and begin to judge everybody; unless they were taken back, or overtaken."""
    version = await approving.demand_locked(db, rules_id)
    if version.status is not RulesStatus.SCHEDULED:
        return
    assert version.effective_at is not None and version.effective_at <= await clock.now(db), "its time has come"
    if await approving.current_mark(db, version) is None:
        await rules.step(db, version, RulesStatus.REJECTED, None, OVERTAKEN)
        return
    before = await rules.live(db)
    await rules.step(db, before, RulesStatus.SUPERSEDED, None, "")
    version.replaced_id = before.id
    await rules.step(db, version, RulesStatus.LIVE, None, "")
    await reevaluations.begin(db, version)


async def roll_back(db: Db, actor: StaffActor, *, from_id: UUID, to_id: UUID, reason: str, key: str) -> TierRules:
    """Take the live rules back: those before are live again, and everybody stands as they stood, or as they deserve since.

    Refuses NOT_FOUND, STALE where `from_id` is not live any more, NOT_OPEN where it did not take the place of `to_id`.
    """
    said = {"from": from_id, "to": to_id, "reason": reason}
    receipt = await receipts.claim(db, actor=actor.name, operation="roll_back_tier_rules", key=key, input=said)
    left = await approving.demand_locked(db, from_id)
    restored = await drafting.demand(db, to_id)
    if receipt.result_id is not None:
        return restored
    comment = texts.line(reason, REASON_LENGTH_MAX, ("input", "reason"))
    if left.status is not RulesStatus.LIVE:
        raise Refusal(RefusalCode.STALE, N_("These rules are not live any more."), field=("input", "from"))
    if left.replaced_id != restored.id:
        raise Refusal(
            RefusalCode.NOT_OPEN, N_("The live rules did not take the place of these."), field=("input", "to")
        )
    await rules.step(db, left, RulesStatus.SUPERSEDED, actor, comment)
    restored.effective_at, restored.replaced_id = await clock.now(db), None
    await rules.step(db, restored, RulesStatus.LIVE, actor, comment)
    await reevaluations.begin(db, restored, restores=left.version)
    receipt.result_id = restored.id
    return restored
