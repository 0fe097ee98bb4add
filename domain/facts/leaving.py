"""Leaving: an account is unlinked, replaced, or tells less than before, and nobody gains by it.

What is kept is the least that does this: debts and arrears, the names of what is known no longer, and by how many points
that would have changed the score. It ends by itself, and linking the account again replaces it.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from domain.facts import obligations, readings
from domain.facts.counting_on import CountingOn, source_of
from domain.facts.readings import Opened, Rows
from domain.facts.sheets import FactSheet
from infra.database import Db
from infra.settings import settings

# By how many points the second sheet would be scored better than the first; the credit room knows.
Weigh = Callable[[FactSheet, FactSheet], int]


async def foresee(db: Db, user_id: UUID, account_id: UUID, provider: str, weigh: Weigh) -> CountingOn | None:
    """What would count on if the account were unlinked now; None where nothing would."""
    told, now = await readings.live(db, user_id)
    left = _left(told, account_id, provider, None, now, weigh)
    return None if left is None else CountingOn.read(left.rows)


async def of_users(db: Db, user_ids: set[UUID]) -> dict[UUID, tuple[CountingOn, ...]]:
    """What counts on of accounts that these people unlinked."""
    return {user_id: sheet.counting_on for user_id, sheet in (await readings.sheets(db, user_ids)).items()}


async def leave(db: Db, user_id: UUID, account_id: UUID, provider: str, weigh: Weigh) -> None:
    """End what an account told, but for what counts on."""
    await _replace(db, user_id, account_id, provider, None, weigh)


async def tell_anew(db: Db, user_id: UUID, account_id: UUID, anew: Opened, weigh: Weigh) -> None:
    """Replace what an account told by what it tells now. What it is silent of now is as if it were unlinked."""
    await _replace(db, user_id, account_id, anew.source, anew, weigh)


async def _replace(db: Db, user_id: UUID, account_id: UUID, provider: str, anew: Opened | None, weigh: Weigh) -> None:
    await readings.take_turn(db, user_id)
    told, now = await readings.live(db, user_id)
    left = _left(told, account_id, provider, anew, now, weigh)
    await readings.withdraw(db, user_id, provider, source_of(account_id))
    if anew is not None:
        await readings.write(db, user_id, anew)
    if left is not None:
        await readings.write(db, user_id, left, until=_until(now))


def _until(now: datetime) -> datetime:
    return now + timedelta(days=settings().unlinked_counts_days)


def _left(
    told: Sequence[Opened], account_id: UUID, provider: str, anew: Opened | None, now: datetime, weigh: Weigh
) -> Opened | None:
    """What counts on of an account, as a reading, where it tells no more than `anew` from now on."""
    mine = [each for each in told if each.source in (provider, source_of(account_id))]
    others = [each for each in told if each.source not in (provider, source_of(account_id))]
    before = next((mark for each in mine if (mark := CountingOn.read(each.rows))), None)
    old = {row[0]: row for each in mine for row in _facts(each)}
    new = {row[0]: row for row in anew.rows} if anew else {}
    silent = {name: row for name, row in old.items() if name not in new and row[1] is not None}
    kept = [silent[name] for name in sorted(obligations.standing({name: row[1] for name, row in silent.items()}))]
    hidden = {*silent, *(before.hidden if before else ())} - {row[0] for row in kept} - new.keys()
    if not silent and not hidden:
        return None
    is_simulated = any(each.simulated for each in mine)

    def reading_of(points: int) -> Opened:
        names = tuple(row[0] for row in kept)
        left = CountingOn(account_id, provider, _until(now), points, names, tuple(sorted(hidden)))
        return Opened(source_of(account_id), [left.mark, *kept], is_simulated)

    as_before = [*others, *_overlaid(provider, old, new, is_simulated)]
    if before is not None:
        as_before.append(Opened(source_of(account_id), [before.mark], is_simulated))
    hiding = [*others, *([anew] if anew else []), reading_of(0)]
    won = weigh(readings.drawn_from(as_before, now), readings.drawn_from(hiding, now))
    left = reading_of(max(0, won))
    mark = CountingOn.read(left.rows)
    return left if mark is not None and mark.matters else None


def _facts(told: Opened) -> Rows:
    return told.rows[1:] if CountingOn.read(told.rows) else told.rows


def _overlaid(
    provider: str, old: Mapping[str, list[Any]], new: Mapping[str, list[Any]], is_simulated: bool
) -> list[Opened]:
    return [Opened(provider, [*{**old, **new}.values()], is_simulated)]
