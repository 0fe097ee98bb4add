"""Burden: what somebody would pay each month on the offers that they have. Money of two currencies is never added up."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select

from domain.applications.offers import OWED, Offer
from infra.database import Db
from infra.money import Money
from infra.questions import one_of
from infra.settings import settings


@dataclass(frozen=True)
class Burden:
    """`monthly`: in minor units of the house's currency. `elsewhere`: a month's in each other one; nobody knows what share of
    an income it takes."""

    monthly: int = 0
    elsewhere: tuple[Money, ...] = ()


NOTHING = Burden()


async def of_person(db: Db, user_id: UUID) -> Burden:
    return (await of_people(db, {user_id})).get(user_id, NOTHING)


async def of_people(db: Db, user_ids: Collection[UUID]) -> dict[UUID, Burden]:
    """Who would pay nothing is missing."""
    of_each = (
        select(Offer.user_id, Offer.currency, func.sum(Offer.monthly_payment))
        .where(Offer.user_id.in_(user_ids), Offer.status.in_(OWED))
        .group_by(Offer.user_id, Offer.currency)
        .order_by(Offer.currency)
    )
    owed: dict[UUID, list[Money]] = {}
    for user_id, currency, monthly in await db.execute(of_each):
        owed.setdefault(user_id, []).append(Money(int(monthly), currency))
    return {user_id: _burden(each) for user_id, each in owed.items()}


def _burden(owed: list[Money]) -> Burden:
    house = settings().currency
    return Burden(
        monthly=sum(money.minor for money in owed if money.currency == house),
        elsewhere=tuple(money for money in owed if money.currency != house),
    )


def monthly_of(user_id: ColumnElement[UUID], currency: ColumnElement[str]) -> Select[int]:
    """What this person would pay a month in this currency."""
    owed = select(func.coalesce(func.sum(Offer.monthly_payment), 0))
    return owed.where(Offer.user_id == user_id, Offer.currency == currency, one_of(Offer.status, OWED))
