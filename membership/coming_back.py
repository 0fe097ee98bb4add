"""Coming back: whoever begins anew with a phone number finds spent what was spent with it, and knows the plans that it was used for.

Somebody begins an account anew in minutes, by saying that their number is new to them, or by being erased. What is kept of a
number is keyed and names nobody; it goes when the quota would be whole again.
"""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from domain.people import users
from domain.people.users import User
from infra import clock, counters, vault
from infra.database import Db
from membership import quotas
from membership.benefits import HELD, Benefit, QuotaReset
from membership.members import Member
from membership.quotas import BenefitUsage

SPENT, BOUGHT = "benefit-spent", "plan-bought"
KNOWN_FOR = timedelta(days=366)  # what is given once


async def note_spent(db: Db, user_id: UUID, benefit_id: UUID) -> None:
    """Write down how much of a quota is spent with a person's number, after it has changed."""
    benefit, member, now = await db.get_one(Benefit, benefit_id), await db.get(Member, user_id), await clock.now(db)
    if benefit.quota is None or member is None or (number := await _number_of(db, user_id)) is None:
        return
    period = quotas.period_of(benefit, member.joined_at, now)
    is_once = benefit.reset is QuotaReset.ONCE
    ends_at = now + KNOWN_FOR if is_once else quotas.period_ends_at(benefit, member.joined_at, now)
    await counters.note(
        db, SPENT, _spent(benefit_id, number), await quotas.used(db, user_id, benefit_id, period), ends_at
    )


async def find_spent(db: Db, user_id: UUID, joined_at: datetime) -> None:
    """Let a new member have as much left as there was with their number."""
    number = await _number_of(db, user_id)
    if number is None:
        return
    limited = select(Benefit).where(Benefit.quota.is_not(None), Benefit.status.in_(HELD))
    marks = {_spent(each.id, number): each for each in (await db.execute(limited)).scalars()}
    rows = [
        {
            "user_id": user_id,
            "benefit_id": marks[mark].id,
            "period": quotas.period_of(marks[mark], joined_at, joined_at),
            "used": used,
        }
        for mark, used in (await counters.noted(db, SPENT, marks)).items()
    ]
    if rows:
        await db.execute(insert(BenefitUsage).values(rows).on_conflict_do_nothing())


async def note_bought(db: Db, user_id: UUID, plan_code: str) -> None:
    """Write down that a plan was bought, or tried, with a person's number."""
    if number := await _number_of(db, user_id):
        await counters.remember(db, BOUGHT, f"{plan_code} {number}", KNOWN_FOR)


async def was_bought(db: Db, user_id: UUID, plan_code: str) -> bool:
    """Whether somebody has had this plan with the person's number within a year."""
    number = await _number_of(db, user_id)
    return number is not None and await counters.remembers(db, BOUGHT, f"{plan_code} {number}")


def _spent(benefit_id: UUID, number: str) -> str:
    return f"{benefit_id} {number}"


async def _number_of(db: Db, user_id: UUID) -> str | None:
    """None where it leads to them no more: of whoever was erased or put away."""
    user = await db.get(User, user_id)
    if user is None or user.put_away_at is not None:
        return None
    try:
        return users.phone_of(user, await vault.seal_of(db, user_id))
    except LookupError:
        return None
