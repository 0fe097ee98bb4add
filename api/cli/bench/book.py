"""A book of loans that began on every day of a month, some of them late."""

from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy import func, select

from domain.agreements import booking, limits
from domain.agreements.acts import ActKind
from domain.agreements.agreements import Agreement
from domain.agreements.draw_downs import DrawDown, DrawDownStatus
from domain.agreements.drawing import PayoutOutcome, conclude
from domain.agreements.standings import standing_of
from domain.applications.offers import Offer, OfferStatus
from domain.ledger.kinds import AccountKind
from domain.ledger.posting import post
from domain.ledger.transfers import Cause, CauseKind
from domain.market.kinds import ProductKind
from domain.people import users
from infra import clock
from infra.database import Db, reading, transaction
from infra.hindsight import stand_at
from infra.ids import new_id

LOANS = 60
LATE_EACH = 10  # of so many loans, one pays nothing
AMOUNT, MONTHS, AGE_DAYS = 12_000_00, 12, 75


# What a day reads nothing of: what happened long ago, and is told by now.
HISTORY = frozenset({"events", "event_reactions", "revisions"})


async def seed() -> list[UUID]:
    """Loans as their acts and days left them, one a person; gives the people."""
    async with transaction() as db:
        return await lend(db, LOANS)


async def lend(db: Db, loans: int) -> list[UUID]:
    """Drawn on one day after the other, and paid on theirs or never."""
    today = await clock.today(db)
    begun = [today - timedelta(days=AGE_DAYS + number * 30 // loans) for number in range(loans)]
    people = [await _live(db, number, begins, today) for number, begins in enumerate(begun)]
    await _stand(db, today)
    return people


async def _live(db: Db, number: int, begins: date, today: date) -> UUID:
    await _stand(db, begins)
    agreement = await _open(db, number)
    drawn = DrawDown(
        user_id=agreement.user_id,
        agreement_id=agreement.id,
        partner_id=agreement.partner_id,
        payment_account_id=new_id(),
        amount=AMOUNT,
        withheld=0,
        currency="CNY",
        sent_at=await clock.now(db),
    )
    db.add(drawn)
    reserve = limits.transfer_of(
        agreement, Cause(CauseKind.DRAW_DOWN, drawn.id), AccountKind.RESERVED, AccountKind.DRAWABLE, AMOUNT, begins
    )
    await post(db, [reserve])
    await conclude(db, agreement.user_id, drawn.id, PayoutOutcome.SETTLED, None)
    assert drawn.status is DrawDownStatus.SETTLED
    while agreement.next_on is not None and agreement.next_on < today:
        await _stand(db, agreement.next_on)
        [standing] = await booking.pass_all(db, [await standing_of(db, agreement)])
        row = standing.life.next_due
        if number % LATE_EACH and row is not None and row.due_on <= standing.on:
            await booking.book_act(db, agreement, ActKind.PAYMENT, new_id(), row.outstanding)
    return agreement.user_id


async def _open(db: Db, number: int) -> Agreement:
    now = await clock.now(db)
    user = await users.find_or_register(db, f"+86139{number:08}")
    offer = Offer(
        user_id=user.id,
        application_id=new_id(),
        amount=AMOUNT,
        currency="CNY",
        term_months=MONTHS,
        annual_rate=Decimal("0.12"),
        annual_cost=Decimal("0.12"),
        monthly_payment=AMOUNT // MONTHS,
        deposit=0,
        deposit_waived=0,
        schedule=[],
        documents=[],
        made_at=now,
        expires_at=now + timedelta(days=7),
        status=OfferStatus.ACCEPTED,
        fee=0,
    )
    agreement = Agreement(
        user_id=user.id,
        application_id=offer.application_id,
        offer_id=offer.id,
        product_id=new_id(),
        partner_id=new_id(),
        kind=ProductKind.LOAN,
        title="A loan",
        amount=AMOUNT,
        currency="CNY",
        term_months=MONTHS,
        annual_rate=Decimal("0.12"),
        fee=0,
        cost_cap=Decimal("0.24"),
        monthly_payment=AMOUNT // MONTHS,
        documents=[],
        signed_at=now,
        updated_at=now,
    )
    db.add_all([offer, agreement])
    await db.flush()
    await limits.begin(db, agreement)
    return agreement


async def count() -> int:
    """How many agreements there are."""
    async with reading() as db:
        return (await db.execute(select(func.count()).select_from(Agreement))).scalar_one()


async def _stand(db: Db, on: date) -> None:
    await stand_at(db, clock.begins(on) + timedelta(hours=5))
