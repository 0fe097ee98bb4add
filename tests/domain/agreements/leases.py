"""Leases without a door: an agreement as an acceptance makes it, with its deposit, for tests that need many."""

from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from domain.agreements import coming, moving_in, repaying
from domain.agreements.agreements import Agreement
from domain.agreements.deposits import DepositStatus
from domain.agreements.deposits import find as deposit_of
from domain.agreements.repaying import RepayWish
from domain.agreements.standings import AgreementStanding, standing_of
from domain.applications.offers import Offer, OfferStatus
from domain.ledger.accounts import Balances, balances_of
from domain.ledger.checking import LedgerScope, check
from domain.market.goods import TIMES, Goods
from domain.market.kinds import ProductKind
from domain.reconciling import reconciling
from domain.reconciling.owing import schedules_compared
from infra import clock
from infra import clock as house
from infra.database import Db, reading, transaction
from infra.ids import new_id
from infra.money import Money
from tests.api.people import somebody
from tests.clocks import Clock
from tests.days import day_passes
from tests.domain.agreements.loans import owner
from tests.working import work_off

RENT, HELD = 3_100_00, 5_000_00


async def open_lease(
    db: Db,
    rent: int = RENT,
    *,
    months: int = 12,
    held: int = HELD,
    waived: int = 0,
    goods: Goods = Goods.HOME,
    currency: str = "CNY",
    partner_id: UUID | None = None,
    user_id: UUID | None = None,
) -> Agreement:
    """Accepted, and its deposit asked for; nobody has asked the cashier yet."""
    user_id, now = user_id or (await somebody(db)).id, await clock.now(db)
    offer = Offer(
        user_id=user_id,
        application_id=new_id(),
        amount=rent,
        currency=currency,
        term_months=months,
        annual_rate=None,
        annual_cost=Decimal(0),
        monthly_payment=rent,
        deposit=held,
        deposit_waived=waived,
        schedule=[],
        documents=[],
        made_at=now,
        expires_at=now + timedelta(days=7),
        status=OfferStatus.ACCEPTED,
    )
    agreement = Agreement(
        user_id=user_id,
        application_id=offer.application_id,
        offer_id=offer.id,
        product_id=new_id(),
        partner_id=partner_id or new_id(),
        kind=ProductKind.RENTAL,
        title="A home",
        amount=rent,
        currency=currency,
        term_months=months,
        annual_rate=Decimal(0),
        fee=0,
        cost_cap=Decimal("0.24"),
        monthly_payment=rent,
        documents=[],
        signed_at=now,
        updated_at=now,
    )
    agreement.next_on = coming.waits_until(agreement)
    db.add_all([offer, agreement])
    await db.flush()
    await moving_in.ask_for_deposit(db, agreement, offer, TIMES[goods], "")
    return agreement


async def moved_in(**more: object) -> Agreement:
    """With its deposit paid, where there is one."""
    async with transaction() as db:
        agreement = await open_lease(db, **more)  # type: ignore[arg-type]
    await moving_in.ask_cashier(agreement)
    return (await standing(agreement)).agreement


async def standing(agreement: Agreement) -> AgreementStanding:
    async with reading() as db:
        return await standing_of(db, await db.get_one(Agreement, (agreement.user_id, agreement.id)))


async def balances(agreement: Agreement) -> Balances:
    async with reading() as db:
        return await balances_of(db, agreement.user_id, agreement.id)


async def status_of(agreement: Agreement) -> tuple[str, DepositStatus | None]:
    """Of the agreement, and of its deposit."""
    async with reading() as db:
        anew = await db.get_one(Agreement, (agreement.user_id, agreement.id))
        deposit = await deposit_of(db, agreement.user_id, agreement.id)
        return anew.status.value, deposit.status if deposit else None


async def live_on(agreement: Agreement) -> None:
    """Today passes, and all that follows."""
    await day_passes(agreement.user_id)
    await work_off(agreement.user_id, agreement.id)


async def pay(agreement: Agreement, minor: int) -> str:
    wish = RepayWish(agreement.id, Money(minor, agreement.currency))
    return (await repaying.repay(owner(agreement), wish, str(new_id()))).status.value


async def stand_on(clock: Clock, day: date) -> None:
    await clock.stand_at(house.begins(day) + timedelta(hours=9))


async def back(clock: Clock, agreement: Agreement) -> None:
    """What is due, and then what the cashier is asked to give back, some seconds later."""
    await live_on(agreement)
    await clock.forward(seconds=11)
    await live_on(agreement)


async def nothing_differs(agreement: Agreement) -> None:
    """Statement, schedule, payments, deposit and ledger say the same, and the ledger is whole."""
    async with transaction() as db:
        assert await reconciling._compared(db, agreement.user_id, agreement.user_id) == []
        assert await schedules_compared(db, agreement.user_id, agreement.user_id) == []
        assert (await check(db, LedgerScope(subject_id=agreement.id, user_id=agreement.user_id))).faults == []
