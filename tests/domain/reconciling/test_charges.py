"""What a partner's lookups of a month cost is booked once, to the cent, whenever and however often it is worked out."""

import asyncio
import random
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select

from domain.consent.lookups import Lookup, LookupAnswer, LookupKind
from domain.ledger.transfers import CauseKind, Transfer
from domain.reconciling import charges, reconciling, remittances
from domain.reconciling.charges import LookupCharge
from domain.reconciling.reconciling import Reconciliation
from domain.reconciling.settlements import SettlementKind, settlement_of
from infra.clock import local_day, zone
from infra.database import Db, transaction
from infra.hindsight import stand_at
from infra.ids import new_id
from infra.settings import settings
from tests.api.people import Shop, open_shop

# In Shanghai the month begins eight hours before it does in UTC.
OCTOBER, NOVEMBER = datetime(2031, 9, 30, 16, tzinfo=UTC), datetime(2031, 10, 31, 16, tzinfo=UTC)
NIGHT = NOVEMBER + timedelta(hours=3)


def look(partner_id: UUID, at: datetime, kind: LookupKind = LookupKind.CHECK, *, charged: bool = True) -> Lookup:
    return Lookup(
        user_id=new_id(),
        id=new_id(),
        at=at,
        kind=kind,
        subject_id=new_id(),
        answer=LookupAnswer.YES,
        partner_id=partner_id,
        charged=charged,
    )


async def charged(db: Db, shop: Shop) -> dict[tuple[date, str], tuple[int, int]]:
    its = select(LookupCharge).where(LookupCharge.partner_id == shop.partner.id)
    rows = (await db.execute(its.execution_options(populate_existing=True))).scalars()
    return {(each.month, each.kind.value): (each.lookups, each.amount) for each in rows}


async def booked(db: Db, shop: Shop) -> int:
    theirs = select(func.coalesce(func.sum(Transfer.amount), 0)).where(Transfer.partner_id == shop.partner.id)
    return int((await db.execute(theirs.where(Transfer.cause_kind == CauseKind.LOOKUPS))).scalar_one())


async def test_a_month_is_cut_by_the_houses_days(db: Db) -> None:
    shop, second = await open_shop(), timedelta(seconds=1)
    moments = [OCTOBER - second, OCTOBER, NOVEMBER - second, NOVEMBER]
    db.add_all([look(shop.partner.id, at) for at in moments])
    db.add_all([look(shop.partner.id, OCTOBER, LookupKind.REPORT), look(shop.partner.id, OCTOBER, charged=False)])
    await db.flush()
    await stand_at(db, NOVEMBER + timedelta(minutes=9))
    await charges.charge(db)
    september = {(date(2031, 9, 1), "CHECK"): (1, 50)}
    assert await charged(db, shop) == september, "October may not be written down yet"
    for at in (NIGHT, NIGHT + timedelta(days=1)):
        await stand_at(db, at)
        await charges.charge(db)
        october = {(date(2031, 10, 1), "CHECK"): (2, 100), (date(2031, 10, 1), "REPORT"): (1, 200)}
        assert await charged(db, shop) == september | october
    assert await booked(db, shop) == 350


async def test_it_is_a_line_of_the_day_on_which_it_was_booked_and_of_what_is_paid_out(db: Db) -> None:
    shop = await open_shop()
    db.add_all([look(shop.partner.id, OCTOBER + timedelta(hours=n)) for n in range(3)])
    await db.flush()
    await stand_at(db, NIGHT)
    await charges.charge(db)
    told = await settlement_of(db, shop.partner.id, local_day(NIGHT))
    (line,) = told.lines
    assert (line.kind, line.amount, line.reference, line.lookups) == (SettlementKind.FEE, 150, "CHECK 2031-10", 3)
    assert (told.total(SettlementKind.FEE), told.net) == (150, -150)
    found = Reconciliation()
    await reconciling.reconcile_reports(db, found)
    assert [each for each in found.differences if each.subject_id == shop.partner.id] == []
    await remittances.reckon(db, local_day(NIGHT))
    assert await remittances.of_day(db, shop.partner.id, local_day(NIGHT), "CNY") is None, "who owes is paid nothing"


async def test_two_at_once_book_it_once() -> None:
    shop = await open_shop()
    async with transaction() as db:
        db.add_all([look(shop.partner.id, OCTOBER + timedelta(hours=n)) for n in range(5)])

    async def charge() -> None:
        async with transaction() as db:
            await stand_at(db, NIGHT)
            await charges.charge(db)

    await asyncio.gather(charge(), charge(), charge())
    async with transaction() as db:
        assert await charged(db, shop) == {(date(2031, 10, 1), "CHECK"): (5, 250)}
        assert await booked(db, shop) == 250


@pytest.mark.parametrize("seed", range(3))
async def test_whenever_it_is_worked_out_it_comes_to_the_same(db: Db, seed: int) -> None:
    """Beside a count that was written apart, over months in which somebody works it out now and then."""
    chance, shop = random.Random(seed), await open_shop()
    now, expected = OCTOBER, Counter[tuple[str, str]]()
    for _ in range(60):
        now += timedelta(hours=chance.randrange(1, 90))
        kind, is_charged = chance.choice([LookupKind.CHECK, LookupKind.REPORT]), chance.random() < 0.7
        db.add(look(shop.partner.id, now, kind, charged=is_charged))
        expected[now.astimezone(zone()).strftime("%Y-%m"), kind.value] += is_charged
        await db.flush()
        if chance.random() < 0.2:
            await stand_at(db, now)
            await charges.charge(db)
    await stand_at(db, now + timedelta(days=40))
    await charges.charge(db)
    prices = settings().lookup_prices
    found = {(f"{month:%Y-%m}", kind): count for (month, kind), (count, _) in (await charged(db, shop)).items()}
    assert found == {key: count for key, count in expected.items() if count}
    assert await booked(db, shop) == sum(count * prices[kind] for (_, kind), count in expected.items())


async def test_months_long_over_are_charged_to_nobody_any_more(db: Db) -> None:
    """As where no worker ran."""
    shop, second = await open_shop(), timedelta(seconds=1)
    august = datetime(2031, 7, 31, 16, tzinfo=UTC)
    september = datetime(2031, 8, 31, 16, tzinfo=UTC)
    db.add_all([look(shop.partner.id, at) for at in (august, september - second, september)])
    await db.flush()
    await stand_at(db, NIGHT)
    await charges.charge(db)
    assert await charged(db, shop) == {(date(2031, 9, 1), "CHECK"): (1, 50)}


async def test_a_test_client_owes_nothing(db: Db) -> None:
    shop = await open_shop(is_test=True)
    db.add(look(shop.partner.id, OCTOBER))
    await db.flush()
    await stand_at(db, NIGHT)
    await charges.charge(db)
    assert await charged(db, shop) == {} and await booked(db, shop) == 0
