"""Signal: what a rule said of a sighting. Staff say whether it was right, and so each rule's precision is known."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ForeignKey, Index, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from domain import changes
from domain.actors import StaffActor
from domain.permissions import Permission
from domain.risk import rules
from domain.risk.rules import RuleAction, RuleMode, SignalRule
from domain.risk.sightings import Sighting
from infra import clock, pruning
from infra.database import Db
from infra.entity import Entity, Id, Json, OwnerId
from infra.errors import not_found
from infra.ids import new_id
from infra.lifecycle import without_graph
from infra.privacy import Erasure, Export, Privacy
from infra.records import Record
from infra.words import N_

LASTS = timedelta(days=30)  # so long something follows from it


class SignalVerdict(StrEnum):
    RIGHT = "RIGHT"
    WRONG = "WRONG"


class Signal(Entity):
    """`evidence`: numbers that say why, and nothing that names anybody. `mode` and `action`: the rule's, when it spoke."""

    __tablename__ = "signals"
    __privacy__ = Privacy(Export.WITHHELD, Erasure.SHREDDED)
    __record__ = Record(later=("verdict", "judged_by", "judged_at"))

    user_id: Mapped[OwnerId]
    id: Mapped[Id]
    rule: Mapped[str]
    rule_version: Mapped[int]
    mode: Mapped[RuleMode]
    action: Mapped[RuleAction]
    at: Mapped[datetime]
    sighting_id: Mapped[UUID]
    session_id: Mapped[UUID]
    application_id: Mapped[UUID | None]
    evidence: Mapped[Json]
    verdict: Mapped[SignalVerdict | None] = mapped_column(
        default=None, info=without_graph("What staff says of it, and may say anew.")
    )
    judged_by: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"), default=None)
    judged_at: Mapped[datetime | None] = mapped_column(default=None)

    __table_args__ = (
        Index(None, "user_id", "rule", "sighting_id", unique=True),
        Index(None, "at"),
        Index(None, "id"),
        Index("ix_signals_waiting", "at", "id", postgresql_where=text("verdict IS NULL")),
    )


# A view of the migrations: whom no count counts, as those who are invented for a test.
IS_COUNTED = text("signals.user_id NOT IN (SELECT user_id FROM uncounted)")


class Suspect(NamedTuple):
    """Whom a rule speaks of, at which of their sightings, and why."""

    sighting: Sighting
    evidence: dict[str, int]


async def raise_each(db: Db, rule: SignalRule, suspects: Iterable[Suspect]) -> None:
    """Write down what a rule said; what it said of the same sighting before stays as it is."""
    now = await clock.now(db)
    rows = [
        {
            "user_id": sighting.user_id,
            "id": new_id(),
            "rule": rule.code,
            "rule_version": rule.version,
            "mode": rule.mode,
            "action": rule.action,
            "at": now,
            "sighting_id": sighting.id,
            "session_id": sighting.session_id,
            "application_id": sighting.application_id,
            "evidence": evidence,
        }
        for sighting, evidence in suspects
    ]
    if rows:
        await db.execute(insert(Signal).values(rows).on_conflict_do_nothing())


async def actions_for(db: Db, user_id: UUID) -> set[RuleAction]:
    """What follows for this person now: of rules that spoke within thirty days, that are live still, and were not wrong."""
    told = select(Signal.rule, Signal.action, Signal.verdict).where(
        Signal.user_id == user_id, Signal.mode == RuleMode.LIVE, Signal.at > await clock.now(db) - LASTS
    )
    spoken = [(rule, action) for rule, action, verdict in await db.execute(told) if verdict is not SignalVerdict.WRONG]
    if not spoken:
        return set()
    live = {code for code, rule in (await rules.current(db)).items() if rule.mode is RuleMode.LIVE}
    return {action for rule, action in spoken if rule in live}


async def judge(db: Db, actor: StaffActor, signal_id: UUID, verdict: SignalVerdict) -> Signal:
    """Say whether it was right; whoever says otherwise later is believed. Refuses NOT_ALLOWED and NOT_FOUND."""
    actor.require(Permission.ANSWER_SIGNALS)
    its = select(Signal).where(Signal.id == signal_id)
    signal = (await db.execute(its)).scalar_one_or_none()
    if signal is None:
        raise not_found(N_("We could not find this signal."), "signalId")
    before = {"verdict": signal.verdict}
    signal.verdict, signal.judged_by, signal.judged_at = verdict, actor.staff_id, await clock.now(db)
    await db.flush()
    await changes.record(db, actor, "signal", str(signal.id), before=before, after={"verdict": verdict})
    return signal


async def newest_for(db: Db, actor: StaffActor, limit: int) -> Sequence[Signal]:
    """What nobody has judged yet, the newest first."""
    actor.require(Permission.ANSWER_SIGNALS)
    unjudged = select(Signal).where(Signal.verdict.is_(None), IS_COUNTED).order_by(Signal.at.desc(), Signal.id.desc())
    return (await db.execute(unjudged.limit(limit))).scalars().all()


async def standing_for(db: Db, actor: StaffActor, user_id: UUID) -> Sequence[Signal]:
    """What rules that were live said of a person within thirty days and nobody found wrong, the newest first.

    A rule in the shadow sways nobody; and whoever may not know of signals gets none.
    """
    if not actor.may(Permission.ANSWER_SIGNALS):
        return ()
    theirs = select(Signal).where(Signal.user_id == user_id, Signal.mode == RuleMode.LIVE)
    standing = theirs.where(Signal.at > pruning.ago(LASTS), Signal.verdict.is_distinct_from(SignalVerdict.WRONG))
    return (await db.execute(standing.order_by(Signal.at.desc(), Signal.id.desc()))).scalars().all()


@dataclass(frozen=True)
class RuleCounts:
    """How often one rule spoke in a time, and how often staff found its signals right or wrong."""

    spoke: int = 0
    right: int = 0
    wrong: int = 0

    @property
    def precision(self) -> float | None:
        """The share that was right of what was judged; None where nothing was."""
        judged = self.right + self.wrong
        return self.right / judged if judged else None


async def counts(db: Db, since: datetime) -> dict[str, RuleCounts]:
    """How often each rule spoke since a time and was judged, by the rule's code."""
    spoke = func.count()
    right, wrong = (spoke.filter(Signal.verdict == verdict) for verdict in (SignalVerdict.RIGHT, SignalVerdict.WRONG))
    lately = select(Signal.rule, spoke, right, wrong).where(Signal.at >= since)
    told = lately.where(IS_COUNTED).group_by(Signal.rule)
    return {rule: RuleCounts(*numbers) for rule, *numbers in await db.execute(told)}
