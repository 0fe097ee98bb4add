"""A plan: bought, renewed, kept in grace, left, won back; and of a paid year the shortfall goes back by itself."""

import asyncio
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from domain.actors import PartnerActor, Role, UserActor
from domain.ledger import accounts
from domain.ledger.kinds import AccountKind
from domain.notices import notices
from domain.notices.notices import Notice
from domain.payments import paying, payments, refunding
from domain.payments.cashiers import CashierAnswer, Paid, PaymentStatus, RefundAnswer
from domain.payments.causes import PaidFor
from domain.payments.payments import Payment
from domain.payments.refunds import Refund
from domain.people import putting_away
from domain.people.users import User, UserStatus
from domain.privacy import deletions
from domain.privacy.deletions import LEAVES_BEFORE, AccountDeletion
from domain.reconciling import breaks, reconciling
from infra import clock as house_clock
from infra import outbox, vault
from infra.database import Db, reading, transaction
from infra.errors import Refusal, RefusalCode
from infra.ids import new_id
from infra.money import Money
from infra.outbox import Event
from integrations.cashier.sandbox import orders
from integrations.cashier.sandbox.orders import SandboxMode
from membership import benefits, joining, redeeming
from membership.grants import Grant
from membership.plans import buying, offering, plans, subscriptions, wanted, years
from membership.plans.plans import MembershipPlan, OfferedStatus
from membership.plans.subscriptions import CAUSE, PlanStatus, PlanSubscription
from membership.plans.wanted import WantedPlan
from membership.plans.years import PaidYear
from membership.redemptions import Redemption
from tests.api import people
from tests.clocks import Clock
from tests.domain.payments.scripted import cashier_says
from tests.membership.conftest import somebody
from tests.membership.test_quotas import of_code
from tests.working import work_off

DAY = timedelta(days=1)
YEAR_PRICE, MONTH_PRICE = Money(12_800, "CNY"), Money(1_500, "CNY")


@pytest.fixture(autouse=True)
async def everything_settles(house: None) -> None:
    async with transaction() as db:
        await orders.forget(db)


async def go(mode: SandboxMode, times: int = 1) -> None:
    async with transaction() as db:
        await orders.arrange(db, mode, times)


async def member(clock: Clock) -> UserActor:
    """Whoever is told of anything is somebody with a phone."""
    async with transaction() as db:
        user = await people.somebody(db)
        await joining.join(db, user.id)
    return UserActor(user.id, new_id())


async def join(actor: UserActor, code: str = "vip-year", price: Money = YEAR_PRICE, key: str = "") -> PlanSubscription:
    return await buying.join(actor, code=code, price=price, address="", key=key or str(uuid4()))


async def leave(actor: UserActor, bought: PlanSubscription) -> PlanSubscription:
    async with transaction() as db:
        return await buying.leave(db, actor, bought.id)


async def now_of(bought: PlanSubscription) -> PlanSubscription:
    async with reading() as db:
        return await db.get_one(PlanSubscription, (bought.user_id, bought.id))


async def later(clock: Clock, bought: PlanSubscription, days: float) -> PlanSubscription:
    """So many days later, with all that is due until then done, and what the cashier is asked for because of it."""
    await clock.forward(days=days)
    await work_off(bought.user_id)
    await clock.forward(minutes=5)
    await work_off(bought.user_id)
    return await now_of(bought)


async def holds(actor: UserActor, code: str = "vip-year") -> bool:
    async with reading() as db:
        mine = select(Grant.source).where(Grant.user_id == actor.user_id, Grant.source.startswith(f"plan:{code}"))
        return (await db.execute(mine.limit(1))).first() is not None


async def year(bought: PlanSubscription) -> PaidYear:
    async with reading() as db:
        return (await years.last_years_of(db, {(bought.user_id, bought.id)}))[bought.user_id, bought.id]


async def failed_at(bought: PlanSubscription) -> datetime:
    """When the payment failed upon which the days of grace began."""
    async with reading() as db:
        its = select(Event.occurred_at).where(Event.user_id == bought.user_id, Event.name == subscriptions.FAILED)
        return (await db.execute(its)).scalar_one()


async def use(actor: UserActor, code: str) -> None:
    await confirm(await issue(actor, code))


async def issue(actor: UserActor, code: str) -> Redemption:
    async with reading() as db:
        wanted = (await of_code(db, code)).id
    async with transaction() as db:
        return await redeeming.redeem(db, actor, benefit_id=wanted, key=str(uuid4()))


async def confirm(issued: Redemption) -> None:
    async with transaction() as db:
        shop = PartnerActor(new_id(), "client")
        await redeeming.confirm(db, shop, voucher=issued.voucher, reference=None, key=str(uuid4()))


async def refusal(awaited: Any) -> RefusalCode:
    with pytest.raises(Refusal) as refused:
        await awaited
    return refused.value.code


async def balance(bought: PlanSubscription, kind: AccountKind) -> int:
    async with reading() as db:
        return (await accounts.balances_of(db, bought.user_id, bought.id))[kind]


async def test_a_year_is_paid_and_its_benefits_are_held_at_once(clock: Clock) -> None:
    person = await member(clock)
    bought = await join(person, key="a-year-bought-twice")
    assert (bought.status, bought.periods_paid, await holds(person)) == (PlanStatus.ACTIVE, 1, True)
    assert bought.paid_from is not None and bought.valid_until is not None
    assert (bought.valid_until - bought.paid_from).days in (365, 366)
    assert (await join(person, key="a-year-bought-twice")).id == bought.id
    assert await refusal(join(person)) is RefusalCode.NOT_OPEN
    assert (await year(bought)).paid == YEAR_PRICE
    assert await balance(bought, AccountKind.PLANS_SOLD) == YEAR_PRICE.minor


async def test_another_price_than_was_seen_is_stale_and_nothing_is_bought(clock: Clock) -> None:
    person = await member(clock)
    assert await refusal(join(person, price=Money(12_700, "CNY"))) is RefusalCode.STALE
    assert await refusal(join(person, code="vip-week")) is RefusalCode.NOT_FOUND
    async with reading() as db:
        assert await subscriptions.all_of(db, person.user_id) == []


async def test_whoever_leaves_buys_nothing_new(clock: Clock) -> None:
    actor = await member(clock)
    async with transaction() as db:
        (await db.get_one(User, actor.user_id)).status = UserStatus.RESTRICTED
    with pytest.raises(Refusal) as refused:
        await join(actor)
    assert refused.value.code is RefusalCode.NOT_ALLOWED
    async with reading() as db:
        assert await subscriptions.all_of(db, actor.user_id) == []


async def test_two_wishes_at_once_buy_one(clock: Clock) -> None:
    person = await member(clock)
    answers = await asyncio.gather(*(join(person) for _ in range(5)), return_exceptions=True)
    assert sum(isinstance(each, PlanSubscription) for each in answers) == 1
    async with reading() as db:
        (bought,) = await subscriptions.all_of(db, person.user_id)
        assert len(await payments.of_cause(db, person.user_id, CAUSE, bought.id)) == 1


async def test_a_trial_is_free_once_and_then_paid_each_month(clock: Clock) -> None:
    person = await member(clock)
    bought = await join(person, "vip-month", MONTH_PRICE)
    assert (bought.status, bought.periods_paid, await holds(person, "vip-month")) == (PlanStatus.TRIAL, 0, True)
    trial_ends = bought.valid_until
    bought = await later(clock, bought, 14.1)
    assert (bought.status, bought.periods_paid, bought.paid_from) == (PlanStatus.ACTIVE, 1, trial_ends)
    bought = await later(clock, bought, 32)
    assert (bought.status, bought.periods_paid) == (PlanStatus.ACTIVE, 2)
    await leave(person, bought)
    bought = await later(clock, bought, 32)
    assert (bought.status, await holds(person, "vip-month")) == (PlanStatus.CANCELLED, False)
    again = await join(person, "vip-month", MONTH_PRICE)
    assert (again.status, again.periods_paid) == (PlanStatus.ACTIVE, 1)


async def test_nobody_tries_a_plan_again_by_beginning_anew_with_their_number(clock: Clock) -> None:
    first = await member(clock)
    await leave(first, await join(first, "vip-month", MONTH_PRICE))
    async with transaction() as db:
        again = await putting_away.start_afresh(db, await db.get_one(User, first.user_id))
        await joining.join(db, again.id)
    bought = await join(UserActor(again.id, new_id()), "vip-month", MONTH_PRICE)
    assert (bought.status, bought.periods_paid) == (PlanStatus.ACTIVE, 1)
    assert (await join(await member(clock), "vip-month", MONTH_PRICE)).status is PlanStatus.TRIAL


async def test_who_leaves_keeps_what_is_paid_for(clock: Clock) -> None:
    person = await member(clock)
    bought = await join(person)
    for _ in range(2):
        left = await leave(person, bought)
        assert (left.status, left.valid_until, left.renews_at) == (PlanStatus.CANCELLED, bought.valid_until, None)
    assert await holds(person)
    left = await later(clock, bought, 367)
    assert (left.status, left.periods_paid, await holds(person)) == (PlanStatus.CANCELLED, 1, False)


async def test_who_left_and_buys_again_pays_no_day_twice_and_holds_it_on(clock: Clock) -> None:
    person = await member(clock)
    bought = await join(person)
    await leave(person, bought)
    await clock.forward(days=200)
    again = await join(person)
    assert (again.status, again.periods_paid, again.paid_from) == (PlanStatus.ACTIVE, 1, bought.paid_until)
    bought = await later(clock, bought, 167)
    assert (bought.status, (await now_of(again)).status) == (PlanStatus.CANCELLED, PlanStatus.ACTIVE)
    assert await holds(person)
    await leave(person, again)
    await later(clock, again, 360)
    assert await holds(person)
    await later(clock, again, 10)
    assert not await holds(person)


async def test_a_failed_payment_has_days_of_grace_and_then_it_lapses(clock: Clock) -> None:
    person = await member(clock)
    bought = await join(person, "vip-month", MONTH_PRICE)
    await go(SandboxMode.FAIL, 20)
    bought = await later(clock, bought, 14.1)
    assert (bought.status, await holds(person, "vip-month")) == (PlanStatus.GRACE, True)
    assert bought.valid_until is not None and bought.valid_until - await failed_at(bought) == 7 * DAY
    bought = await later(clock, bought, 3)
    assert bought.status is PlanStatus.GRACE
    bought = await later(clock, bought, 5)
    assert (bought.status, await holds(person, "vip-month")) == (PlanStatus.LAPSED, False)
    assert await refusal(leave(person, bought)) is RefusalCode.NOT_OPEN


async def test_grace_is_as_long_though_the_house_asked_for_the_payment_late(clock: Clock) -> None:
    person = await member(clock)
    bought = await join(person, "vip-month", MONTH_PRICE)
    await go(SandboxMode.FAIL, 20)
    bought = await later(clock, bought, 22)
    assert bought.valid_until is not None and bought.valid_until - await failed_at(bought) == 7 * DAY
    bought = await later(clock, bought, 6)
    assert (bought.status, await holds(person, "vip-month")) == (PlanStatus.GRACE, True)
    lapsed = await later(clock, bought, 2)
    assert (lapsed.status, lapsed.valid_until) == (PlanStatus.LAPSED, bought.valid_until)


async def foretold(person: UserActor) -> list[str]:
    """What they were told of renewals, as they read it, the oldest first."""
    async with reading() as db:
        its = (
            select(Notice)
            .where(Notice.user_id == person.user_id, Notice.code == "plan_renews_soon")
            .order_by(Notice.id)
        )
        found = list((await db.execute(its)).scalars())
        return [notices.body_of(each, await vault.seal_of(db, person.user_id), "en") for each in found]


async def test_a_renewal_is_told_a_week_before_with_its_price_and_not_to_who_has_left(clock: Clock) -> None:
    person, leaver = await member(clock), await member(clock)
    bought, left = [await join(each, "vip-month", MONTH_PRICE) for each in (person, leaver)]
    bought = await later(clock, bought, 6.9)
    assert await foretold(person) == []
    bought = await later(clock, bought, 0.2)
    [told] = await foretold(person)
    assert "15.00 CNY is paid for the time after" in told
    await leave(leaver, left)
    await later(clock, left, 0.2)
    assert await foretold(leaver) == []
    bought = await later(clock, bought, 8)
    assert (bought.status, len(await foretold(person))) == (PlanStatus.ACTIVE, 1)
    await later(clock, bought, 25)
    assert len(await foretold(person)) == 2


async def test_who_pays_in_grace_goes_on_as_if_nothing_had_been(clock: Clock) -> None:
    person = await member(clock)
    bought = await join(person, "vip-month", MONTH_PRICE)
    tried_until = bought.valid_until
    await go(SandboxMode.FAIL, 1)
    bought = await later(clock, bought, 14.1)
    assert bought.status is PlanStatus.GRACE
    bought = await later(clock, bought, 2)
    assert (bought.status, bought.paid_from, bought.grace_until) == (PlanStatus.ACTIVE, tried_until, None)


async def bring(clock: Clock, payment: Payment) -> None:
    """The cashier says that it has the money after all."""
    came = Paid(f"late-{payment.id}", payment.money, await clock.now())
    await paying.hear(payment.cashier, payment.id, CashierAnswer(PaymentStatus.SETTLED, came))


async def test_a_period_that_comes_twice_is_paid_once(clock: Clock) -> None:
    """A payment failed and the next was asked for; then the money of the first comes after all, before or after the second's."""
    for is_first in (True, False):
        person = await member(clock)
        bought = await join(person, "vip-month", MONTH_PRICE)
        await go(SandboxMode.FAIL)
        await go(SandboxMode.ACTION if is_first else SandboxMode.SETTLE)
        await later(clock, bought, 14.1)
        await later(clock, bought, 1)
        async with reading() as db:
            second, failed = await payments.of_cause(db, person.user_id, CAUSE, bought.id)
        assert failed.status is PaymentStatus.FAILED and second.is_open is is_first
        await bring(clock, failed)
        bought = await later(clock, bought, 1)
        assert (bought.status, bought.periods_paid) == (PlanStatus.ACTIVE, 1)
        await bring(clock, second)
        bought = await now_of(bought)
        assert (bought.status, bought.periods_paid) == (PlanStatus.ACTIVE, 1)
        assert await balance(bought, AccountKind.PLANS_SOLD) == MONTH_PRICE.minor


async def sentences(person: UserActor) -> list[str]:
    """What is to be finished first."""
    async with transaction() as db:
        said = [await ask(db, person.user_id) for ask in putting_away.unfinished]
    return [sentence for sentence in said if sentence is not None]


async def test_an_account_is_not_put_away_while_a_plan_would_be_renewed_there(clock: Clock) -> None:
    person = await member(clock)
    bought = await join(person)
    assert await sentences(person) == ["You have a plan here, which would be renewed. Leave it first, or write to us."]
    await leave(person, bought)
    assert await sentences(person) == []


async def test_what_needs_the_person_waits_for_them(clock: Clock) -> None:
    person = await member(clock)
    await go(SandboxMode.ACTION)
    bought = await join(person)
    assert (bought.status, bought.valid_until, await holds(person)) == (PlanStatus.NEEDS_PAYMENT, None, False)
    async with reading() as db:
        (payment,) = await payments.of_cause(db, person.user_id, CAUSE, bought.id)
    assert payment.status is PaymentStatus.NEEDS_ACTION
    bought = await later(clock, bought, 1)
    assert (bought.status, await holds(person)) == (PlanStatus.LAPSED, False)


async def test_what_a_year_did_not_save_goes_back_by_itself(clock: Clock) -> None:
    person = await member(clock)
    bought = await join(person)
    await use(person, "lounge")
    await leave(person, bought)
    assert await year(bought) == PaidYear(YEAR_PRICE, Money(12_000, "CNY"), Money(0, "CNY"))
    await later(clock, bought, 367)
    assert await year(bought) == PaidYear(YEAR_PRICE, Money(12_000, "CNY"), Money(800, "CNY"))
    assert await balance(bought, AccountKind.PLANS_SOLD) == 12_000
    await later(clock, bought, 30)
    assert (await year(bought)).refunded == Money(800, "CNY")


async def test_a_year_waits_for_its_vouchers_and_what_is_used_after_it_counts(clock: Clock) -> None:
    """Else whoever holds vouchers back has all of it back, and then uses them."""
    person = await member(clock)
    bought = await join(person)
    await leave(person, bought)
    await later(clock, bought, 355)
    held_back, given_back = await issue(person, "lounge"), await issue(person, "lounge")
    await later(clock, bought, 12)
    assert (await year(bought)).refunded == Money(0, "CNY") and not await holds(person)
    await confirm(held_back)
    async with transaction() as db:
        await redeeming.cancel(db, person, given_back.id)
    await later(clock, bought, 20)
    assert await year(bought) == PaidYear(YEAR_PRICE, Money(12_000, "CNY"), Money(800, "CNY"))
    assert await balance(bought, AccountKind.PLANS_SOLD) == 12_000


async def test_a_year_that_waits_is_settled_though_the_next_is_paid(clock: Clock) -> None:
    person = await member(clock)
    bought = await join(person)
    await later(clock, bought, 355)
    await issue(person, "lounge")
    bought = await later(clock, bought, 12)
    assert (bought.status, bought.periods_paid, bought.years_settled) == (PlanStatus.ACTIVE, 2, 0)
    bought = await later(clock, bought, 20)
    assert (bought.periods_paid, bought.years_settled) == (2, 1)
    async with reading() as db:
        [first, second] = (await years.years_of(db, {(bought.user_id, bought.id)}))[bought.user_id, bought.id]
    nothing = Money(0, "CNY")
    assert (first.came_to, first.ends_at) == (PaidYear(YEAR_PRICE, nothing, YEAR_PRICE), second.begins_at)
    assert second.came_to == PaidYear(YEAR_PRICE, nothing, nothing)
    assert await balance(bought, AccountKind.PLANS_SOLD) == YEAR_PRICE.minor


async def test_what_goes_back_of_one_year_is_not_told_of_the_month_after_it(clock: Clock) -> None:
    """Also where vouchers kept the year waiting until that month, the last one, was over."""
    person = await member(clock)
    bought = await join(person, "vip-month", MONTH_PRICE)
    async with transaction() as db:
        its = await db.get_one(PlanSubscription, (person.user_id, bought.id))
        now = await house_clock.now(db)
        begun = now - timedelta(days=400)
        its.status, its.paid_from, its.periods_paid, its.years_settled = PlanStatus.CANCELLED, begun, 13, 1
        its.paid_until = (await db.get_one(MembershipPlan, its.plan_id)).ends(begun, 13)
        paid = await paying.begin(db, person.user_id, PaidFor(CAUSE, bought.id), Money(18_000, "CNY"))
        db.add(refund_of(paid, begun_at=now))
    async with reading() as db:
        [whole, month] = (await years.years_of(db, {(bought.user_id, bought.id)}))[bought.user_id, bought.id]
    assert [each.came_to.refunded.minor for each in (whole, month)] == [18_000, 0]
    assert (await year(bought)).refunded.minor == 0


def refund_of(payment: Payment, begun_at: datetime) -> Refund:
    return Refund(
        user_id=payment.user_id,
        payment_id=payment.id,
        cause=payment.cause,
        cause_id=payment.cause_id,
        amount=payment.amount,
        currency=payment.currency,
        cashier=payment.cashier,
        begun_at=begun_at,
    )


async def test_what_did_not_go_back_is_told_and_shown_to_the_staff(clock: Clock) -> None:
    person = await member(clock)
    bought = await join(person)
    await leave(person, bought)
    refused = RefundAnswer(PaymentStatus.FAILED)
    async with cashier_says(refunds=[refused], refund_looks=[refused]):
        await later(clock, bought, 367)
    async with transaction() as db:
        told = select(Notice.code).where(Notice.user_id == person.user_id, Notice.code.like("plan_%refunded"))
        assert {*(await db.execute(told)).scalars()} == {"plan_refunded", "plan_not_refunded"}
        [refund] = (await db.execute(select(Refund).where(Refund.user_id == person.user_id))).scalars()
        await reconciling.reconcile_range(db, person.user_id, reconciling.Reconciliation())
        [shown] = await breaks.of_subject(db, bought.id)
        assert (shown.kind, shown.detail, shown.expected, shown.currency) == ("STUCK", str(refund.id), 12_800, "CNY")
        await refunding.record(db, refund, RefundAnswer(PaymentStatus.SETTLED))
    await clock.forward(days=1)
    async with transaction() as db:
        await reconciling.reconcile_range(db, person.user_id, reconciling.Reconciliation())
        [shown] = await breaks.of_subject(db, bought.id)
        assert shown.ended_at is not None


async def test_who_leaves_for_good_has_it_back_before_they_are_erased(clock: Clock) -> None:
    person = await member(clock)
    bought = await join(person)
    await use(person, "lounge")
    held_back = await issue(person, "lounge")
    await leave(person, bought)
    async with transaction() as db:
        now = await house_clock.now(db)
        db.add(AccountDeletion(user_id=person.user_id, asked_at=now, due_at=now + LEAVES_BEFORE))
        await outbox.announce(db, deletions.LEAVING_DUE, subject_id=person.user_id)
    for _ in range(2):
        await work_off(person.user_id)
    bought = await now_of(bought)
    assert bought.valid_until is not None and bought.valid_until - now < timedelta(minutes=5)
    assert (bought.years_settled, await holds(person)) == (1, False)
    assert await refusal(confirm(held_back)) is RefusalCode.NOT_OPEN, "else they had both, for they may stay"
    assert await year(bought) == PaidYear(YEAR_PRICE, Money(12_000, "CNY"), Money(800, "CNY"))
    assert await sentences(person) == [
        "Money of yours is with us or on its way. It must have arrived first; if it does not, write to us."
    ]
    await later(clock, bought, 0.01)
    assert (await balance(bought, AccountKind.PLANS_SOLD), await sentences(person)) == (12_000, [])


async def test_who_saved_more_than_they_paid_gets_nothing_back_and_goes_on(clock: Clock) -> None:
    person = await member(clock)
    bought = await join(person)
    for code in ("lounge", "lounge"):
        await use(person, code)
    bought = await later(clock, bought, 367)
    assert (bought.status, bought.periods_paid, bought.years_settled) == (PlanStatus.ACTIVE, 2, 1)
    assert await year(bought) == PaidYear(YEAR_PRICE, Money(0, "CNY"), Money(0, "CNY"))
    assert await balance(bought, AccountKind.PLANS_SOLD) == 2 * YEAR_PRICE.minor


async def another_price(minor: int) -> None:
    """A new version of the year's plan, with the same benefits, written by one and approved by another of the staff."""
    author, approver = await somebody(Role.MARKETING), await somebody(Role.APPROVER)
    async with transaction() as db:
        live = await plans.find(db, "vip-year")
        assert live is not None
        granted = (await benefits.granted_by(db, {live.source}))[live.source]
        asked = WantedPlan(
            live.code,
            live.name,
            Money(minor, live.currency),
            live.period,
            live.trial_days,
            [each.code for each in granted],
        )
        saved = await offering.save(
            db,
            author,
            asked,
            status=OfferedStatus.LIVE,
            expected_version=await newest_version(db),
            key=str(uuid4()),
        )
        seen = (await wanted.hashes_of(db, {saved.id}))[saved.id]
        await offering.approve(db, approver, code=saved.code, seen=seen, comment="")


async def newest_version(db: Db) -> int:
    its = select(func.max(MembershipPlan.version)).where(MembershipPlan.code == "vip-year")
    return (await db.execute(its)).scalar_one()


async def test_another_price_never_reaches_who_pays_already(clock: Clock) -> None:
    person = await member(clock)
    bought = await join(person)
    await another_price(19_900)
    try:
        bought = await later(clock, bought, 367)
        async with reading() as db:
            paid = await payments.of_cause(db, person.user_id, CAUSE, bought.id)
        assert [payment.amount for payment in paid] == [YEAR_PRICE.minor] * 2
        assert await refusal(join(await member(clock))) is RefusalCode.STALE
    finally:
        await another_price(YEAR_PRICE.minor)
