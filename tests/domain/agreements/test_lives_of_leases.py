"""Random lives of leases of homes and devices against a model that only counts: paid, late, left, claimed, disputed, taken back.

`LONGAN_LIVES=10000 pytest tests/domain/agreements/test_lives_of_leases.py` lives as many.
"""

import os
import random
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from domain.actors import PartnerActor
from domain.agreements import agreements, claiming, claims, deposits, leaving, moving, moving_out, repaying, statements
from domain.agreements.agreements import OWING, Agreement, AgreementStatus
from domain.agreements.deposits import DEPOSIT, DepositStatus
from domain.agreements.repaying import REPAYMENT
from domain.agreements.standings import standing_of
from domain.days import passing
from domain.ledger.accounts import balances_of
from domain.ledger.kinds import AccountKind as K
from domain.market.goods import TIMES, Goods
from domain.payments import paying, payments, refunding
from domain.payments.cashiers import CashierAnswer, Paid, PaymentStatus, RefundAnswer
from domain.payments.causes import PaidFor
from domain.payments.payments import Payment
from domain.payments.refunds import Refund
from domain.permissions import Role
from infra import clock
from infra.database import Db
from infra.ids import new_id
from infra.money import Money
from tests.colleagues import COLLEAGUES
from tests.domain.agreements.lease_model import DAY, ClaimModel, LeaseModel
from tests.domain.agreements.leases import open_lease
from tests.domain.agreements.lives import FIRST, HARD_TIMES, at, earlier, is_taken
from tests.domain.agreements.loans import owner
from tests.domain.money.oracle import month
from tests.trying import rolled_back

LIVES = int(os.environ.get("LONGAN_LIVES", "24"))
EACH = 8  # in one transaction
STEPS = "pay pay pay ahead back notice notice claim claim dispute decide decide withdraw refund breathe relieve waive".split()
RISK = COLLEAGUES[Role.RISK]
OVER = (AgreementStatus.SETTLED, AgreementStatus.UNWOUND)


async def live(db: Db, chance: random.Random) -> AgreementStatus:
    day = FIRST + timedelta(days=chance.randint(0, 800))
    await at(db, day)
    rent, months, goods = chance.randint(100_00, 9_000_00), chance.choice([1, 2, 6, 12]), chance.choice([*Goods])
    held, waived = chance.choice([(0, 0), (0, 2 * rent), (2 * rent, 0), (rent, rent)])
    agreement = await open_lease(db, rent, months=months, held=held, waived=waived, goods=goods)
    if held:
        day += timedelta(days=chance.randint(0, 2))
        await at(db, day)
        for payment in await payments.of_cause(db, agreement.user_id, DEPOSIT, agreement.id):
            await arrive(db, payment)
    model = LeaseModel(rent, months, TIMES[goods], held, day, month(day, months) - DAY, held=held)
    for _ in range(chance.randint(4, 12)):
        await step(db, agreement, model, chance)
        await agree(db, agreement, model)
        day += timedelta(days=chance.choice([0, 1, 3, 7, 20, 30, 31]))
        await at(db, day)
        await pass_by(db, agreement, model)
        await agree(db, agreement, model)
        if agreement.status in OVER:
            return agreement.status
    await end(db, agreement, model)
    return agreement.status


async def agree(db: Db, agreement: Agreement, model: LeaseModel) -> None:
    """Statement, ledger, schedule and state say what counting says."""
    standing, on = await standing_of(db, agreement), await clock.today(db)
    balances, purse = await balances_of(db, agreement.user_id, agreement.id), model.purse(on)
    assert standing.unposted(await clock.now(db)) == []
    model.hard.agree(standing)
    assert (standing.outstanding, standing.credit) == (max(0, purse), max(0, -purse)), purse
    assert (balances[K.RENT], balances[K.CREDIT]) == (standing.outstanding, standing.credit)
    net = model.paid - model.back
    assert (balances[K.RENT_EARNED], balances[K.REPAID]) == (model.rents(on), net)
    in_hand = model.held - model.kept - model.deposit_back
    assert balances[K.DEPOSIT] + balances[K.DEPOSIT_RETURNING] == in_hand
    assert (balances[K.COLLECTED], balances[K.PAYABLE]) == (net + model.held - model.deposit_back, net + model.kept)
    lines = statements.lines_of(standing, await clock.now(db))
    assert sum(line.amount for line in lines) == purse
    assert standing.ends_on == model.last
    if agreement.status in OWING:
        assert (agreement.status is AgreementStatus.OVERDUE) is model.is_late(on)
    assert agreement.status is not AgreementStatus.SETTLED or model.is_settled(on)


async def pass_by(db: Db, agreement: Agreement, model: LeaseModel) -> None:
    """What comes by itself: money that is on its way arrives, a claim that nobody disputed stands, and the day passes."""
    await money_goes_back(db, agreement, model)
    claim = model.claim
    if claim and not claim.is_disputed and claim.upheld is None and claim.no_until <= await clock.now(db):
        await claiming.let_stand(db, agreement.user_id, agreement.id)
        claim.upheld = claim.amount
    await passing.pass_for(db, [agreement.user_id])
    if model.is_settled(await clock.today(db)):
        assert agreement.status is AgreementStatus.SETTLED


async def end(db: Db, agreement: Agreement, model: LeaseModel) -> None:
    """Everybody does what they have to, a day later the lease is over and nothing is held any more."""
    if model.claim and model.claim.is_disputed and model.claim.upheld is None:
        await decide(db, agreement, model, model.claim.amount // 2)
    await at(db, max(await clock.today(db), model.last) + DAY * 20)
    await pass_by(db, agreement, model)
    if (owed := model.purse(await clock.today(db))) > 0:
        await pay(db, agreement, model, owed)
    for _ in range(2):
        await pass_by(db, agreement, model)
        await at(db, await clock.today(db) + DAY)
    await agree(db, agreement, model)
    assert agreement.status is AgreementStatus.SETTLED and model.purse(await clock.today(db)) == 0
    await pay(db, agreement, model, 1_00)  # which was on its way
    await money_goes_back(db, agreement, model)
    await agree(db, agreement, model)
    assert model.purse(await clock.today(db)) == 0
    deposit = await deposits.find(db, agreement.user_id, agreement.id)
    if deposit is not None and model.held:
        status = DepositStatus.PARTLY_RETURNED if model.kept else DepositStatus.RETURNED
        assert (deposit.status, deposit.kept) == (status, model.kept)


async def step(db: Db, agreement: Agreement, model: LeaseModel, chance: random.Random) -> None:
    on, now, key = await clock.today(db), await clock.now(db), str(new_id())
    purse, shop = model.purse(on), PartnerActor(agreement.partner_id, "a landlord")
    match chance.choice(STEPS):
        case "pay" if purse > 0:
            await pay(db, agreement, model, chance.choice([purse, chance.randint(1, purse)]))
        case "back" if agreement.status in OWING:
            on = earlier(await standing_of(db, agreement), chance)
            await pay(db, agreement, model, chance.randint(1, 2 * model.rent), on)
        case "ahead":
            await pay(db, agreement, model, max(0, purse) + chance.randint(1, 2 * model.rent))
        case "notice":
            last = on + DAY * chance.randint(0, 60)
            expected = model.takes_notice(on, last)
            asked = leaving.give_notice(db, owner(agreement), agreement.id, last, key)
            assert await is_taken(asked) is expected
            if expected:
                model.noticed_on, model.last = on, last
        case "claim" if model.held:
            amount = chance.choice([model.deposit, chance.randint(1, model.deposit), model.deposit + 1])
            expected = model.takes_claim(on, amount)
            wanted = Money(amount, agreement.currency)
            asked = claiming.claim(db, shop, agreement.id, wanted, "The door is broken.", key)
            assert await is_taken(asked) is expected
            if expected:
                model.claim = ClaimModel(amount, clock.begins(on + DAY * (model.times.dispute + 1)))
        case "dispute":
            expected = model.takes_no(now)
            asked = claiming.dispute(db, owner(agreement), agreement.id, "It was broken before.", key)
            assert await is_taken(asked) is expected
            if expected and model.claim:
                model.claim.is_disputed = True
        case "decide" if model.claim and model.claim.is_disputed and model.claim.upheld is None:
            await decide(
                db, agreement, model, chance.choice([0, model.claim.amount, chance.randint(0, model.claim.amount)])
            )
        case "withdraw" if now < agreement.cooling_off_until and model.noticed_on is None:
            await withdraw(db, agreement, model)
        case "refund" if purse < 0:
            await repaying.give_back_credit(db, await standing_of(db, agreement))
        case what if what in HARD_TIMES:
            # Rent bears no interest and has no late fees.
            await model.hard.happen(db, agreement, what, chance)
            assert not model.hard.waived


async def withdraw(db: Db, agreement: Agreement, model: LeaseModel) -> None:
    """As whoever takes an acceptance back within a day."""
    held = await agreements.lock(db, agreement.user_id, agreement.id)
    assert held is not None
    await moving_out.undo(db, held)
    await moving.move(db, held, AgreementStatus.UNWOUND)
    model.is_withdrawn, model.last = True, model.start - DAY
    await agree(db, agreement, model)
    await money_goes_back(db, agreement, model)
    assert (model.paid, model.held) == (model.back, model.deposit_back), "all of it"


async def decide(db: Db, agreement: Agreement, model: LeaseModel, amount: int) -> None:
    made = await claims.of_agreement(db, agreement.user_id, agreement.id)
    assert made is not None and model.claim is not None
    wanted = Money(amount, agreement.currency)
    await claiming.decide(db, RISK, made.id, wanted, "The pictures show it.", str(new_id()))
    model.claim.upheld = amount


async def pay(db: Db, agreement: Agreement, model: LeaseModel, amount: int, on: date | None = None) -> None:
    paid_for, money = PaidFor(REPAYMENT, agreement.id), Money(amount, agreement.currency)
    await arrive(db, await paying.begin(db, agreement.user_id, paid_for, money, counts_on=on))
    model.paid += amount


async def arrive(db: Db, payment: Payment) -> None:
    """The cashier says that the money has come."""
    paid = Paid(str(new_id()), payment.money, await clock.now(db))
    await paying.record(db, payment, CashierAnswer(PaymentStatus.SETTLED, paid))


async def money_goes_back(db: Db, agreement: Agreement, model: LeaseModel) -> None:
    """The cashier has given back what it was asked to."""
    pending = select(Refund).where(Refund.user_id == agreement.user_id, Refund.status == PaymentStatus.PENDING)
    for refund in (await db.execute(pending.order_by(Refund.id))).scalars().all():
        await refunding.record(db, refund, RefundAnswer(PaymentStatus.SETTLED, refund.money))
        if refund.cause == DEPOSIT:
            model.deposit_back += refund.amount
        else:
            model.back += refund.amount


@pytest.mark.parametrize("batch", range(max(1, LIVES // EACH)))
async def test_whatever_happens_to_a_lease_all_that_is_told_of_it_agrees(batch: int) -> None:
    ended: list[AgreementStatus] = []
    async with rolled_back() as db:
        for number in range(EACH):
            ended.append(await live(db, random.Random(batch * EACH + number)))
    assert {*ended} <= {*OVER}


async def test_what_was_paid_too_much_goes_back_also_where_a_claim_takes_all_of_the_deposit_after_the_end() -> None:
    async with rolled_back() as db:
        await at(db, FIRST)
        agreement = await open_lease(db, 1_000_00, months=1, held=2_000_00)
        for payment in await payments.of_cause(db, agreement.user_id, DEPOSIT, agreement.id):
            await arrive(db, payment)
        last = month(FIRST, 1) - DAY
        model = LeaseModel(1_000_00, 1, TIMES[Goods.HOME], 2_000_00, FIRST, last, held=2_000_00)
        await pay(db, agreement, model, 1_500_00)
        await at(db, last)
        landlord, all_of_it = PartnerActor(agreement.partner_id, "a landlord"), Money(2_000_00, "CNY")
        await claiming.claim(db, landlord, agreement.id, all_of_it, "The door is broken.", str(new_id()))
        await at(db, last + DAY * 20)
        await claiming.let_stand(db, agreement.user_id, agreement.id)
        assert agreement.status is AgreementStatus.SETTLED
        its = select(Refund.cause, Refund.amount).where(Refund.user_id == agreement.user_id)
        assert (await db.execute(its)).all() == [(REPAYMENT, 500_00)]
