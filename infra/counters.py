"""Counting what must not happen too often in Postgres: it holds whatever becomes of Valkey.

A window begins with the first use and is over after its time; so at most `times` uses lie between two of its beginnings.
Keys are keyed hashes, so that no address and no number can be read from the table.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Index, bindparam, case, delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.sql.dml import ReturningInsert

from infra import clock, vault
from infra.entity import Entity
from infra.networks import shares_of
from infra.questions import Asking, WritingQuestion, ask_alone, ask_within
from infra.setting_parts import Rate

KEY_BYTES = 16


class Counter(Entity):
    __tablename__ = "counters"

    key: Mapped[bytes] = mapped_column(primary_key=True)
    ends_at: Mapped[datetime]
    uses: Mapped[int] = mapped_column(BigInteger)

    __table_args__ = (Index(None, "ends_at"),)


@dataclass(frozen=True)
class Use:
    """Something done by `who`, once or `count` times together, of which `rate` allows so many."""

    rate: Rate
    what: str
    who: str
    count: int = 1

    @property
    def key(self) -> bytes:
        # Another rate is another count.
        return vault.blind_index(f"counter-{self.what}-{self.rate.times}/{self.rate.seconds}", self.who)[:KEY_BYTES]


def by_network(rate: Rate, what: str, address: str) -> list[Use]:
    """One use by each network of the address; a wider one may do some times as much."""
    return [Use(rate.widened(times), what, network) for network, times in shares_of(address)]


async def take(db: AsyncSession, uses: Iterable[Use]) -> datetime | None:
    """Count each; None where all are within their rates, otherwise the time from which the first that is not would be.

    The caller then raises, so that none is counted. Rows are taken in the order given: give the narrow ones first, and
    everywhere in the same order.
    """
    now = await clock.now(db)
    for use in uses:
        if use.rate.times < use.count:
            return now + timedelta(seconds=use.rate.seconds)
        if not await _count(db, use, now):
            return await _end_of(db, use)
    return None


async def _end_of(db: AsyncSession, use: Use) -> datetime:
    ends: datetime = (await db.execute(select(Counter.ends_at).where(Counter.key == use.key))).scalar_one()
    return ends


async def take_with(db: AsyncSession, use: Use, others: Asking) -> tuple[datetime | None, Sequence[Sequence[Any]]]:
    """Count one as `take` does, in one statement with others, whose rows are answered too."""
    now = await clock.now(db)
    if use.rate.times < use.count:
        return now + timedelta(seconds=use.rate.seconds), []
    counted, *rows = await ask_within(db, [(_COUNTING, _given(use, now)), *others])
    return None if counted else await _end_of(db, use), rows


def _counting() -> ReturningInsert[int]:
    """One row where it was counted, none where that would be too many."""
    count, most_before = bindparam("count", type_=BigInteger()), bindparam("most_before", type_=BigInteger())
    first = insert(Counter).values(key=bindparam("counted_key"), ends_at=bindparam("new_end"), uses=count)
    is_over = Counter.ends_at <= bindparam("now")
    counted = first.on_conflict_do_update(
        index_elements=["key"],
        set_={
            "ends_at": case((is_over, first.excluded.ends_at), else_=Counter.ends_at),
            "uses": case((is_over, first.excluded.uses), else_=Counter.uses + first.excluded.uses),
        },
        where=is_over | (Counter.uses <= most_before),
    )
    return counted.returning(Counter.uses)


_COUNTING = WritingQuestion(_counting)


async def _count(db: AsyncSession, use: Use, now: datetime) -> bool:
    return bool(await ask_alone(db, _COUNTING, **_given(use, now)))


def _given(use: Use, now: datetime) -> dict[str, Any]:
    return {
        "now": now,
        "counted_key": use.key,
        "new_end": now + timedelta(seconds=use.rate.seconds),
        "count": use.count,
        "most_before": use.rate.times - use.count,
    }


async def give_back(db: AsyncSession, uses: Iterable[Use]) -> None:
    """Take uses back: they were none after all."""
    for use in uses:  # one by one, in the order in which they were taken
        is_counted = (Counter.key == use.key, Counter.uses >= use.count)
        await db.execute(update(Counter).where(*is_counted).values(uses=Counter.uses - use.count))


async def remember(db: AsyncSession, what: str, who: str, lasts: timedelta) -> None:
    """Note that this has been so, for a time from now on."""
    await note(db, what, who, 1, await clock.now(db) + lasts)


async def remembers(db: AsyncSession, what: str, who: str) -> bool:
    return who in await noted(db, what, [who])


async def note(db: AsyncSession, what: str, who: str, uses: int, ends_at: datetime) -> None:
    """Note that this was done so often, until then; whatever was noted before is forgotten."""
    told = {"ends_at": ends_at, "uses": uses}
    row = insert(Counter).values(key=_remembered(what, who), **told)
    await db.execute(row.on_conflict_do_update(index_elements=["key"], set_=told))


async def noted(db: AsyncSession, what: str, whos: Collection[str]) -> dict[str, int]:
    """How often it was done by each; who is not noted is missing."""
    keys = {_remembered(what, who): who for who in whos}
    known = select(Counter.key, Counter.uses).where(Counter.key.in_(keys), Counter.ends_at > await clock.now(db))
    return {keys[key]: uses for key, uses in await db.execute(known)}


def _remembered(what: str, who: str) -> bytes:
    return vault.blind_index(f"remembered-{what}", who)[:KEY_BYTES]


async def forget(db: AsyncSession, uses: Iterable[Use]) -> None:
    for use in uses:
        await db.execute(delete(Counter).where(Counter.key == use.key))
