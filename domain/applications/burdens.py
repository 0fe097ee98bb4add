"""Burden: what somebody would pay each month on the offers that they have. Money of two currencies is never added up."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select

from domain.applications.offers import OWED, Offer
from infra.database import Db
from infra.loaders import ANY_KEY
from infra.money import Money
from infra.questions import Question, one_of
from infra.settings import settings


@dataclass(frozen=True)
class Burden:
    """`monthly`: in minor units of the house's currency. `elsewhere`: a month's in each other one; nobody knows what share of
    an income it takes."""

    monthly: int = 0
    elsewhere: tuple[Money, ...] = ()


NOTHING = Burden()
BURDEN = func.coalesce(Offer.monthly_burden, Offer.monthly_payment)


# What each of them pays a month, by currency.
OWED_EACH = Question(
    lambda: (
        select(Offer.user_id, Offer.currency, func.sum(BURDEN))
        .where(Offer.user_id == ANY_KEY, one_of(Offer.status, OWED))
        .group_by(Offer.user_id, Offer.currency)
        .order_by(Offer.currency)
    )
)


async def of_people(db: Db, user_ids: Collection[UUID]) -> dict[UUID, Burden]:
    """Who would pay nothing is missing."""
    return of_rows((await db.execute(OWED_EACH.query, {"keys": [*user_ids]})).all())


def of_rows(rows: Iterable[tuple[UUID, str, int]]) -> dict[UUID, Burden]:
    """The burden of what OWED_EACH answers."""
    owed: dict[UUID, list[Money]] = {}
    for user_id, currency, monthly in rows:
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
    owed = select(func.coalesce(func.sum(BURDEN), 0))
    return owed.where(Offer.user_id == user_id, Offer.currency == currency, one_of(Offer.status, OWED))
