"""Settlement: a partner's day of the product, line by line, as the ledger booked it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import or_, select

from domain.agreements.draw_downs import DrawDown
from domain.agreements.handovers import Handover
from domain.agreements.treatments import Treatment
from domain.ledger.kinds import AccountKind as K
from domain.ledger.transfers import CauseKind, Transfer
from domain.payments.payments import Payment
from domain.payments.refunds import Refund
from domain.reconciling import charges
from domain.reconciling.charges import LookupCharge
from infra import clock
from infra.database import Db
from infra.loaders import is_any_pair
from infra.settings import settings


class SettlementKind(StrEnum):
    PAID_OUT = "PAID_OUT"
    RECEIVED = "RECEIVED"
    REFUNDED = "REFUNDED"
    FEE = "FEE"
    BENEFIT = "BENEFIT"


@dataclass(frozen=True)
class SettlementLine:
    """`amount` is below zero where it takes back what an earlier line said. `reference` is the partner's own word for a payout,
    the cashier's for money that came or went back, and kind and month of a charge for so many `lookups`, which is of no agreement;
    nor is a benefit, whose subject is the redemption.
    """

    at: datetime
    subject_id: UUID
    kind: SettlementKind
    amount: int
    currency: str
    reference: str | None
    lookups: int | None = None

    @property
    def is_of_agreement(self) -> bool:
        return self.lookups is None and self.kind is not SettlementKind.BENEFIT


@dataclass(frozen=True)
class Settlement:
    """One currency of a day. The partner pays out its own money; `net` is what Longan owes it for the day, benefits apart."""

    on: date
    currency: str
    lines: Sequence[SettlementLine]

    def total(self, kind: SettlementKind) -> int:
        return sum(line.amount for line in self.lines if line.kind is kind)

    @property
    def net(self) -> int:
        received, refunded = self.total(SettlementKind.RECEIVED), self.total(SettlementKind.REFUNDED)
        return received - refunded - self.total(SettlementKind.FEE)


# What a transfer is to the partner: by its accounts, debit first. The other way round it takes back.
PAYABLES = {
    (K.COLLECTED, K.PAYABLE): (SettlementKind.RECEIVED, 1),
    (K.PAYABLE, K.COLLECTED): (SettlementKind.REFUNDED, 1),
    (K.DEPOSIT, K.PAYABLE): (SettlementKind.RECEIVED, 1),
    (K.PAYABLE, K.COMMISSION): (SettlementKind.FEE, 1),
    (K.COMMISSION, K.PAYABLE): (SettlementKind.FEE, -1),
    (K.BENEFITS, K.BENEFITS_OWED): (SettlementKind.BENEFIT, 1),
}
REVERSED = {
    (K.PAYABLE, K.COLLECTED): (SettlementKind.RECEIVED, -1),
    (K.COLLECTED, K.PAYABLE): (SettlementKind.REFUNDED, -1),
}
PAYOUTS = {
    (CauseKind.PAYOUT, K.PRINCIPAL, K.LENT): 1,
    (CauseKind.PAYOUT_RETURNED, K.LENT, K.PRINCIPAL): -1,
}

TELLING = (K.PAYABLE, K.LENT, K.BENEFITS_OWED)  # one of these is on a side of each of them


def meaning_of(transfer: Transfer) -> tuple[SettlementKind, int] | None:
    """What it is to the partner, and with which sign; None where it changes nothing between the two."""
    accounts = transfer.debit, transfer.credit
    if sign := PAYOUTS.get((transfer.cause_kind, *accounts)):
        return SettlementKind.PAID_OUT, sign
    if transfer.reverses is not None and accounts in REVERSED:
        return REVERSED[accounts]
    return PAYABLES.get(accounts)


async def settlement_of(db: Db, partner_id: UUID, on: date, currency: str | None = None) -> Settlement:
    """The settlement in one currency: the one that is named, else the house's own, else the one that there is."""
    transfers = await _transfers(db, partner_id, on, on)
    currencies = sorted({each.currency for each in transfers})
    own = settings().currency
    chosen = currency or (own if own in currencies or not currencies else currencies[0])
    mine = [each for each in transfers if each.currency == chosen]
    return Settlement(on, chosen, await _lines(db, mine))


async def lines_between(db: Db, partner_id: UUID, first: date, last: date) -> list[SettlementLine]:
    """A partner's lines from one day to another, in every currency, the earliest first."""
    return await _lines(db, await _transfers(db, partner_id, first, last))


async def _lines(db: Db, transfers: Sequence[Transfer]) -> list[SettlementLine]:
    references, charged = await _references(db, transfers), await charges.of_transfers(db, transfers)
    lines = [
        _line_of_charge(charged[each.cause_id], each) if each.cause_id in charged else _line(each, references)
        for each in transfers
    ]
    return [line for line in lines if line is not None]


async def _transfers(db: Db, partner_id: UUID, first: date, last: date) -> Sequence[Transfer]:
    start, end = clock.begins(first), clock.begins(last + timedelta(days=1))
    theirs = select(Transfer).where(
        Transfer.partner_id == partner_id,
        Transfer.booked_at >= start,
        Transfer.booked_at < end,
        or_(Transfer.debit.in_(TELLING), Transfer.credit.in_(TELLING)),
    )
    return (await db.execute(theirs.order_by(Transfer.booked_at, Transfer.id))).scalars().all()


def _line(transfer: Transfer, references: Mapping[UUID, str | None]) -> SettlementLine | None:
    meaning = meaning_of(transfer)
    if meaning is None:
        return None
    kind, sign = meaning
    return SettlementLine(
        transfer.booked_at,
        transfer.subject_id,
        kind,
        sign * transfer.amount,
        transfer.currency,
        references.get(transfer.cause_id),
    )


def _line_of_charge(charge: LookupCharge, transfer: Transfer) -> SettlementLine:
    return SettlementLine(
        transfer.booked_at,
        charge.id,
        SettlementKind.FEE,
        transfer.amount,
        transfer.currency,
        charge.reference,
        charge.lookups,
    )


async def _references(db: Db, transfers: Iterable[Transfer]) -> dict[UUID, str | None]:
    """What others call each cause, by its id."""
    causes = list({(each.user_id, each.cause_id) for each in transfers})
    given = {"keys": [user_id for user_id, _ in causes], "ids": [id for _, id in causes]}
    found: dict[UUID, str | None] = {}
    for noun in (DrawDown, Handover, Treatment, Payment, Refund):
        # As two arrays: a day of a big partner has more causes than a statement has places for values.
        wanted = select(noun.id, noun.reference).where(is_any_pair(noun.user_id, noun.id))
        found |= dict((await db.execute(wanted, given)).all())
    return found
