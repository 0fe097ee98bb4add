"""Reviewing: what waits for a person's eye, because it was referred or because a promise was missed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, or_, select

from domain.actors import StaffActor
from domain.applications.applications import IS_AWAITING_REVIEW, Application, ApplicationStatus, visible_to
from domain.market.products import Product
from domain.people.partners import Partner
from infra.database import Db
from infra.money import Money


def queue_of(
    actor: StaffActor,
    *,
    status: ApplicationStatus | None = None,
    words: str | None = None,
    overdue_at: datetime | None = None,
) -> Select[Application]:
    """All that awaits a review, for those who may review it; nothing for others.

    Narrowed to a state, to products or partners with these words in their names, and to promises that are over by a moment.
    """
    queue = visible_to(actor).where(IS_AWAITING_REVIEW)
    if status is not None:
        queue = queue.where(Application.status == status)
    if overdue_at is not None:
        queue = queue.where(Application.promised_by < overdue_at)
    if words:
        named = or_(Product.title.icontains(words, autoescape=True), Partner.name.icontains(words, autoescape=True))
        products = select(Product.id).join(Partner, Partner.id == Product.partner_id).where(named)
        queue = queue.where(Application.product_id.in_(products))
    return queue


@dataclass(frozen=True)
class Totals:
    """`asked`: all amounts together, each currency apart."""

    count: int
    overdue: int
    asked: Sequence[Money]


async def totals(db: Db, queue: Select[Application], now: datetime) -> Totals:
    late = func.count().filter(Application.promised_by < now)
    by_currency = (
        queue.with_only_columns(Application.currency, func.count(), late, func.sum(Application.amount))
        .group_by(Application.currency)
        .order_by(Application.currency)
    )
    rows = (await db.execute(by_currency)).all()
    return Totals(
        count=sum(count for _, count, _, _ in rows),
        overdue=sum(overdue for _, _, overdue, _ in rows),
        asked=[Money(int(amount), currency) for currency, _, _, amount in rows],
    )
