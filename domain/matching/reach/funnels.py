"""Funnels: for how many people a product was eligible, and how often it was shown, opened, applied for and approved."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import Select, func, select, text

from domain.actors import Actor, PartnerActor, StaffActor
from domain.market.products import Product, offered_by
from domain.matching import disclosure
from domain.matching.product_days import WHAT, ProductDay
from domain.matching.sweeps import reaches
from domain.matching.sweeps.reaches import SweptReach
from domain.people import worlds
from infra import clock
from infra.database import Db
from infra.errors import invalid
from infra.words import N_

DAYS_MAX = 365


@dataclass(frozen=True)
class Funnel:
    """`people`, `eligible` and `against` are of the last sweep, None before the first; the others of the days asked for.

    To a partner, fewer than 20 are None as well, so that nobody can be told from them.
    """

    people: int | None
    eligible: int | None
    eligible_as_of: datetime | None
    simulated: bool  # whether any of the people, or the model that graded them, was
    against: Mapping[str, int]  # by the first reason why it was not eligible, the most frequent first
    shown: int | None
    opened: int | None
    applied: int
    approved: int
    declined: int
    accepted: int


@dataclass(frozen=True)
class Days:
    """Both included."""

    first: date
    last: date


def seen_by(actor: Actor) -> Select[Product]:
    """Whose funnels this actor may see: a partner its own products', every member of staff those of all live partners."""
    match actor:
        case PartnerActor():
            return offered_by(actor)
        case StaffActor():
            return select(Product).where(worlds.of_live_partner(Product.partner_id))
    return select(Product).where(text("false"))


def check_days(days: int) -> None:
    """Refuses INVALID more than a year, and less than a day."""
    if not 1 <= days <= DAYS_MAX:
        raise invalid(N_("Ask for 1 to {most} days."), "days", most=DAYS_MAX)


async def last_days(db: Db, days: int) -> Days:
    """Up to and with today."""
    check_days(days)
    today = await clock.today(db)
    return Days(today - timedelta(days=days - 1), today)


async def of_products(db: Db, actor: Actor, product_ids: Collection[UUID], days: Days) -> dict[UUID, Funnel]:
    """The funnels of those products that this actor may see, in three round trips."""
    mine = seen_by(actor).where(Product.id.in_(product_ids)).with_only_columns(Product.id)
    ids = list((await db.execute(mine)).scalars())
    reached, happened = await reaches.of_products(db, ids), await _happened(db, ids, days)
    is_partner = isinstance(actor, PartnerActor)
    told = {id: one.disclosed if is_partner else one for id, one in reached.items()}
    funnels = {id: _funnel(told.get(id), happened.get(id, dict.fromkeys(WHAT, 0))) for id in ids}
    return {id: coarse(one) for id, one in funnels.items()} if is_partner else funnels


def _funnel(reached: SweptReach | None, happened: Mapping[str, int]) -> Funnel:
    if reached is None:
        return Funnel(None, None, None, False, {}, **happened)
    against = most_frequent(reached.against)
    return Funnel(reached.people, reached.eligible, reached.as_of, reached.simulated, against, **happened)


def most_frequent(against: Mapping[str, int]) -> dict[str, int]:
    """Counts with the most frequent first."""
    return dict(sorted(against.items(), key=lambda item: -item[1]))


async def _happened(db: Db, ids: Collection[UUID], days: Days) -> dict[UUID, dict[str, int]]:
    sums = [func.sum(getattr(ProductDay, what)) for what in WHAT]
    within = (ProductDay.product_id.in_(ids), ProductDay.day.between(days.first, days.last))
    added = select(ProductDay.product_id, *sums).where(*within).group_by(ProductDay.product_id)
    return {row[0]: dict(zip(WHAT, map(int, row[1:]), strict=True)) for row in await db.execute(added)}


def coarse(funnel: Funnel) -> Funnel:
    """Figures as a partner is told them: to the ten, and nothing of the few. Applications and what became of them it knows one by one."""
    return replace(
        funnel,
        people=to_the_ten(funnel.people),
        eligible=to_the_ten(funnel.eligible),
        against=coarse_reasons(funnel.against),
        shown=to_the_ten(funnel.shown),
        opened=to_the_ten(funnel.opened),
    )


def coarse_reasons(against: Mapping[str, int]) -> dict[str, int]:
    return {code: told for code, people in against.items() if (told := to_the_ten(people)) is not None}


def to_the_ten(people: int | None) -> int | None:
    return None if people is None else disclosure.in_tens(people, people)


async def by_day(db: Db, actor: Actor, product_id: UUID, days: Days) -> list[ProductDay]:
    """The days on which something happened, oldest first."""
    mine = seen_by(actor).where(Product.id == product_id).with_only_columns(Product.id)
    within = select(ProductDay).where(ProductDay.product_id.in_(mine), ProductDay.day.between(days.first, days.last))
    return list((await db.execute(within.order_by(ProductDay.day))).scalars())
