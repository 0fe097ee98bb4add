"""Moving in and out: the deposit is held or waived, rent falls due, and what is left goes back on the day on which it is over."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from domain.actors import Role, StaffActor
from domain.agreements import agreements, booking, repaying, statements
from domain.agreements.acts import ActKind
from domain.agreements.agreements import Agreement
from domain.agreements.repaying import RepayWish
from domain.agreements.standings import standing_of
from domain.ledger.kinds import AccountKind as K
from domain.payments import by_hand, refunding
from domain.payments.cashiers import PaymentStatus, RefundAnswer
from domain.payments.refunds import Refund
from domain.reconciling import reconciling
from infra.database import reading, transaction
from infra.errors import Refusal
from infra.ids import new_id
from infra.money import Money
from infra.outbox import Event
from integrations.cashier.sandbox import orders
from integrations.cashier.sandbox.orders import SandboxMode
from tests.api.people import staff_member
from tests.applying import apply, product
from tests.clocks import Clock
from tests.days import day_passes
from tests.domain.agreements.leases import (
    HELD,
    RENT,
    back,
    balances,
    live_on,
    moved_in,
    nothing_differs,
    pay,
    stand_on,
    standing,
    status_of,
)
from tests.domain.agreements.loans import owner
from tests.domain.agreements.test_accepting import accept, look
from tests.phones import Phone, new_key

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
async def nothing_planned(house: None) -> None:
    async with transaction() as db:
        await orders.forget(db)


async def go(mode: SandboxMode, times: int = 1) -> None:
    async with transaction() as db:
        await orders.arrange(db, mode, times)


async def announced(agreement: Agreement) -> list[str]:
    async with reading() as db:
        its = select(Event.name).where(Event.subject_id == agreement.id, ~Event.name.endswith("_due"))
        return [*(await db.execute(its.order_by(Event.id))).scalars()]


async def refunds_of(agreement: Agreement) -> Sequence[Refund]:
    async with reading() as db:
        return (await db.execute(select(Refund).where(Refund.user_id == agreement.user_id))).scalars().all()


async def test_a_lease_begins_with_its_deposit_and_rent_is_due_at_once(clock: Clock) -> None:
    agreement = await moved_in()
    assert await status_of(agreement) == ("ACTIVE", "HELD")
    now = await standing(agreement)
    assert (now.outstanding, now.credit, now.due_day) == (RENT, 0, now.on.day)
    books = await balances(agreement)
    assert (books[K.DEPOSIT], books[K.COLLECTED], books[K.RENT], books[K.RENT_EARNED], books[K.PAYABLE]) == (
        HELD,
        HELD,
        RENT,
        RENT,
        0,
    )
    assert await pay(agreement, RENT) == "SETTLED"
    assert (await standing(agreement)).outstanding == 0
    assert await announced(agreement) == ["deposit.held", "agreement.repaid"]
    lines = statements.lines_of(await standing(agreement), await clock.now())
    assert [(line.kind.value, line.amount, line.words("en")) for line in lines] == [
        ("REPAYMENT", -RENT, "Your payment, thank you: CN¥3,100.00 of rent."),
        ("RENT", RENT, f"Rent of month 1, from {now.on.day} {now.on:%B}."),
    ]


async def test_rent_that_is_given_up_was_never_earned_and_a_fee_that_was_paid_stays_so() -> None:
    agreement = await moved_in()
    await act(agreement, ActKind.PENALTY, 100_00)
    await pay(agreement, 100_00)
    await act(agreement, ActKind.WAIVER, 30_00)
    books = await balances(agreement)
    assert (books[K.FEES], books[K.FEES_EARNED]) == (0, 100_00)
    assert books[K.RENT] == books[K.RENT_EARNED] == RENT - 30_00
    await nothing_differs(agreement)


async def act(agreement: Agreement, kind: ActKind, minor: int) -> None:
    async with transaction() as db:
        held = await agreements.lock(db, agreement.user_id, agreement.id)
        assert held is not None
        await booking.book_act(db, held, kind, new_id(), minor)


@pytest.mark.parametrize(("held", "waived", "deposit"), [(0, HELD, "WAIVED"), (0, 0, None)])
async def test_a_grade_that_waives_the_deposit_begins_the_lease(held: int, waived: int, deposit: str | None) -> None:
    agreement = await moved_in(held=held, waived=waived)
    assert await status_of(agreement) == ("ACTIVE", deposit)
    assert (await balances(agreement))[K.DEPOSIT] == 0


async def test_a_deposit_that_did_not_come_is_paid_anew_or_lapses(clock: Clock) -> None:
    await go(SandboxMode.FAIL, 2)
    agreement, other = await moved_in(), await moved_in()
    assert await status_of(agreement) == await status_of(other) == ("PENDING", "DUE")
    with pytest.raises(Refusal) as refused:
        await pay(agreement, HELD - 1)
    assert (refused.value.code.value, refused.value.field) == ("INVALID", ("input", "amount"))
    assert await pay(agreement, HELD) == "SETTLED"
    assert await status_of(agreement) == ("ACTIVE", "HELD")
    await clock.forward(days=3)
    await asyncio.gather(live_on(agreement), live_on(other))
    assert (await status_of(agreement))[0] == "OVERDUE", "the first rent was not paid"
    assert await status_of(other) == ("UNWOUND", "DUE")
    with pytest.raises(Refusal) as over:
        await pay(other, HELD)
    assert over.value.code.value == "NOT_OPEN"


async def test_a_deposit_that_comes_too_late_fits_nothing(clock: Clock) -> None:
    await go(SandboxMode.DELAY)
    agreement = await moved_in()
    assert await status_of(agreement) == ("PENDING", "DUE")
    key = str(new_id())
    wish = RepayWish(agreement.id, Money(HELD, "CNY"))
    again = [await repaying.repay(owner(agreement), wish, key) for _ in range(2)]
    assert again[0].id == again[1].id, "the payment that is open, and no second one"
    await clock.forward(days=3)
    await day_passes(agreement.user_id)
    assert (await status_of(agreement))[0] == "UNWOUND"
    await live_on(agreement)
    assert ((await balances(agreement))[K.COLLECTED], await status_of(agreement)) == (0, ("UNWOUND", "DUE"))
    await nothing_differs(agreement)


async def test_a_lease_that_is_over_gives_the_deposit_back_once_nobody_can_claim_it(clock: Clock) -> None:
    agreement = await moved_in(months=1)
    await pay(agreement, RENT)
    end = (await standing(agreement)).ends_on
    assert end is not None
    await stand_on(clock, end + 7 * DAY)
    await live_on(agreement)
    assert await status_of(agreement) == ("ACTIVE", "HELD")
    await stand_on(clock, end + 8 * DAY)
    await asyncio.gather(*(live_on(agreement) for _ in range(5)))
    await back(clock, agreement)
    assert await status_of(agreement) == ("SETTLED", "RETURNED")
    books = await balances(agreement)
    assert (books[K.DEPOSIT], books[K.DEPOSIT_RETURNING], books[K.COLLECTED], books[K.PAYABLE]) == (0, 0, RENT, RENT)
    assert (await announced(agreement))[-2:] == ["deposit.returned", "agreement.settled"]
    await nothing_differs(agreement)


async def test_a_deposit_whose_way_back_fails_is_tried_again(clock: Clock) -> None:
    agreement = await moved_in(months=1)
    await pay(agreement, RENT)
    end = (await standing(agreement)).ends_on
    assert end is not None
    await stand_on(clock, end + 8 * DAY)
    await live_on(agreement)
    (refund,) = await refunds_of(agreement)
    await refunding.hear(refund.user_id, refund.id, RefundAnswer(PaymentStatus.FAILED))
    assert await status_of(agreement) == ("ACTIVE", "HELD")
    assert ((await balances(agreement))[K.DEPOSIT], (await balances(agreement))[K.DEPOSIT_RETURNING]) == (HELD, 0)
    async with reading() as db:
        differs = await reconciling._compared(db, agreement.user_id, agreement.user_id)
    assert [(each.kind.value, each.detail) for each in differs] == [("STUCK", str(refund.id))], (
        "until it is tried again"
    )
    async with transaction() as db:
        mover = StaffActor((await staff_member(db, Role.RISK)).id, Role.RISK)
        await by_hand.propose(db, mover, refund.id, "ICBC 1")
    for _ in range(2):
        await clock.forward(days=1, minutes=1)
        await live_on(agreement)
        assert len(await refunds_of(agreement)) == 1, "it is said to have gone out by hand"
    async with transaction() as db:
        await by_hand.reject(db, mover, refund.id)
    await clock.forward(days=1, minutes=1)
    await back(clock, agreement)
    assert await status_of(agreement) == ("SETTLED", "RETURNED")
    assert sorted((each.status.value, each.amount) for each in await refunds_of(agreement)) == [
        ("FAILED", HELD),
        ("SETTLED", HELD),
    ]
    await nothing_differs(agreement)


async def test_what_rent_took_of_credit_that_had_gone_out_by_hand_is_owed_again(clock: Clock) -> None:
    agreement = await moved_in(months=2)
    await pay(agreement, RENT + 100)
    async with transaction() as db:
        held = await db.get_one(Agreement, (agreement.user_id, agreement.id))
        [refund] = await repaying.give_back_credit(db, await standing_of(db, held))
    await refunding.hear(refund.user_id, refund.id, RefundAnswer(PaymentStatus.FAILED))
    async with transaction() as db:
        one, other = [StaffActor((await staff_member(db, Role.RISK)).id, Role.RISK) for _ in range(2)]
        await by_hand.propose(db, one, refund.id, "ICBC 1")
    await clock.forward(days=31)
    await day_passes(agreement.user_id)
    assert ((await standing(agreement)).outstanding, (await standing(agreement)).credit) == (RENT - 100, 0)
    async with transaction() as db:
        await by_hand.approve(db, other, refund.id, by_hand.hash_of(refund, "ICBC 1"))
    assert [(each.status.value, each.amount) for each in await refunds_of(agreement)] == [("SETTLED", 100)]
    assert ((await standing(agreement)).outstanding, (await standing(agreement)).credit) == (RENT, 0)
    await nothing_differs(agreement)


async def test_who_owes_rent_when_all_is_over_owes_it_still_and_has_their_deposit(clock: Clock) -> None:
    agreement = await moved_in(months=1)
    end = (await standing(agreement)).ends_on
    assert end is not None
    await stand_on(clock, end + 8 * DAY)
    await back(clock, agreement)
    assert await status_of(agreement) == ("OVERDUE", "RETURNED")
    await pay(agreement, RENT + 100)
    assert await status_of(agreement) == ("SETTLED", "RETURNED")
    await nothing_differs(agreement)


async def test_who_takes_it_back_within_a_day_has_all_of_their_money_again(shopper: Phone, clock: Clock) -> None:
    application = await apply(shopper, product("qingzhi-rentals", "qz-phone"), "79.00", months=6)
    offer = (await look(shopper, application["id"]))["offer"]
    made = await accept(shopper, offer)
    assert (made["status"], made["product"]["kind"]) == ("ACTIVE", "RENTAL")
    assert [row["due"]["amount"] for row in made["schedule"]] == ["79.00"] * 6
    assert made["outstanding"]["amount"] == "79.00"
    asked = "{ deposit { asked { amount } held { amount } waived { amount } status claim { id } } nextAction { url } }"
    seen = (
        await shopper.post(f"query($id: ID!) {{ node(id: $id) {{ ... on Agreement {asked} }} }}", {"id": made["id"]})
    ).json()
    deposit = seen["data"]["node"]["deposit"]
    assert (deposit["asked"], deposit["claim"]) == ({"amount": "600.00"}, None)
    paid = {"agreementId": made["id"], "amount": {"amount": "100.00", "currency": "CNY"}, "idempotencyKey": new_key()}
    assert (await shopper.do("Repay", **paid))["status"] == "SETTLED"
    async with reading() as db:
        agreement = (await db.execute(select(Agreement).where(Agreement.user_id == shopper.user_id))).scalar_one()
    held = (await balances(agreement))[K.DEPOSIT]
    assert Decimal(deposit["held"]["amount"]) * 100 == held
    withdrawn = await shopper.do("WithdrawApplication", applicationId=application["id"])
    assert withdrawn["status"] == "WITHDRAWN"
    await back(clock, agreement)
    assert await status_of(agreement) == ("UNWOUND", "RETURNED" if held else "WAIVED")
    books = await balances(agreement)
    assert {kind: books[kind] for kind in K if books[kind]} == {}
    await nothing_differs(agreement)
