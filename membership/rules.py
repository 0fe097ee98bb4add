"""TierRules: what each tier asks for, in published versions of which one is live."""

from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Select, select, text
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from domain import changes
from domain.actors import StaffActor
from infra import clock
from infra.database import Db
from infra.entity import Entity, Id
from infra.events import declare
from infra.lifecycle import Lifecycle, Move
from infra.records import Record
from infra.reference import Reference
from infra.revisions import Raised, raises
from infra.words import N_
from membership.tiers import Tier


class RulesStatus(StrEnum):
    DRAFT = "DRAFT"
    SUBMITTED = "SUBMITTED"
    APPROVED = "APPROVED"
    SCHEDULED = "SCHEDULED"
    LIVE = "LIVE"
    SUPERSEDED = "SUPERSEDED"
    REJECTED = "REJECTED"


PUBLICATION_DUE = declare("tier_rules.publication_due")
S = RulesStatus
LIFE = Lifecycle(
    "Tier rules",
    Move([S.DRAFT], S.SUBMITTED, refused=N_("These rules are no draft any more.")),
    Move([S.SUBMITTED], S.APPROVED),
    Move([S.SUBMITTED, S.APPROVED, S.SCHEDULED], S.REJECTED, refused=N_("These rules do not wait for anybody's word.")),
    Move([S.APPROVED], S.SCHEDULED, refused=N_("Somebody else must approve these rules first.")),
    Move([S.SCHEDULED, S.SUPERSEDED], S.LIVE, at="effective_at", due=PUBLICATION_DUE),
    Move([S.LIVE], S.SUPERSEDED),
    begins=S.DRAFT,
    ends=[S.REJECTED],
    groups={"changeable": [S.DRAFT, S.SUBMITTED]},
)


@raises(Raised.EVERYBODYS)
class TierRule(Entity):
    """What one version asks for one tier. `grace_days`: how long the tier is kept by who falls below it."""

    __tablename__ = "tier_rules"
    __record__ = Record()

    rules_id: Mapped[UUID] = mapped_column(
        ForeignKey("tier_rules_versions.id", ondelete="CASCADE"), primary_key=True, init=False
    )
    tier_code: Mapped[str] = mapped_column(ForeignKey("tiers.code"), primary_key=True)
    points_at_least: Mapped[int]
    activity_at_least: Mapped[int]
    grace_days: Mapped[int]
    tier: Mapped[Tier] = relationship(lazy="joined", innerjoin=True, init=False)

    __table_args__ = (
        CheckConstraint("points_at_least >= 0 AND activity_at_least >= 0 AND grace_days >= 0", "not_negative"),
    )

    @property
    def grace(self) -> timedelta:
        return timedelta(days=self.grace_days)


@raises(Raised.EVERYBODYS)
class TierRules(Entity):
    """One version. Its rules never change: another wish is another version. `replaced_id`: what it took the place of, and
    what one step back leads to; None where there is no step back.
    """

    __tablename__ = "tier_rules_versions"
    __record__ = Record(later=("status", "effective_at", "replaced_id"))

    id: Mapped[Id]
    version: Mapped[int] = mapped_column(unique=True)
    status: Mapped[RulesStatus]
    note: Mapped[str]
    created_at: Mapped[datetime]
    author_id: Mapped[UUID | None] = mapped_column(default=None)  # None: the house's first version
    effective_at: Mapped[datetime | None] = mapped_column(default=None)
    replaced_id: Mapped[UUID | None] = mapped_column(default=None)
    rules: Mapped[list[TierRule]] = relationship(lazy="selectin", default_factory=list)

    __table_args__ = (
        # Two publications at once: the second finds this taken.
        Index("uq_tier_rules_versions_live", "status", unique=True, postgresql_where=text("status = 'LIVE'")),
        Index("uq_tier_rules_versions_scheduled", "status", unique=True, postgresql_where=text("status = 'SCHEDULED'")),
    )

    @property
    def ladder(self) -> list[TierRule]:
        """The rules of a version, lowest tier first."""
        return sorted(self.rules, key=lambda rule: rule.tier.rank)

    def of(self, tier_code: str) -> TierRule | None:
        return next((rule for rule in self.rules if rule.tier_code == tier_code), None)

    def judge(self) -> Callable[[int, int], Tier]:
        """Tells the highest tier whose rule points and activity meet; the lowest is everybody's, whatever its rule says.

        For many people: the rules are read once.
        """
        lowest, *higher = [(rule.points_at_least, rule.activity_at_least, rule.tier) for rule in self.ladder]
        highest_first = higher[::-1]

        def reached_by(points: int, activity: int) -> Tier:
            for points_at_least, activity_at_least, tier in highest_first:
                if points >= points_at_least and activity >= activity_at_least:
                    return tier
            return lowest[2]

        return reached_by

    def above(self, tier: Tier) -> TierRule | None:
        return next((rule for rule in self.ladder if rule.tier.rank > tier.rank), None)


class TierRulesMove(Entity):
    """A step of a version, by whom and in which words; nobody where time alone made it."""

    __tablename__ = "tier_rules_moves"
    __record__ = Record()

    id: Mapped[Id] = mapped_column(init=False)
    rules_id: Mapped[UUID] = mapped_column(ForeignKey("tier_rules_versions.id"), index=True)
    at: Mapped[datetime]
    status: Mapped[RulesStatus]
    by_id: Mapped[UUID | None]
    comment: Mapped[str]


_LIVE: Reference[TierRules] = Reference()


async def recall(db: Db | None) -> TierRules:
    """The version in force, for who only reads: from memory while nobody has changed anything."""
    return await _LIVE.current(db, live)


async def lock(db: Db) -> None:
    """Lock all rules: until this transaction ends nobody else drafts, publishes or rolls back: the lowest tier stands for all rules."""
    await db.execute(select(Tier.code).where(Tier.rank == 1).with_for_update(key_share=True))


async def hold(db: Db) -> None:
    """Let no other rules become live until this transaction ends; those who judge by them do not wait for each other."""
    live_one = select(TierRules.id).where(TierRules.status == RulesStatus.LIVE)
    await db.execute(live_one.with_for_update(read=True))


async def step(
    db: Db, version: TierRules, to: RulesStatus, actor: StaffActor | None, comment: str, *field: str
) -> None:
    """Take a version to another state and write down who did. Refuses as its graph does."""
    before = version.status
    await LIFE.move(db, version, to, *field)
    if actor is not None:
        after = {"status": to, "comment": comment} if comment else {"status": to}
        await changes.record(db, actor, "tier-rules", str(version.version), before={"status": before}, after=after)
    db.add(
        TierRulesMove(
            rules_id=version.id,
            at=await clock.now(db),
            status=to,
            by_id=actor.staff_id if actor else None,
            comment=comment,
        )
    )
    await db.flush()


async def find(db: Db, rules_id: UUID) -> TierRules | None:
    """Any version, as it is now."""
    return await db.get(TierRules, rules_id, populate_existing=True)


def all_versions() -> Select[TierRules]:
    return select(TierRules)


async def steps_of(db: Db, rules_ids: set[UUID]) -> dict[UUID, list[TierRulesMove]]:
    """The steps of each, oldest first; of who was only drafted there are none."""
    found: dict[UUID, list[TierRulesMove]] = {}
    mine = select(TierRulesMove).where(TierRulesMove.rules_id.in_(rules_ids)).order_by(TierRulesMove.id)
    for made in (await db.execute(mine)).scalars():
        found.setdefault(made.rules_id, []).append(made)
    return found


async def scheduled(db: Db) -> TierRules | None:
    """The version that waits for its time."""
    waiting = select(TierRules).where(TierRules.status == RulesStatus.SCHEDULED)
    return (await db.execute(waiting)).scalar_one_or_none()


async def live(db: Db) -> TierRules:
    """The version in force, with all its rules, in one round trip."""
    with_rules = joinedload(TierRules.rules).joinedload(TierRule.tier, innerjoin=True)
    in_force = select(TierRules).where(TierRules.status == RulesStatus.LIVE).options(with_rules)
    return (await db.execute(in_force)).unique().scalar_one()
