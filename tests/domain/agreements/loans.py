"""Loans without a door: an agreement as an acceptance makes it, and what then happens to it, for tests that need many."""

from datetime import timedelta
from decimal import Decimal
from uuid import UUID

from domain.actors import UserActor
from domain.agreements import agreements, booking, coming, drawing, limits
from domain.agreements.acts import ActKind
from domain.agreements.agreements import Agreement
from domain.agreements.draw_downs import DrawDown
from domain.agreements.drawing import PayoutOutcome, conclude
from domain.agreements.standings import AgreementStanding, standing_of
from domain.applications.offers import Offer, OfferStatus
from domain.market.kinds import ProductKind
from domain.market.products import PaymentOrder
from domain.money.conventions import LONGAN
from domain.money.loans import Amortisation
from infra import clock
from infra.database import Db
from infra.ids import new_id
from tests.api.people import somebody


async def open_loan(
    db: Db,
    amount: int = 1_200_00,
    *,
    months: int = 12,
    rate: str = "0.12",
    fee: int = 0,
    currency: str = "CNY",
    product_id: UUID | None = None,
    partner_id: UUID | None = None,
    amortisation: Amortisation = Amortisation.EQUAL,
    payment_order: PaymentOrder = PaymentOrder.CHARGES_FIRST,
    late_fee_rate: str = "0",
    of: UUID | None = None,
    kind: ProductKind = ProductKind.LOAN,
) -> Agreement:
    user_id, now = of or (await somebody(db)).id, await clock.now(db)
    offer = Offer(
        user_id=user_id,
        application_id=new_id(),
        amount=amount,
        currency=currency,
        term_months=months,
        annual_rate=Decimal(rate),
        annual_cost=Decimal(rate),
        monthly_payment=amount // months,
        deposit=0,
        deposit_waived=0,
        schedule=[],
        documents=[],
        made_at=now,
        expires_at=now + timedelta(days=7),
        status=OfferStatus.ACCEPTED,
        fee=fee,
    )
    agreement = Agreement(
        user_id=user_id,
        application_id=offer.application_id,
        offer_id=offer.id,
        product_id=product_id or new_id(),
        partner_id=partner_id or new_id(),
        kind=kind,
        title="A loan",
        amount=amount,
        currency=currency,
        term_months=months,
        annual_rate=Decimal(rate),
        fee=fee,
        cost_cap=Decimal("0.24"),
        monthly_payment=amount // months,
        rounding=LONGAN.rounding,
        amortisation=amortisation,
        payment_order=payment_order,
        late_fee_rate=Decimal(late_fee_rate),
        documents=[],
        signed_at=now,
        updated_at=now,
    )
    agreement.next_on = coming.waits_until(agreement)
    db.add_all([offer, agreement])
    await db.flush()
    await limits.begin(db, agreement)
    return agreement


def owner(agreement: Agreement) -> UserActor:
    return UserActor(agreement.user_id, new_id())


async def send(db: Db, agreement: Agreement, amount: int) -> DrawDown:
    """On its way, as drawing sends it for whoever proves who they are."""
    return await drawing.send(db, await standing_of(db, agreement), new_id(), amount)


async def pay_out(
    db: Db, agreement: Agreement, amount: int, outcome: PayoutOutcome = PayoutOutcome.SETTLED
) -> DrawDown:
    drawn = await send(db, agreement, amount)
    return await conclude(db, agreement.user_id, drawn.id, outcome, None)


async def repay(db: Db, agreement: Agreement, amount: int, **more: object) -> AgreementStanding:
    held = await agreements.lock(db, agreement.user_id, agreement.id)
    assert held is not None
    return await booking.book_act(db, held, ActKind.PAYMENT, new_id(), amount, **more)  # type: ignore[arg-type]
