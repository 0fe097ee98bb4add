"""Signing in to the console: password and TOTP together, with one answer for everything that is wrong."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import case, delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from domain.people import staff, staff_sessions
from domain.people.staff import Staff
from infra import clock, limiter, vault
from infra.database import Db, transaction
from infra.entity import Entity
from infra.errors import Refusal, RefusalCode
from infra.events import declare
from infra.reactions import reaction
from infra.schedules import DAY, NIGHT, recur
from infra.settings import Rate
from infra.words import N_

PER_ACCOUNT = Rate(times=10, seconds=900)
PER_IP = Rate(times=300, seconds=300)  # an office shares one address
OLD_TRIES = declare("staff.tries_grew_old")


class StaffTries(Entity):
    """Tries at an e-mail address, whether or not anybody has it; the right proofs take the row away."""

    __tablename__ = "staff_tries"

    email_index: Mapped[bytes] = mapped_column(primary_key=True)
    began_at: Mapped[datetime]
    tries: Mapped[int]


@dataclass(frozen=True)
class SignedIn:
    token: str
    expires_at: datetime


async def sign_in(*, email: str, password: str, code: str, ip: str) -> SignedIn:
    """A session at the console. Refuses NOT_ALLOWED, and RATE_LIMITED with the time from which to try again.

    The try is committed before anything is compared, and argon2 runs between two transactions, not inside one.
    """
    async with transaction() as db:
        await _take_try(db, email, ip)
        member, now = await staff.find(db, email), await staff.authenticator_time(db)
    step = await asyncio.to_thread(staff.proven_step, member, password, code, now)
    if member is None or step is None:
        raise _wrong()
    async with transaction() as db:
        session = await _begin_once(db, member, step)
    if session is None:
        raise _wrong()
    return session


async def _begin_once(db: Db, member: Staff, step: int) -> SignedIn | None:
    """None where the code was used before; that was no guess, so the try is not held against anybody."""
    tries = StaffTries.email_index == member.email_index
    if not await staff.use_step(db, member, step):
        await db.execute(update(StaffTries).where(tries).values(tries=StaffTries.tries - 1))
        return None
    await db.execute(delete(StaffTries).where(tries))
    return SignedIn(*await staff_sessions.begin(db, member))


async def _take_try(db: Db, email: str, ip: str) -> None:
    """Count one try. The row lock puts parallel ones in line, so no more than the rate ever reach the comparison."""
    now = await clock.now(db)
    if retry_at := await limiter.wait_after(PER_IP, "staff-ip", vault.blind_index("staff-ip", ip).hex()[:32], now=now):
        raise _too_often(retry_at)
    index, window = staff.index(email), timedelta(seconds=PER_ACCOUNT.seconds)
    is_over = StaffTries.began_at <= now - window
    counted = insert(StaffTries).values(email_index=index, began_at=now, tries=1)
    counted = counted.on_conflict_do_update(
        index_elements=["email_index"],
        set_={
            "began_at": case((is_over, now), else_=StaffTries.began_at),
            "tries": case((is_over, 1), else_=StaffTries.tries + 1),
        },
        where=is_over | (StaffTries.tries < PER_ACCOUNT.times),
    )
    if (await db.execute(counted.returning(StaffTries.tries))).scalar_one_or_none() is None:
        began = select(StaffTries.began_at).where(StaffTries.email_index == index)
        raise _too_often((await db.execute(began)).scalar_one() + window)


def _wrong() -> Refusal:
    """The same for an unknown address, a wrong password, and a code that is wrong or was used."""
    return Refusal(RefusalCode.NOT_ALLOWED, N_("E-mail address, password or code is wrong."))


def _too_often(retry_at: datetime) -> Refusal:
    return Refusal(
        RefusalCode.RATE_LIMITED, N_("Too many tries to sign in. Please try again later."), retry_at=retry_at
    )


recur(OLD_TRIES, DAY, NIGHT)


@reaction(OLD_TRIES, stored_as="forget_old_staff_tries")
async def forget_old_staff_tries(db: Db, _: object) -> None:
    over = await clock.now(db) - timedelta(seconds=PER_ACCOUNT.seconds)
    await db.execute(delete(StaffTries).where(StaffTries.began_at <= over))
