"""Remittance: what Longan owes a partner of one or more days, in one currency, and for benefits that were used at its till; due
with the night, and paid out by the staff.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from domain import changes, stops
from domain.actors import StaffActor
from domain.ledger.kinds import AccountKind
from domain.ledger.posting import post
from domain.ledger.transfers import Cause, CauseKind, transfer
from domain.payments.takings import NOBODY
from domain.permissions import Permission
from domain.stops import Held, StopKind
from infra import clock, schedules
from infra.database import Db
from infra.entity import Entity, Id, Minor
from infra.errors import Refusal, RefusalCode, invalid, not_found
from infra.events import declare
from infra.ids import new_id
from infra.money import Money
from infra.outbox import Event
from infra.reactions import reaction
from infra.records import Record
from infra.words import N_

REFERENCE_MAX = 128
DUE = declare("remittance.reckoning_due")
schedules.recur(DUE, schedules.DAY, schedules.NIGHT)


class Remittance(Entity):
    """`amount` is the net of the days from `first_on` to `last_on`, the end of which is `ends_at`: of several where that of the
    days before was not above zero. `benefits` of it are for benefits, of all days that none was reckoned for; None of an old
    remittance, which paid for none. `reference` is the bank's word for the money that went out.
    """

    __tablename__ = "remittances"
    __record__ = Record(later=("reference", "paid_by", "paid_at"), closed_by="paid_at")

    id: Mapped[Id]
    partner_id: Mapped[UUID] = mapped_column(ForeignKey("partners.id"))
    currency: Mapped[str]
    first_on: Mapped[date]
    last_on: Mapped[date]
    ends_at: Mapped[datetime]
    amount: Mapped[Minor]
    benefits: Mapped[Minor | None] = mapped_column(default=None)
    reference: Mapped[str | None] = mapped_column(default=None)
    paid_by: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"), default=None)
    paid_at: Mapped[datetime | None] = mapped_column(default=None)

    __table_args__ = (
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("(paid_at IS NULL) = (paid_by IS NULL)", name="somebody_paid"),
        Index(None, "partner_id", "currency", "ends_at", unique=True),
    )


# By partner and currency, since what was reckoned last: what Longan owes, the part for benefits, and when it began to.
OWED = text("""
    WITH before AS (
        SELECT partner_id, currency, max(ends_at) AS net_until, max(ends_at) FILTER (WHERE benefits IS NOT NULL) AS benefits_until
          FROM remittances GROUP BY partner_id, currency
    ), owed AS (
        SELECT transfers.partner_id, transfers.currency, booked_at, 'BENEFITS_OWED' IN (debit, credit) AS is_benefit, net_until,
               CASE WHEN credit IN ('PAYABLE', 'BENEFITS_OWED') THEN amount ELSE -amount END AS amount
          FROM partners JOIN transfers ON transfers.partner_id = partners.id
          LEFT JOIN before ON before.partner_id = partners.id AND before.currency = transfers.currency
         WHERE NOT partners.is_test AND booked_at < :end
           AND CASE WHEN 'PAYABLE' IN (debit, credit) THEN booked_at >= coalesce(net_until, '-infinity')
                    WHEN 'BENEFITS_OWED' IN (debit, credit) THEN booked_at >= coalesce(benefits_until, '-infinity') END
    )
    SELECT partner_id, currency, greatest(min(booked_at), max(net_until)), sum(amount)::bigint,
           coalesce(sum(amount) FILTER (WHERE is_benefit), 0)::bigint
      FROM owed
     GROUP BY partner_id, currency
    HAVING sum(amount) > 0
     ORDER BY partner_id, currency
""")


@reaction(DUE, stored_as="reckon_remittances")
async def reckon_each_night(db: Db, event: Event) -> None:
    await reckon(db, await clock.today(db) - timedelta(days=1))


async def reckon(db: Db, last_on: date) -> None:
    """Let what is owed to each partner up to the end of a day, which is over, be due; said again, it changes nothing."""
    end = clock.begins(last_on + timedelta(days=1))
    for partner_id, currency, began_at, amount, benefits in (await db.execute(OWED, {"end": end})).all():
        row = insert(Remittance).values(
            id=new_id(),
            partner_id=partner_id,
            currency=currency,
            first_on=clock.local_day(began_at),
            last_on=last_on,
            ends_at=end,
            amount=amount,
            benefits=benefits,
        )
        await db.execute(row.on_conflict_do_nothing())


async def pay(db: Db, actor: StaffActor, remittance_id: UUID, reference: str) -> Remittance:
    """Book that it went out, once. Refuses NOT_ALLOWED, NOT_FOUND, INVALID, and STALE what was paid by another reference."""
    actor.require(Permission.MOVE_MONEY)
    if not 0 < len(reference) <= REFERENCE_MAX:
        raise invalid(N_("A reference has 1 to {most} characters."), "reference", most=REFERENCE_MAX)
    remittance = await db.get(Remittance, remittance_id, with_for_update=True, populate_existing=True)
    if remittance is None:
        raise not_found(N_("We could not find this remittance."), "remittanceId")
    if remittance.paid_at is not None:
        if remittance.reference != reference:
            raise Refusal(RefusalCode.STALE, N_("This was paid before, by another reference."), field=("reference",))
        return remittance
    await stops.refuse(db, StopKind.PAYOUTS, field=("reference",))
    now = await clock.now(db)
    remittance.reference, remittance.paid_by, remittance.paid_at = reference, actor.staff_id, now
    await _post(db, remittance)
    after = {"reference": reference}
    await changes.record(db, actor, "remittance", str(remittance.id), before={"reference": None}, after=after)
    return remittance


async def _count_held(db: Db) -> Held:
    due = select(Remittance.currency, func.count(), func.sum(Remittance.amount)).where(Remittance.paid_at.is_(None))
    rows = (await db.execute(due.group_by(Remittance.currency).order_by(Remittance.currency))).all()
    return Held(sum(count for _, count, _ in rows), [Money(int(amount), currency) for currency, _, amount in rows])


stops.holders[StopKind.PAYOUTS].append(_count_held)


async def _post(db: Db, remittance: Remittance) -> None:
    paid = transfer(
        Cause(CauseKind.REMITTANCE, remittance.id),
        AccountKind.REMITTED,
        AccountKind.COLLECTED,
        remittance.amount,
        currency=remittance.currency,
        user_id=NOBODY,
        subject_id=remittance.id,
        partner_id=remittance.partner_id,
        value_on=await clock.today(db),
    )
    await post(db, [paid])


async def of_day(db: Db, partner_id: UUID, on: date, currency: str) -> Remittance | None:
    """The remittance in which a partner's day is, paid or not; None where the day is not reckoned, or nothing is owed of it."""
    its = select(Remittance).where(Remittance.partner_id == partner_id, Remittance.currency == currency)
    return (
        await db.execute(its.where(Remittance.first_on <= on, Remittance.last_on >= on).limit(1))
    ).scalar_one_or_none()


async def newest(db: Db, limit: int, partner_id: UUID | None = None) -> Sequence[Remittance]:
    """What waits to be paid first, then what was paid, the newest first; of one partner, where it is named."""
    order = Remittance.paid_at.desc().nulls_first(), Remittance.last_on.desc(), Remittance.id
    its = select(Remittance) if partner_id is None else select(Remittance).where(Remittance.partner_id == partner_id)
    return (await db.execute(its.order_by(*order).limit(limit))).scalars().all()


async def due_to(db: Db, partner_id: UUID) -> dict[str, int]:
    """What a partner is due and was not paid yet, in each currency."""
    due = select(Remittance.currency, func.sum(Remittance.amount)).where(
        Remittance.partner_id == partner_id, Remittance.paid_at.is_(None)
    )
    rows = (await db.execute(due.group_by(Remittance.currency).order_by(Remittance.currency))).all()
    return {currency: int(amount) for currency, amount in rows}
