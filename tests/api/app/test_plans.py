"""Plans at the app's door, by the contract's documents."""

from typing import Any
from uuid import uuid4

from infra.database import transaction
from integrations.cashier.sandbox import orders
from integrations.cashier.sandbox.orders import SandboxMode
from tests.phones import Phone

SEEN = """{ viewer { membership { planSubscription {
    status renewsAt paid { amount } saved { amount } refunded { amount } years { endsAt paid { amount } refunded { amount } }
} } } }"""


async def test_a_plan_is_seen_bought_and_left(member: Phone) -> None:
    plans = {plan["code"]: plan for plan in await member.send("Plans")}
    year: Any = plans["vip-year"]
    assert (year["price"], year["period"], year["trialDays"]) == ({"amount": "128.00", "currency": "CNY"}, "YEAR", 0)
    assert {"lounge", "member-prices"} <= {benefit["code"] for benefit in year["benefits"]}
    how = {"planCode": "vip-year", "price": year["price"], "idempotencyKey": str(uuid4())}
    bought = await member.do("JoinPlan", **how)
    assert (bought["status"], bought["plan"]["code"], bought["nextAction"]) == ("ACTIVE", "vip-year", None)
    assert len(bought["viewer"]["membership"]["benefits"]) > 6
    shown = (await member.ask(SEEN))["viewer"]["membership"]["planSubscription"]
    assert (shown["renewsAt"], shown["paid"], shown["saved"]) == (
        bought["validUntil"],
        {"amount": "128.00"},
        {"amount": "0.00"},
    )
    year_seen = {"endsAt": bought["validUntil"], "paid": {"amount": "128.00"}, "refunded": {"amount": "0.00"}}
    assert shown["years"] == [year_seen]
    left = await member.do("LeavePlan", planSubscriptionId=bought["id"])
    assert (left["status"], left["validUntil"]) == ("CANCELLED", bought["validUntil"])


async def test_nobody_is_sent_to_the_cashier_for_a_plan_that_they_have_left(member: Phone) -> None:
    async with transaction() as db:
        await orders.forget(db)
        await orders.arrange(db, SandboxMode.ACTION, 1)
    price = {"amount": "128.00", "currency": "CNY"}
    bought: Any = await member.do("JoinPlan", planCode="vip-year", price=price, idempotencyKey=str(uuid4()))
    assert (bought["status"], bought["nextAction"] is None) == ("NEEDS_PAYMENT", False)
    await member.do("LeavePlan", planSubscriptionId=bought["id"])
    ended = "{ viewer { membership { planSubscription { status nextAction { __typename } } } } }"
    shown = (await member.ask(ended))["viewer"]["membership"]["planSubscription"]
    assert shown == {"status": "CANCELLED", "nextAction": None}


async def test_a_trial_begins_at_once(member: Phone) -> None:
    price = {"amount": "15.00", "currency": "CNY"}
    bought = await member.do("JoinPlan", planCode="vip-month", price=price, idempotencyKey=str(uuid4()))
    assert bought["status"] == "TRIAL"


async def test_a_price_that_was_not_asked_is_stale(member: Phone) -> None:
    how = {"planCode": "vip-year", "price": {"amount": "1.00", "currency": "CNY"}, "idempotencyKey": str(uuid4())}
    assert (await member.send("JoinPlan", input=how))["code"] == "STALE"
