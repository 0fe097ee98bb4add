"""Charge: what a partner owes for the lookups of a month, booked once when the month is over."""

from collections.abc import Iterable
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Select, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from domain.consent.lookups import LATELY, Lookup, LookupKind, price_of
from domain.ledger.kinds import AccountKind
from domain.ledger.posting import post
from domain.ledger.transfers import Cause, CauseKind, Transfer, transfer
from domain.payments.takings import NOBODY
from domain.people.partners import Partner
from infra import clock, schedules
from infra.database import Db
from infra.entity import Entity, Id, Minor
from infra.events import declare
from infra.ids import new_id
from infra.outbox import Event
from infra.reactions import reaction
from infra.records import Record
from infra.settings import settings

DUE = declare("lookups.charging_due")
MONTHS_MAX = 2  # what was not booked by then, as the worker was away, is charged to nobody any more
schedules.recur(DUE, schedules.DAY, schedules.NIGHT)


class LookupCharge(Entity):
    """`month` is its first day, `ends_at` the moment at which it was over. `price` is of each of `lookups`, which are of one kind."""

    __tablename__ = "lookup_charges"
    __record__ = Record()

    id: Mapped[Id]
    partner_id: Mapped[UUID] = mapped_column(ForeignKey("partners.id"))
    month: Mapped[date]
    kind: Mapped[LookupKind]
    ends_at: Mapped[datetime]
    lookups: Mapped[int]
    price: Mapped[Minor]
    currency: Mapped[str]
    booked_at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint("lookups > 0 AND price > 0", name="something"),
        Index(None, "partner_id", "month", "kind", unique=True),
    )

    @property
    def amount(self) -> int:
        """What all of them cost together, in minor units."""
        return self.lookups * self.price

    @property
    def reference(self) -> str:
        """How a statement names it."""
        return f"{self.kind} {self.month:%Y-%m}"


def _owed(since: datetime, until: datetime) -> Select[UUID, str, LookupKind, int]:
    """By partner, month and kind: what is charged of months that were over by then and were not booked, each as a whole."""
    booked = select(func.max(LookupCharge.ends_at)).where(LookupCharge.partner_id == Partner.id).scalar_subquery()
    month = clock.local_text(Lookup.at, "YYYY-MM").label("month")
    return (
        select(Partner.id, month, Lookup.kind, func.count())
        .join(Lookup, Lookup.partner_id == Partner.id)
        .where(Lookup.charged, ~Partner.is_test, Lookup.at < until, Lookup.at >= func.greatest(booked, since))
        .group_by(Partner.id, "month", Lookup.kind)
        .order_by(Partner.id, "month", Lookup.kind)
    )


@reaction(DUE, stored_as="charge_lookups")
async def charge_each_night(db: Db, event: Event) -> None:
    await charge(db)


async def charge(db: Db) -> None:
    """Book all months that are over; said again, or by two at once, it changes nothing."""
    # Whoever looked in the last second of a month may be written down a while later.
    month = clock.local_day(await clock.now(db) - LATELY).replace(day=1)
    since = clock.begins(_months_later(month, -MONTHS_MAX))
    owed = (await db.execute(_owed(since, clock.begins(month)))).all()
    new = [await _put_down(db, *each) for each in owed]
    on = await clock.today(db)
    await post(db, [_transfer(each, on) for each in new if each is not None])


async def _put_down(db: Db, partner_id: UUID, named: str, kind: LookupKind, lookups: int) -> LookupCharge | None:
    """None where lookups of this kind cost nothing, or somebody else has just put it down."""
    price, month = price_of(kind), date.fromisoformat(f"{named}-01")
    if not price:
        return None
    row = insert(LookupCharge).values(
        id=new_id(),
        partner_id=partner_id,
        month=month,
        kind=kind,
        ends_at=clock.begins(_months_later(month, 1)),
        lookups=lookups,
        price=price,
        currency=settings().currency,
        booked_at=await clock.now(db),
    )
    return (await db.execute(row.on_conflict_do_nothing().returning(LookupCharge))).scalar_one_or_none()


def _months_later(month: date, months: int) -> date:
    years, at = divmod(month.month - 1 + months, 12)
    return date(month.year + years, at + 1, 1)


def _transfer(charge: LookupCharge, on: date) -> Transfer:
    return transfer(
        Cause(CauseKind.LOOKUPS, charge.id),
        AccountKind.PAYABLE,
        AccountKind.COMMISSION,
        charge.amount,
        currency=charge.currency,
        user_id=NOBODY,
        subject_id=charge.id,
        partner_id=charge.partner_id,
        value_on=on,
    )


async def of_transfers(db: Db, transfers: Iterable[Transfer]) -> dict[UUID, LookupCharge]:
    """The charges that these transfers book, by id."""
    ids = [each.cause_id for each in transfers if each.cause_kind is CauseKind.LOOKUPS]
    if not ids:
        return {}
    return {
        each.id: each for each in (await db.execute(select(LookupCharge).where(LookupCharge.id.in_(ids)))).scalars()
    }
