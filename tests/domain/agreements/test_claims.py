"""Leaving with notice, and claims on the deposit: once, disputed or not, decided in part, and the rest back on the same day."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import httpx2
import pytest
from sqlalchemy import func, select

from domain.actors import PartnerActor, StaffActor
from domain.agreements import agreements, claiming, leaving, moving, moving_out
from domain.agreements.acts import ActKind, AgreementAct
from domain.agreements.agreements import Agreement, AgreementStatus
from domain.agreements.claims import Claim
from domain.deadlines import deadlines
from domain.evidence.leaves import Evidence
from domain.ledger.kinds import AccountKind as K
from domain.market.goods import Goods
from domain.money.due_dates import months_later
from domain.notices.notices import Notice
from domain.permissions import Role
from domain.reconciling.settlements import settlement_of
from infra.database import reading, transact, transaction
from infra.errors import Refusal
from infra.ids import global_id, new_id
from infra.money import Money
from infra.outbox import Event
from infra.settings import settings
from integrations.cashier.sandbox import orders
from tests.api.doors import Client
from tests.api.people import open_shop, staff_token
from tests.clocks import Clock
from tests.colleagues import COLLEAGUES
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
from tests.phones import Phone, new_key
from tests.visiting import visitor
from tests.working import work_off

DAY = timedelta(days=1)
RISK = COLLEAGUES[Role.RISK]


@pytest.fixture(autouse=True)
async def nothing_planned(house: None) -> None:
    async with transaction() as db:
        await orders.forget(db)


def notice(agreement: Agreement, last: date, key: str | None = None) -> Awaitable[Agreement]:
    actor = owner(agreement)
    return transact(lambda db: leaving.give_notice(db, actor, agreement.id, last, key or new_key()))


def claim(
    agreement: Agreement, minor: int, reason: str = "The door is broken.", currency: str = "CNY"
) -> Awaitable[Any]:
    actor, amount = PartnerActor(agreement.partner_id, "client"), Money(minor, currency)
    return transact(lambda db: claiming.claim(db, actor, agreement.id, amount, reason, new_key()))


def dispute(agreement: Agreement, message: str = "It was broken before.") -> Awaitable[Any]:
    return transact(lambda db: claiming.dispute(db, owner(agreement), agreement.id, message, new_key()))


def decide(made: Claim, minor: int, by: StaffActor = RISK) -> Awaitable[Any]:
    return transact(
        lambda db: claiming.decide(db, by, made.id, Money(minor, "CNY"), "The pictures show it.", new_key())
    )


async def take_back(agreement: Agreement) -> None:
    """As whoever withdraws within a day."""
    async with transaction() as db:
        held = await agreements.lock(db, agreement.user_id, agreement.id)
        assert held is not None
        await moving_out.undo(db, held)
        await moving.move(db, held, AgreementStatus.UNWOUND)


async def claim_of(agreement: Agreement) -> Claim:
    async with reading() as db:
        return (await db.execute(select(Claim).where(Claim.user_id == agreement.user_id))).scalar_one()


async def refusal(asked: Awaitable[Any]) -> tuple[str, object, dict[str, object]]:
    with pytest.raises(Refusal) as refused:
        await asked
    return refused.value.code.value, refused.value.field, dict(refused.value.values)


async def answers(asked: Sequence[Awaitable[Any]]) -> Counter[str]:
    """How many were taken, and how many refused by which code."""
    said = await asyncio.gather(*asked, return_exceptions=True)
    return Counter(each.code.value if isinstance(each, Refusal) else type(each).__name__ for each in said)


async def leaving_tenant(clock: Clock, **more: object) -> tuple[Agreement, date]:
    """Moved in, has paid, and given notice of a device: seven days on is the last."""
    agreement = await moved_in(goods=Goods.DEVICE, **more)
    await pay(agreement, RENT)
    last = (await standing(agreement)).on + 7 * DAY
    await notice(agreement, last)
    return agreement, last


async def test_notice_is_given_in_time_and_the_last_month_costs_its_days(clock: Clock) -> None:
    agreement = await moved_in()
    await pay(agreement, RENT)
    today = (await standing(agreement)).on
    agreed = (await standing(agreement)).ends_on
    assert agreed is not None
    names = {"days": 30, "first": (today + 30 * DAY).isoformat(), "last": agreed.isoformat()}
    for wrong in (today + 29 * DAY, agreed + DAY, today - DAY):
        assert await refusal(notice(agreement, wrong)) == ("INVALID", ("input", "moveOutOn"), names)
    last, key = today + 40 * DAY, new_key()
    assert await answers([notice(agreement, last, key) for _ in range(50)]) == {"Agreement": 50}
    now = await standing(agreement)
    assert (now.ends_on, len(now.life.rows), now.outstanding, now.credit) == (last, 2, 0, 0)
    begins = now.life.rows[1].due_on
    assert now.life.rows[1].due.total == round(
        RENT * ((last - begins).days + 1) / (months_later(begins, 1) - begins).days
    )
    assert (await refusal(notice(agreement, last)))[:2] == ("NOT_OPEN", ("input", "agreementId"))
    async with reading() as db:
        its = select(func.count()).where(AgreementAct.user_id == agreement.user_id, AgreementAct.kind == ActKind.NOTICE)
        assert (await db.execute(its)).scalar_one() == 1
        proofs = select(func.count()).where(Evidence.user_id == agreement.user_id, Evidence.subject_id == agreement.id)
        assert (await db.execute(proofs)).scalar_one() == 1
    await nothing_differs(agreement)


async def test_notice_that_names_the_agreed_day_is_given_once_too(clock: Clock) -> None:
    agreement = await moved_in(goods=Goods.DEVICE)
    agreed = (await standing(agreement)).ends_on
    assert agreed is not None
    given = await answers([notice(agreement, agreed) for _ in range(5)])
    assert given == {"Agreement": 1, "NOT_OPEN": 4}
    assert ((await standing(agreement)).ends_on, await told_of_notice(agreement)) == (agreed, 1)
    await claim(agreement, 100)
    await nothing_differs(agreement)


async def told_of_notice(agreement: Agreement) -> int:
    async with reading() as db:
        its = select(func.count()).where(Event.subject_id == agreement.id, Event.name == leaving.NOTICE_GIVEN)
        return (await db.execute(its)).scalar_one()


async def test_what_was_paid_for_later_days_goes_back_by_itself(clock: Clock) -> None:
    agreement, last = await leaving_tenant(clock, held=0, waived=HELD)
    now = await standing(agreement)
    assert now.credit > 0
    await stand_on(clock, last + DAY)
    await back(clock, agreement)
    assert await status_of(agreement) == ("SETTLED", "WAIVED")
    books = await balances(agreement)
    assert (books[K.CREDIT], books[K.COLLECTED]) == (0, RENT - now.credit)
    await nothing_differs(agreement)


async def test_a_claim_is_made_once_when_the_lease_ends(clock: Clock) -> None:
    agreement = await moved_in(goods=Goods.DEVICE)
    await pay(agreement, RENT)
    assert (await refusal(claim(agreement, 100)))[0] == "NOT_OPEN", "nobody leaves"
    await notice(agreement, (await standing(agreement)).on + 7 * DAY)
    for minor, currency in ((0, "CNY"), (HELD + 1, "CNY"), (100, "USD")):
        assert (await refusal(claim(agreement, minor, currency=currency)))[:2] == ("INVALID", ("input", "amount"))
    assert (await refusal(claim(agreement, 100, reason=" ")))[:2] == ("INVALID", ("input", "reason"))
    assert (await refusal(dispute(agreement)))[0] == "NOT_OPEN"
    assert await answers([claim(agreement, 1_200_00) for _ in range(50)]) == {"Agreement": 1, "NOT_OPEN": 49}
    assert await status_of(agreement) == ("ACTIVE", "CLAIMED")
    stranger = PartnerActor(new_id(), "client")
    wrong = transact(lambda db: claiming.claim(db, stranger, agreement.id, Money(1, "CNY"), "Mine.", new_key()))
    assert (await refusal(wrong))[0] == "NOT_FOUND"


async def test_nothing_is_claimed_of_what_is_not_held_or_too_late(clock: Clock) -> None:
    waived, _ = await leaving_tenant(clock, held=0, waived=HELD)
    assert (await refusal(claim(waived, 100)))[:2] == ("NOT_OPEN", ("input", "agreementId"))
    agreement, last = await leaving_tenant(clock)
    await stand_on(clock, last + 4 * DAY)
    assert (await refusal(claim(agreement, 100)))[0] == "NOT_OPEN"
    await back(clock, agreement)
    assert await status_of(agreement) == ("SETTLED", "RETURNED")


@pytest.mark.parametrize(
    ("upheld", "claim_ends", "deposit_ends"),
    [(0, "REJECTED", "RETURNED"), (700_00, "UPHELD", "PARTLY_RETURNED"), (1_200_00, "UPHELD", "PARTLY_RETURNED")],
)
async def test_what_is_not_upheld_goes_back_on_the_same_day(
    clock: Clock, upheld: int, claim_ends: str, deposit_ends: str
) -> None:
    agreement, last = await leaving_tenant(clock)
    credit = (await standing(agreement)).credit
    await stand_on(clock, last + DAY)
    await claim(agreement, 1_200_00)
    made = await claim_of(agreement)
    assert (await refusal(decide(made, upheld)))[0] == "NOT_OPEN", "nobody disputed it"
    assert await answers([dispute(agreement) for _ in range(20)]) == {"Agreement": 1, "NOT_OPEN": 19}
    assert await status_of(agreement) == ("ACTIVE", "DISPUTED")
    for minor in (-1, 1_200_01):
        assert (await refusal(decide(made, minor)))[:2] == ("INVALID", ("input", "amount"))
    for role in set(Role) - {Role.RISK}:
        assert (await refusal(decide(made, upheld, StaffActor(new_id(), role))))[0] == "NOT_ALLOWED"
    assert await answers([decide(made, upheld) for _ in range(50)]) == {"Claim": 1, "NOT_OPEN": 49}
    decided = await claim_of(agreement)
    assert (decided.status.value, decided.upheld, decided.decided_by) == (claim_ends, upheld, RISK.staff_id)
    await back(clock, agreement)
    assert await status_of(agreement) == ("SETTLED", deposit_ends)
    books = await balances(agreement)
    rent = RENT - credit
    assert (books[K.DEPOSIT], books[K.DEPOSIT_RETURNING], books[K.CREDIT]) == (0, 0, 0)
    assert (books[K.PAYABLE], books[K.COLLECTED]) == (rent + upheld, rent + upheld)
    async with reading() as db:
        told = await settlement_of(db, agreement.partner_id, (await standing(agreement)).on)
    assert [line.amount for line in told.lines if line.kind == "RECEIVED"] == ([upheld] if upheld else [])
    await nothing_differs(agreement)


async def test_a_claim_that_nobody_disputes_in_time_stands(clock: Clock) -> None:
    agreement, last = await leaving_tenant(clock)
    await stand_on(clock, last + DAY)
    await claim(agreement, HELD)
    await stand_on(clock, last + 8 * DAY)
    await live_on(agreement)
    assert await status_of(agreement) == ("ACTIVE", "CLAIMED"), "this is the last day for a no"
    await stand_on(clock, last + 9 * DAY)
    assert (await refusal(dispute(agreement)))[0] == "NOT_OPEN"
    await back(clock, agreement)
    assert await status_of(agreement) == ("SETTLED", "PARTLY_RETURNED")
    made = await claim_of(agreement)
    assert (made.status.value, made.upheld, made.decided_by) == ("UPHELD", HELD, None)
    await nothing_differs(agreement)


async def test_a_claim_stands_on_its_day_also_while_the_lease_lasts(clock: Clock) -> None:
    agreement = await moved_in()
    await pay(agreement, RENT)
    today = (await standing(agreement)).on
    await notice(agreement, today + 30 * DAY)
    await claim(agreement, 1_200_00)
    await stand_on(clock, today + 8 * DAY)
    await work_off(agreement.user_id, agreement.id)
    assert await status_of(agreement) == ("ACTIVE", "HELD")
    books = await balances(agreement)
    assert ((await claim_of(agreement)).upheld, books[K.DEPOSIT]) == (1_200_00, HELD - 1_200_00)
    await nothing_differs(agreement)


async def test_a_claim_outlives_the_taking_back_of_its_lease(clock: Clock) -> None:
    agreement, _ = await leaving_tenant(clock)
    today = (await standing(agreement)).on
    await claim(agreement, 1_200_00)
    await take_back(agreement)
    await back(clock, agreement)
    assert await status_of(agreement) == ("UNWOUND", "CLAIMED")
    await stand_on(clock, today + 8 * DAY)
    await back(clock, agreement)
    assert await status_of(agreement) == ("UNWOUND", "PARTLY_RETURNED")
    books = await balances(agreement)
    assert (books[K.DEPOSIT], books[K.DEPOSIT_RETURNING], books[K.CREDIT], books[K.RENT]) == (0, 0, 0, 0)
    assert (books[K.PAYABLE], books[K.COLLECTED]) == (1_200_00, 1_200_00)
    await nothing_differs(agreement)


async def test_a_decision_that_is_late_is_told_and_shown_to_the_staff_until_it_is_made(clock: Clock) -> None:
    agreement, _ = await leaving_tenant(clock)
    await claim(agreement, 1_200_00)
    await dispute(agreement)
    made = await claim_of(agreement)
    await clock.stand_at(made.answer_by - timedelta(seconds=1))
    await work_off(agreement.user_id, agreement.id)
    assert (await late_of(made), await told_late(agreement)) == ([], 0)
    await clock.stand_at(made.answer_by)
    await work_off(agreement.user_id, agreement.id)
    assert (await late_of(made), await told_late(agreement)) == ([agreement.id], 1)
    await decide(made, 0)
    assert await late_of(made) == []


async def late_of(made: Claim) -> list[UUID]:
    """What the staff is shown to be late of it."""
    async with reading() as db:
        return [each.about_id for each in await deadlines.missed(db, 1_000) if each.subject_id == made.id]


async def told_late(agreement: Agreement) -> int:
    async with reading() as db:
        its = select(func.count()).where(Notice.user_id == agreement.user_id, Notice.code == "claim_delayed")
        return (await db.execute(its)).scalar_one()


async def test_nothing_is_claimed_of_a_lease_that_was_taken_back(clock: Clock) -> None:
    agreement, _ = await leaving_tenant(clock)
    await take_back(agreement)
    assert await status_of(agreement) == ("UNWOUND", "HELD"), "it is on its way back"
    assert (await refusal(claim(agreement, 100)))[:2] == ("NOT_OPEN", ("input", "agreementId"))
    await back(clock, agreement)
    assert await status_of(agreement) == ("UNWOUND", "RETURNED")
    await nothing_differs(agreement)


async def test_through_the_doors(shopper: Phone, clock: Clock) -> None:
    async with visitor(settings().public_url) as http:
        await lease_and_claim(shopper, http)


async def lease_and_claim(shopper: Phone, http: httpx2.AsyncClient) -> None:
    shop = await open_shop()
    agreement = await moved_in(goods=Goods.DEVICE, user_id=shopper.user_id, partner_id=shop.partner.id)
    id, partner = global_id("Agreement", agreement.id), Client(http, "partner", shop.token)
    last = (await standing(agreement)).on + 7 * DAY
    noticed = await shopper.do("GiveNotice", agreementId=id, moveOutOn=last.isoformat(), idempotencyKey=new_key())
    assert noticed["deposit"] == {"held": {"amount": "5000.00", "currency": "CNY"}, "status": "HELD"}
    amount = {"amount": "1200.00", "currency": "CNY"}
    wanted = {"agreementId": id, "amount": amount, "reason": "The screen is broken.", "idempotencyKey": new_key()}
    assert (await partner.send("ClaimDamage", input=wanted))["claimDamage"] == {
        "__typename": "Agreement",
        "id": id,
        "status": "ACTIVE",
    }
    said = {"agreementId": id, "message": "It was broken before.", "idempotencyKey": new_key()}
    assert (await shopper.do("DisputeClaim", **said))["deposit"] == {"status": "DISPUTED"}
    console = Client(http, "console", await staff_token(Role.RISK))
    made = await claim_of(agreement)
    waiting = (await console.send("Claims", first=100))["claims"]["edges"]
    (mine,) = [each["node"] for each in waiting if each["node"]["id"] == global_id("Claim", made.id)]
    assert (mine["amount"], mine["reason"], mine["answer"]) == (amount, "The screen is broken.", None)
    part = {"amount": "700.00", "currency": "CNY"}
    answer = {"claimId": mine["id"], "amount": part, "answer": "Some of it.", "idempotencyKey": new_key()}
    decided = (await console.send("DecideClaim", input=answer))["decideClaim"]
    assert decided == {"__typename": "Claim", "id": mine["id"], "status": "UPHELD"}
    asked = "query($id: ID!) { node(id: $id) { ... on Agreement { deposit { status claim { reason status upheld { amount } } } } } }"
    shown = (await shopper.post(asked, {"id": id})).json()["data"]["node"]["deposit"]
    assert shown == {
        "status": "HELD",
        "claim": {"reason": "The screen is broken.", "status": "UPHELD", "upheld": {"amount": "700.00"}},
    }
    for role in set(Role) - {Role.RISK}:
        other = Client(http, "console", await staff_token(role))
        assert (await other.error_code("{ claims { edges { node { id } } } }"))[1] == "FORBIDDEN"
