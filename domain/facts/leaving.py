"""Leaving: an account is unlinked, replaced, or tells less than before, and nobody gains by it.

What is kept is the least that does this: debts and arrears, the names of what is known no longer, and by how many points
that would have changed the score. It ends by itself, and linking the account again replaces it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from domain.facts import obligations, open_readings, readings
from domain.facts.counting_on import CountingOn, source_of
from domain.facts.open_readings import Opened, Rows
from domain.facts.sheets import FactSheet
from infra.database import Db
from infra.settings import settings

# By how many points the second sheet would be scored better than the first; the credit room knows.
Weigh = Callable[[FactSheet, FactSheet], int]


async def foresee(db: Db, user_id: UUID, account_id: UUID, provider: str, weigh: Weigh) -> CountingOn | None:
    """What would count on if the account were unlinked now; None where nothing would."""
    told, now = await readings.live(db, user_id)
    left = left_behind(told, account_id, provider, None, now, weigh)
    return None if left is None else CountingOn.read(left.rows)


async def sheet_without(db: Db, user_id: UUID, account_id: UUID, provider: str, weigh: Weigh) -> FactSheet:
    """What would be known of this person if the account were unlinked now; nothing is written."""
    told, now = await readings.live(db, user_id)
    left = left_behind(told, account_id, provider, None, now, weigh)
    others = [each for each in told if each.source not in (provider, source_of(account_id))]
    return open_readings.drawn_from([*others, *_some(left)], now)


async def of_users(db: Db, user_ids: set[UUID]) -> dict[UUID, tuple[CountingOn, ...]]:
    """What counts on of accounts that these people unlinked."""
    return {user_id: sheet.counting_on for user_id, sheet in (await readings.sheets(db, user_ids)).items()}


async def leave(db: Db, user_id: UUID, account_id: UUID, provider: str, weigh: Weigh) -> None:
    """End what an account told, but for what counts on."""
    await _replace(db, user_id, account_id, provider, None, weigh)


async def replace_readings(db: Db, user_id: UUID, account_id: UUID, anew: Opened, weigh: Weigh) -> None:
    """Replace what an account told by what it tells now. What it is silent of now is as if it were unlinked."""
    await _replace(db, user_id, account_id, anew.source, anew, weigh)


async def _replace(db: Db, user_id: UUID, account_id: UUID, provider: str, anew: Opened | None, weigh: Weigh) -> None:
    await readings.take_turn(db, user_id)
    told, now = await readings.live(db, user_id)
    left = left_behind(told, account_id, provider, anew, now, weigh)
    await readings.withdraw(db, user_id, provider, source_of(account_id))
    if anew is not None:
        await readings.write(db, user_id, anew)
    if left is not None:
        await readings.write(db, user_id, left, until=_until(now))


def left_behind(
    told: Sequence[Opened], account_id: UUID, provider: str, anew: Opened | None, now: datetime, weigh: Weigh
) -> Opened | None:
    """What counts on of an account, as a reading, where it tells no more than `anew` from now on; None for nothing.

    `told`: all that counts of this person now, oldest first.
    """
    mine = [each for each in told if each.source in (provider, source_of(account_id))]
    others = [each for each in told if each.source not in (provider, source_of(account_id))]
    silence = _silence(mine, anew, now)
    if not silence.kept and not silence.hidden:
        return None

    def left(points: int) -> CountingOn:
        facts = tuple(str(row[0]) for row in silence.kept)
        return CountingOn(account_id, provider, _until(now), points, facts, silence.hidden)

    def as_reading(points: int) -> Opened:
        is_simulated = any(each.simulated for each in mine)
        return Opened(source_of(account_id), [left(points).mark, *silence.kept], is_simulated)

    # As if the account went on telling what it told, with all that is told anew.
    open_still = [*others, *(each._replace(rows=_but(each.rows, anew)) for each in mine), *_some(anew)]
    hiding = [*others, *_some(anew), as_reading(0)]
    won = max(0, weigh(open_readings.drawn_from(open_still, now), open_readings.drawn_from(hiding, now)))
    return as_reading(won) if left(won).matters else None


def _until(now: datetime) -> datetime:
    return now + timedelta(days=settings().unlinked_counts_days)


@dataclass(frozen=True)
class _Silence:
    """What an account no longer tells: rows of debts and arrears, and the names of all else."""

    kept: Rows
    hidden: tuple[str, ...]


def _silence(mine: Sequence[Opened], anew: Opened | None, now: datetime) -> _Silence:
    marks = [mark for each in mine if (mark := CountingOn.read(each.rows))]
    told_anew = {row[0] for row in anew.rows} if anew else set()
    silent = {name: row for name, row in open_readings.lasting(mine, now).items() if name not in told_anew}
    owed = obligations.standing({name: row[1] for name, row in silent.items()})
    hidden = {*silent, *(name for mark in marks for name in mark.hidden)} - owed - told_anew
    return _Silence([silent[name] for name in sorted(owed)], tuple(sorted(hidden)))


def _but(rows: Rows, anew: Opened | None) -> Rows:
    told_anew = {row[0] for row in anew.rows} if anew else set()
    return [row for row in rows if row[0] not in told_anew]


def _some(told: Opened | None) -> list[Opened]:
    return [] if told is None else [told]
