"""Pruning: each room says what it need not keep. By night it goes, batch by batch, each in a transaction of its own."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    DateTime,
    Interval,
    TextClause,
    any_,
    delete,
    func,
    literal,
    literal_column,
    select,
    true,
)
from sqlalchemy.orm import InstrumentedAttribute

from infra import outbox, receipts, revisions, schedules
from infra.counters import Counter
from infra.database import Db
from infra.entity import Entity
from infra.events import declare
from infra.outbox import Event, EventReaction
from infra.reactions import reaction
from infra.receipts import Receipt
from infra.revisions import Revision

PRUNE, PRUNE_GOES_ON = declare("house.prune"), declare("house.prune_goes_on")
HANDLED_KEPT = timedelta(days=30)
BATCH = 2_000  # rows, with those that go with them


class Stale(NamedTuple):
    """Rows of which `since` lies at `before` or earlier; of those alone that `where` names."""

    since: InstrumentedAttribute[Any]
    before: ColumnElement[datetime]
    where: ColumnElement[bool] | TextClause = true()

    @property
    def entity(self) -> type[Entity]:
        owner: type[Entity] = self.since.class_
        return owner


_stale: dict[str, tuple[Stale, ...]] = {}

schedules.recur(PRUNE, schedules.DAY, schedules.NIGHT)


def ago(kept: timedelta) -> ColumnElement[datetime]:
    """The moment that lies so long back, by the time of the house."""
    return func.longan_now(type_=DateTime(timezone=True)) - literal(kept, Interval)


def forget(stored_as: str, *stale: Stale) -> None:
    """Let these rows be deleted each night, one table after the other, by a reaction that rows name so."""
    _stale[stored_as] = stale

    @reaction(PRUNE, stored_as=stored_as)
    async def forget_some(db: Db, event: Event) -> None:
        if await one_batch(db, stored_as):
            more = await outbox.announce(db, PRUNE_GOES_ON)
            await outbox.owe(db, more, [stored_as], more.occurred_at)


def stale() -> Mapping[str, tuple[Stale, ...]]:
    """What is forgotten, by the reaction that does it."""
    return _stale


async def one_batch(db: Db, stored_as: str) -> bool:
    """Delete one batch of what is stale. Answers whether there may be more."""
    for each in _stale[stored_as]:
        if await _delete(db, each) == BATCH:
            return True
    return False


async def _delete(db: Db, stale: Stale) -> int:
    """The oldest; what somebody is at work on stays for the next time. By where rows lie, which nothing else is as sure of."""
    place: ColumnElement[Any] = literal_column("ctid")
    some = select(place).select_from(stale.entity).where(stale.since <= stale.before, stale.where)
    oldest = (
        some.order_by(stale.since).limit(literal_column(str(BATCH))).with_for_update(skip_locked=True).correlate(None)
    )
    gone = delete(stale.entity).where(place == any_(func.array(oldest.scalar_subquery())))
    done = await db.execute(gone.execution_options(synchronize_session=False))
    return done.rowcount  # type: ignore[attr-defined, no-any-return]


# Events stay: they are what happened.
forget(
    "prune_ground",
    Stale(Receipt.created_at, ago(receipts.KEPT)),
    Stale(EventReaction.handled_at, ago(HANDLED_KEPT)),
    Stale(Counter.ends_at, ago(timedelta(0))),
    # By the clock of the server, which no test moves.
    Stale(Revision.at, func.now() - literal(revisions.KEPT, Interval)),
)
