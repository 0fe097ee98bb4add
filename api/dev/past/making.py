"""Making the past: person by person, each whole or not at all, so that it goes on where it was broken off."""

import asyncio
from collections.abc import Callable

from api import wiring
from api.dev.credentials import ready
from api.dev.past import people, progress
from api.dev.past.life import Life
from api.dev.past.people import Invented
from api.dev.past.progress import PastProgress
from domain.actors import StaffActor
from domain.matching import product_days, tasks
from domain.people import invented, staff
from domain.people.invented import InventedPast
from domain.people.users import User
from domain.permissions import MAY, Permission, Role
from infra import clock, outbox
from infra.database import Db, reading, transact, transaction
from infra.settings import settings
from membership import kept_counts
from ml.watching import bins
from ml.watching import tasks as watching

Report = Callable[[int, int], None]


async def make(wanted: int, seed: int, report: Report = lambda made, of: None) -> None:
    """All that is not made yet; then everything is counted. Does nothing twice. Refuses `NotHere`."""
    var = settings().var.resolve()
    async with transaction() as db:
        past = await invented.begin(db, people=wanted, seed=seed)
    if past.ended_at is None:
        await wiring.warm()
        reviewer = await _reviewer()
        for number, who in enumerate(await asyncio.to_thread(_drawn, past), 1):
            await _live(who, reviewer)
            report(number, past.people)
            progress.write(var, PastProgress(number, past.people, is_whole=False))
        await _end()
    progress.write(var, PastProgress(past.people, past.people, is_whole=True))


async def take_in(is_counted: bool) -> None:
    """Count the invented people from now on, or leave them out; and count anew."""
    async with transaction() as db:
        await invented.count(db, is_counted)
        await bins.count_from_the_start(db)
        await count_anew(db)


def _drawn(past: InventedPast) -> list[Invented]:
    return list(people.everybody(past.people, past.seed, past.today))


async def _reviewer() -> StaffActor:
    """Whoever has the ready credentials of a role that reviews."""
    role = next(role for role in Role if Permission.REVIEW_APPLICATIONS in MAY[role])
    kept = await ready()
    async with reading() as db:
        member = await staff.find(db, kept.staff[role]["email"])
    assert member is not None, "they were just let in"
    return StaffActor(member.id, role)


async def _live(who: Invented, reviewer: StaffActor) -> None:
    async def whole(db: Db) -> None:
        if await db.get(User, who.id) is None:
            await Life(db, who, reviewer, await clock.now(db)).live()
            # All that is due is done, so nobody need be woken.
            db.info.pop("announced", None)

    await transact(whole)


async def _end() -> None:
    async with transaction() as db:
        past = await db.get_one(InventedPast, 1, with_for_update=True)
        past.ended_at = await clock.now(db)
        await count_anew(db)


async def count_anew(db: Db) -> None:
    """Whatever is counted of people in advance; what takes long is left to the worker."""
    await product_days.count(db, since=product_days.BEFORE_ALL)
    await kept_counts.forget(db)
    await outbox.announce(db, tasks.SWEEP_DUE)
    await watching.bring_up_to_date(db)
