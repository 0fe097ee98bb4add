"""Statement: what a person's bill tells, kept sealed until they say that it counts, or for a day."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Index, delete, func, select
from sqlalchemy.orm import Mapped, mapped_column

from domain.actors import UserActor
from domain.people.identities import PersonIdentity, opened_name
from domain.statements.months import StatementMonth, months_from
from infra import clock, counters, pruning, vault
from infra.counters import Use
from infra.database import Db
from infra.entity import Entity, Id, OwnerId
from infra.errors import Refusal, RefusalCode
from infra.privacy import Erasure, Export, Privacy
from infra.pruning import Stale
from infra.settings import settings
from infra.words import N_

TOLD = "statements.told"
LASTS = timedelta(days=1)
READ_WITHIN = timedelta(minutes=6)


class Statement(Entity):
    """`told_sealed` is empty while it is read, and again once it counts: then its account holds what it told."""

    __tablename__ = "statements"
    __privacy__ = Privacy(Export.GIVEN, Erasure.DELETED)

    user_id: Mapped[OwnerId]
    id: Mapped[Id] = mapped_column(init=False)
    expires_at: Mapped[datetime]
    provider: Mapped[str | None] = mapped_column(default=None)
    told_sealed: Mapped[bytes | None] = mapped_column(default=None)
    account_id: Mapped[UUID | None] = mapped_column(default=None)

    __table_args__ = (Index(None, "expires_at"),)


pruning.forget("prune_statements", Stale(Statement.expires_at, pruning.ago(timedelta(0))))


@dataclass(frozen=True)
class StatementTold:
    """`provider` is the company's, as `alipay`. `holder` is empty where its bills name none."""

    provider: str
    holder: str = field(repr=False)
    account: str = field(repr=False)
    begins: date
    ends: date
    months: list[StatementMonth] = field(repr=False)

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> "StatementTold":
        return cls(
            provider=told["provider"],
            holder=told["holder"],
            account=told["account"],
            begins=date.fromisoformat(told["begins"]),
            ends=date.fromisoformat(told["ends"]),
            months=months_from(told["months"]),
        )


class OtherPerson(Exception):
    """The bill says that it is somebody else's."""


async def begin(db: Db, actor: UserActor) -> Statement:
    """A place for a bill that is about to be read. Refuses RATE_LIMITED: too many today, or at once."""
    limits, now = settings().statement_limits, await clock.now(db)
    if retry_at := await counters.take(db, [Use(limits.per_person, "statements", str(actor.user_id))]):
        sentence = N_("You have sent many bills today. Please try again later.")
        raise Refusal(RefusalCode.RATE_LIMITED, sentence, retry_at=retry_at)
    # The count above is this person's alone, so that two that begin at once wait for each other there.
    read = (Statement.user_id == actor.user_id, Statement.provider.is_(None), Statement.expires_at > now)
    if (await db.execute(select(func.count()).where(*read))).scalar_one() >= limits.at_once:
        sentence = N_("Two of your bills are being read already. Please wait for one of them.")
        raise Refusal(RefusalCode.RATE_LIMITED, sentence, retry_at=now + READ_WITHIN)
    statement = Statement(user_id=actor.user_id, expires_at=now + READ_WITHIN)
    db.add(statement)
    await db.flush()
    return statement


async def record(db: Db, statement: Statement, told: Mapping[str, Any]) -> Statement:
    """Keep what the bill tells, for a day. Raises OtherPerson."""
    mine = await db.get_one(Statement, (statement.user_id, statement.id), with_for_update=True)
    await refuse_others(db, statement.user_id, told["holder"])
    seal = await vault.seal_of(db, statement.user_id)
    mine.provider, mine.told_sealed = told["provider"], seal.close(dict(told), TOLD)
    mine.expires_at = await clock.now(db) + LASTS
    return mine


async def give_up(db: Db, statement: Statement) -> None:
    """Delete the place of a bill that could not be read."""
    its = (Statement.user_id == statement.user_id, Statement.id == statement.id, Statement.provider.is_(None))
    await db.execute(delete(Statement).where(*its))


async def opened(db: Db, statement: Statement) -> StatementTold | None:
    """What it tells; None while it is read, and once it counts."""
    if statement.told_sealed is None:
        return None
    return StatementTold.of((await vault.seal_of(db, statement.user_id)).open(statement.told_sealed, TOLD))


async def refuse_others(db: Db, user_id: UUID, holder: str) -> None:
    """Raises OtherPerson where the bill's holder is not who a register knows this person to be; of an unchecked one nobody knows."""
    identity = await db.get(PersonIdentity, user_id)
    name = opened_name(identity, await vault.seal_of(db, user_id)) if identity else None
    if name and holder and not _may_be(holder, name):
        raise OtherPerson


def _may_be(holder: str, name: str) -> bool:
    """Some bills show stars in the place of letters."""
    said, known = holder.replace(" ", ""), name.replace(" ", "")
    return len(said) == len(known) and all(one in ("*", other) for one, other in zip(said, known, strict=True))
