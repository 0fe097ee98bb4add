"""Lookup: somebody's look at a score, grade or fact of another person, and what a partner told of them. Every one is kept.

What a person looks up of themselves, and what the house works out by itself, is no lookup.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Index, Select, select, tuple_
from sqlalchemy.orm import Mapped, mapped_column

from domain.actors import UserActor
from domain.consent.consents import ConsentScope, Purpose
from domain.credit.grades import Grade
from domain.evidence import leaves
from domain.evidence.leaves import Evidence, EvidenceKind
from infra import clock, outbox, vault, writing
from infra.database import Db, reading, transaction
from infra.entity import Entity, Id, OwnerId
from infra.ids import new_id
from infra.privacy import Erasure, Export, Privacy
from infra.records import Record
from infra.revisions import Raised, raises
from infra.settings import settings
from infra.vault import PersonKey

T = TypeVar("T")
Key = tuple[UUID, UUID]  # user, and on account of what: a consent, an application or a dispute
SAME_FOR = timedelta(hours=24)
LATELY = timedelta(minutes=10)  # longer than any transaction is let last
MOST = 200


class LookupKind(StrEnum):
    """What somebody looks for."""

    CHECK = "CHECK"  # a partner: whether the grade is at least so good
    REPORT = "REPORT"  # a partner: the grade, and what it is made of
    ANSWER = "ANSWER"  # a partner who is to answer an application: the grade
    REVIEW = "REVIEW"  # a member of staff who reviews one: grade, points, and what is known in bands
    DISPUTE = "DISPUTE"  # a member of staff who answers a dispute: the facts behind one factor
    MEMBERSHIP = "MEMBERSHIP"  # a member of staff who looks at somebody's membership: tier, history and benefits
    CONTRIBUTION = "CONTRIBUTION"  # a partner, who looks for nothing: they tell facts of the person


OF_FACTS = frozenset({LookupKind.DISPUTE, LookupKind.MEMBERSHIP})  # what is told is no grade


class LookupAnswer(StrEnum):
    YES = "YES"
    NO = "NO"
    UNKNOWN = "UNKNOWN"
    REPORT = "REPORT"
    TAKEN = "TAKEN"  # of a contribution: what they told was written down
    REFUSED = "REFUSED"


@dataclass(frozen=True)
class Looker:
    """Who looks, and for what: a partner or a member of staff."""

    kind: LookupKind
    partner_id: UUID | None = None
    staff_id: UUID | None = None


@raises(Raised.OWNERS)
class Lookup(Entity):
    """`subject_id`: the consent, the application or the dispute on account of which they looked. `at_least`: of a CHECK, what was asked.

    `score_id` and `as_of`: what was told. `charged`: whether the partner owes for it.
    """

    __tablename__ = "lookups"
    __privacy__ = Privacy(Export.GIVEN, Erasure.KEPT)
    __record__ = Record()

    user_id: Mapped[OwnerId]
    id: Mapped[Id]
    at: Mapped[datetime]
    kind: Mapped[LookupKind]
    subject_id: Mapped[UUID]
    answer: Mapped[LookupAnswer]
    partner_id: Mapped[UUID | None] = mapped_column(default=None)
    staff_id: Mapped[UUID | None] = mapped_column(default=None)
    purpose: Mapped[Purpose | None] = mapped_column(default=None)
    at_least: Mapped[Grade | None] = mapped_column(default=None)
    grade: Mapped[Grade | None] = mapped_column(default=None)
    score_id: Mapped[UUID | None] = mapped_column(default=None)
    as_of: Mapped[datetime | None] = mapped_column(default=None)
    charged: Mapped[bool] = mapped_column(default=False)

    __table_args__ = (Index(None, "user_id", "subject_id", "at"), Index(None, "partner_id", "at"), Index(None, "id"))

    @property
    def scope(self) -> ConsentScope:
        """What of a consent it took."""
        return _SCOPE_OF.get(self.kind, ConsentScope.SCORE_REPORT)


_SCOPE_OF = {
    LookupKind.CHECK: ConsentScope.SCORE_CHECK,
    LookupKind.CONTRIBUTION: ConsentScope.CONTRIBUTE_FACTS,
}


def price_of(kind: LookupKind) -> int:
    """What a partner owes for one that is charged, in minor units of the house's currency; 0 where these are free."""
    return settings().lookup_prices.get(kind, 0)


def visible_to(actor: UserActor) -> Select[Lookup]:
    """Whoever looked at this person."""
    return select(Lookup).where(Lookup.user_id == actor.user_id)


async def lately(db: Db, actor: UserActor, since: datetime) -> list[Lookup]:
    """Who looked since then, or a little before: who began to look may be done later than who began after them."""
    newest = visible_to(actor).where(Lookup.at > since - LATELY).order_by(Lookup.id.desc()).limit(MOST)
    return [*reversed((await db.execute(newest)).scalars().all())]


DbT = TypeVar("DbT", bound=Db | None)


async def look_up(
    db: DbT,
    looker: Looker,
    keys: set[Key],
    read: Callable[[DbT, set[UUID]], Awaitable[dict[UUID, T]]],
    grade_of: Callable[[T], Grade | None] = lambda _: None,
) -> dict[UUID, T]:
    """What `read` tells of these people, for somebody else: kept and committed before it is answered.

    A look at the same grade on the same account is one for a day.
    """
    found = await read(db, {user_id for user_id, _ in keys})
    await _keep_new(looker, {key: grade_of(found[key[0]]) if key[0] in found else None for key in keys})
    return found


def for_lookup(reading: T) -> T:
    """A way to read whose answers nobody sees before a lookup is kept: together with others, or in the same transaction."""
    return reading


async def keep(db: Db, lookup: Lookup) -> None:
    """Write down a look with evidence of it; the person hears of it once this is committed."""
    await writing.write(db, lookup, await _evidence(db, lookup))
    outbox.wake(db, lookup.user_id)


async def _evidence(db: Db, lookup: Lookup) -> Evidence:
    return await leaves.of(db, lookup.user_id, EvidenceKind.LOOKUP, lookup.id, evidence_of(lookup))


async def _keep_new(looker: Looker, seen: Mapping[Key, Grade | None]) -> None:
    if not seen:
        return
    async with reading() as db:
        now = await clock.now(db)
        known = {(each.user_id, each.subject_id, each.grade) for each in await _same(db, looker, seen, now)}
    new = [
        (user_id, subject, grade)
        for (user_id, subject), grade in seen.items()
        if (user_id, subject, grade) not in known
    ]
    if not new:
        return
    async with transaction() as db:
        owners = select(PersonKey).where(PersonKey.user_id.in_({user_id for user_id, _, _ in new}))
        vault.remember(db, (await db.execute(owners)).scalars())
        for user_id, subject_id, grade in new:
            lookup = Lookup(
                user_id=user_id,
                id=new_id(),
                at=now,
                kind=looker.kind,
                subject_id=subject_id,
                answer=LookupAnswer.REPORT if grade or looker.kind in OF_FACTS else LookupAnswer.UNKNOWN,
                partner_id=looker.partner_id,
                staff_id=looker.staff_id,
                grade=grade,
            )
            # All of a page are written by one flush.
            db.add_all([lookup, await _evidence(db, lookup)])
            outbox.wake(db, user_id)


async def _same(db: Db, looker: Looker, keys: Iterable[Key], now: datetime) -> list[Lookup]:
    theirs = select(Lookup).where(tuple_(Lookup.user_id, Lookup.subject_id).in_([*keys]), Lookup.at > now - SAME_FOR)
    by = (Lookup.kind == looker.kind, Lookup.partner_id.is_not_distinct_from(looker.partner_id))
    same = theirs.where(*by, Lookup.staff_id.is_not_distinct_from(looker.staff_id))
    return [*(await db.execute(same)).scalars()]


def evidence_of(lookup: Lookup) -> dict[str, Any]:
    """What the log commits to."""
    return {
        "lookup": str(lookup.id),
        "person": str(lookup.user_id),
        "partner": str(lookup.partner_id) if lookup.partner_id else None,
        "onAccountOf": str(lookup.subject_id),
        "kind": str(lookup.kind),
        "purpose": str(lookup.purpose) if lookup.purpose else None,
        "atLeast": str(lookup.at_least) if lookup.at_least else None,
        "answer": str(lookup.answer),
        "at": lookup.at.isoformat(),
    }
