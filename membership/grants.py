"""Grant: a person's hold on a benefit from one source. The benefit ends when the last grant does."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ForeignKey,
    Select,
    TableValuedAlias,
    Text,
    Uuid,
    and_,
    delete,
    exists,
    func,
    literal,
    select,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from infra import clock, lasting
from infra.database import Db
from infra.entity import Entity, OwnerId
from infra.loaders import ANY_KEY, NOW, is_any_pair, loader
from infra.privacy import Erasure, Export, Privacy
from infra.questions import Question, one_of
from infra.revisions import Raised, raises
from membership import quotas
from membership.benefits import HELD, LAST_ENDED, READING_ORDER, Benefit, BenefitSource, BenefitStatus
from membership.members import Member
from membership.quotas import BenefitUsage


@raises(Raised.OWNERS)
class Grant(Entity):
    __tablename__ = "grants"
    __privacy__ = Privacy(Export.GIVEN, Erasure.DELETED)

    user_id: Mapped[OwnerId]
    benefit_id: Mapped[UUID] = mapped_column(ForeignKey("benefits.id"), primary_key=True)
    source: Mapped[str] = mapped_column(primary_key=True)
    granted_at: Mapped[datetime]


# Whose, since when they are a member, since when nothing grants it any more, what, and how often it was used.
Holding = tuple[UUID, datetime, datetime | None, Benefit, int]


@dataclass(frozen=True)
class HeldBenefit:
    """`remaining` None: as often as one likes."""

    benefit: Benefit
    remaining: int | None
    resets_at: datetime | None


async def hold(db: Db, who: Sequence[tuple[UUID, str]]) -> None:
    """Grant people what a source grants, given as (user, source); what is held from it already stays as it is."""
    people = _people(who)
    granted = (
        select(people.c.user_id, Benefit.id, BenefitSource.source, literal(await clock.now(db)))
        .select_from(people)
        .join(BenefitSource, BenefitSource.source == people.c.source)
        .join(Benefit, Benefit.id == BenefitSource.benefit_id)
        .where(Benefit.status == BenefitStatus.LIVE, BenefitSource.ended_at.is_(None))
    )
    rows = insert(Grant).from_select(["user_id", "benefit_id", "source", "granted_at"], granted)
    await db.execute(rows.on_conflict_do_nothing())


async def give(db: Db, user_ids: Sequence[UUID], benefit_id: UUID, source: str) -> None:
    """Grant these people one benefit from this source; who holds it from it already keeps it as it is."""
    now = await clock.now(db)
    rows = [{"user_id": user_id, "benefit_id": benefit_id, "source": source, "granted_at": now} for user_id in user_ids]
    if rows:
        await db.execute(insert(Grant).values(rows).on_conflict_do_nothing())


async def release(db: Db, who: Sequence[tuple[UUID, str]]) -> None:
    """End what people hold from a source, given as (user, source)."""
    people = _people(who)
    gone = delete(Grant).where(Grant.user_id == people.c.user_id, Grant.source == people.c.source)
    await db.execute(gone.execution_options(synchronize_session=False))


def _people(who: Sequence[tuple[UUID, str]]) -> TableValuedAlias:
    """As a table of user and source, however many they are: the same statement, so its plan is made once."""
    user_ids, sources = ([each[place] for each in who] for place in (0, 1))
    arrays = literal(user_ids, ARRAY(Uuid())), literal(sources, ARRAY(Text()))
    return func.unnest(*arrays).table_valued("user_id", "source").render_derived()


# What grants a benefit outside of its sources, as a campaign does, does not end with them.
ITS_SOURCE = and_(BenefitSource.source == Grant.source, BenefitSource.benefit_id == Grant.benefit_id)


def _held() -> Select[UUID, datetime, datetime | None, Benefit, int]:
    holds = (
        select(Grant.user_id, Grant.benefit_id, LAST_ENDED.label("ended_at"))
        .outerjoin(BenefitSource, ITS_SOURCE)
        .where(Grant.user_id == ANY_KEY)
        .group_by(Grant.user_id, Grant.benefit_id)
        .subquery()
    )
    this_period = and_(
        BenefitUsage.user_id == ANY_KEY,  # or a plan may read everybody's uses, and join them
        BenefitUsage.user_id == holds.c.user_id,
        BenefitUsage.benefit_id == holds.c.benefit_id,
        BenefitUsage.period == quotas.period_column(NOW, Member.joined_at),
    )
    return (
        select(holds.c.user_id, Member.joined_at, holds.c.ended_at, Benefit, func.coalesce(BenefitUsage.used, 0))
        .join(Member, Member.user_id == holds.c.user_id)
        .join(Benefit, Benefit.id == holds.c.benefit_id)
        .outerjoin(BenefitUsage, this_period)
        .where(one_of(Benefit.status, HELD))
        .order_by(*READING_ORDER)
    )


HOLDINGS = Question(_held)


@loader(HOLDINGS)
async def held_by(
    db: Db | None, user_ids: set[UUID], now: datetime, rows: list[Holding]
) -> dict[UUID, list[HeldBenefit]]:
    """Everything that these people hold, each benefit once however many sources grant it."""
    held: defaultdict[UUID, list[HeldBenefit]] = defaultdict(list)
    lasting.until(quotas.next_period(now))
    for user_id, joined_at, ended_at, benefit, used in rows:
        if is_honoured(benefit, joined_at, now, ended_at):
            lasting.until(benefit.retires_at, quotas.next_change(joined_at, now))
            resets_at = quotas.resets_at(benefit, joined_at, now)
            held[user_id].append(HeldBenefit(benefit, quotas.remaining(benefit, used), resets_at))
    return held


def is_honoured(benefit: Benefit, joined_at: datetime, now: datetime, ended_at: datetime | None) -> bool:
    """Whether a benefit still counts: of one that retires, or whose last source ended, each keeps what they have until their own
    month or year is over, and nobody after `retires_at`.
    """
    if benefit.retires_at is not None and benefit.retires_at <= now:
        return False
    ends = (at for at in (benefit.retiring_at, ended_at) if at is not None)
    return all(now < quotas.period_ends_at(benefit, joined_at, at) for at in ends)


def _usage() -> Select[UUID, Benefit, datetime, int, bool, datetime | None]:
    this_period = and_(
        BenefitUsage.user_id == Member.user_id,
        BenefitUsage.benefit_id == Benefit.id,
        BenefitUsage.period == quotas.period_column(NOW, Member.joined_at),
    )
    its = and_(Grant.user_id == Member.user_id, Grant.benefit_id == Benefit.id)
    ended_at = select(LAST_ENDED).select_from(Grant).outerjoin(BenefitSource, ITS_SOURCE).where(its).scalar_subquery()
    used = func.coalesce(BenefitUsage.used, 0)
    return (
        select(Member.user_id, Benefit, Member.joined_at, used, exists().where(its), ended_at)
        .select_from(Member)
        .join(Benefit, is_any_pair(Member.user_id, Benefit.id))
        .outerjoin(BenefitUsage, this_period)
    )


@loader(Question(_usage))
async def uses_of(
    db: Db | None,
    keys: set[tuple[UUID, UUID]],
    now: datetime,
    rows: list[tuple[UUID, Benefit, datetime, int, bool, datetime | None]],
) -> dict[tuple[UUID, UUID], HeldBenefit]:
    """Benefits that were held at some time, by (user, benefit); of one that is held no more nothing remains."""
    found = {}
    for user_id, benefit, joined_at, used, is_held, ended_at in rows:
        is_left = is_held and is_honoured(benefit, joined_at, now, ended_at)
        lasting.until(benefit.retires_at if is_left else None, quotas.next_change(joined_at, now))
        left = quotas.remaining(benefit, used) if is_left else 0
        found[user_id, benefit.id] = HeldBenefit(benefit, left, quotas.resets_at(benefit, joined_at, now))
    return found
