"""Commission and remittances: two people agree on a share, it is posted with the money, and what is left is paid out once."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import func, select, text

from domain.actors import Role, StaffActor
from domain.agreements import agreements, booking
from domain.agreements.acts import ActKind
from domain.agreements.agreements import Agreement
from domain.ledger.accounts import balances_of
from domain.ledger.kinds import AccountKind as K
from domain.ledger.posting import post
from domain.ledger.transfers import Cause, CauseKind, Transfer, transfer
from domain.payments.takings import NOBODY
from domain.people import commissions
from domain.people.partners import Partner
from domain.reconciling import remittances
from domain.reconciling.remittances import Remittance
from domain.reconciling.settlements import SettlementKind, settlement_of
from infra import clock
from infra.database import Db
from infra.errors import Refusal
from infra.hindsight import stand_at
from infra.ids import new_id
from tests.api.people import staff_member
from tests.domain.agreements.loans import open_loan, pay_out, repay

NOON = datetime(2027, 3, 1, 4, tzinfo=UTC)  # of Shanghai
MONDAY = date(2027, 3, 1)
DAY = timedelta(days=1)
OWED = text("""
    SELECT coalesce(sum(CASE WHEN credit = 'PAYABLE' THEN amount ELSE -amount END), 0) FROM transfers
     WHERE partner_id = :partner AND 'PAYABLE' IN (debit, credit) AND (booked_at AT TIME ZONE 'Asia/Shanghai')::date = :on
""")


@dataclass(frozen=True)
class House:
    partner_id: UUID
    one: StaffActor
    other: StaffActor


@pytest.fixture
async def house_of(db: Db) -> House:
    await stand_at(db, NOON)
    partner = Partner(id=new_id(), code=f"p-{new_id()}", name="Somebody", purpose="loan")
    db.add(partner)
    await db.flush()
    one, other = [StaffActor((await staff_member(db, role)).id, role) for role in (Role.RISK, Role.APPROVER)]
    return House(partner.id, one, other)


async def agreed(db: Db, house: House, rate: str) -> None:
    proposed = await commissions.propose(db, house.one, house.partner_id, Decimal(rate))
    await commissions.agree(db, house.other, proposed.id, proposed.hash)


async def lent(db: Db, house: House, amount: int = 1_200_00) -> Agreement:
    agreement = await open_loan(db, amount, rate="0", partner_id=house.partner_id)
    await pay_out(db, agreement, amount)
    return agreement


async def give_back(db: Db, agreement: Agreement, amount: int) -> None:
    held = await agreements.lock(db, agreement.user_id, agreement.id)
    assert held is not None
    await booking.book_act(db, held, ActKind.REFUND, new_id(), amount)


async def refused(db: Db, verb: object) -> str:
    with pytest.raises(Refusal) as refusal:
        await verb  # type: ignore[misc]
    return refusal.value.code.value


async def test_a_share_counts_once_a_second_person_agrees_to_what_they_saw(db: Db, house_of: House) -> None:
    house, nobody = house_of, StaffActor(house_of.one.staff_id, Role.VIEWER)
    for wrong in ("-0.00001", "0.20001", "0.000001"):
        assert await refused(db, commissions.propose(db, house.one, house.partner_id, Decimal(wrong))) == "INVALID"
    assert await refused(db, commissions.propose(db, house.one, new_id(), Decimal("0.01"))) == "NOT_FOUND"
    proposed = await commissions.propose(db, house.one, house.partner_id, Decimal("0.01"))
    assert await refused(db, commissions.agree(db, house.one, proposed.id, proposed.hash)) == "SECOND_PERSON_REQUIRED"
    assert await refused(db, commissions.agree(db, nobody, proposed.id, proposed.hash)) == "NOT_ALLOWED"
    assert await refused(db, commissions.agree(db, house.other, proposed.id, "another")) == "STALE"
    assert await commissions.rate_of(db, house.partner_id) == 0
    await commissions.agree(db, house.other, proposed.id, proposed.hash)
    assert await refused(db, commissions.agree(db, house.other, proposed.id, proposed.hash)) == "NOT_OPEN"
    assert await commissions.rate_of(db, house.partner_id) == Decimal("0.01")
    await stand_at(db, NOON + DAY)
    another = await commissions.propose(db, house.other, house.partner_id, Decimal(0))
    await commissions.reject(db, house.one, another.id)
    assert await commissions.rate_of(db, house.partner_id) == Decimal("0.01")
    await agreed(db, house, "0")
    assert await commissions.rate_of(db, house.partner_id) == 0


async def test_a_days_net_is_what_came_less_what_went_back_less_the_share_to_the_cent(db: Db, house_of: House) -> None:
    house = house_of
    await agreed(db, house, "0.00515")
    agreement = await lent(db, house)
    await repay(db, agreement, 333_33)  # of it 1.716649...
    await repay(db, agreement, 1_000_00)  # of it 5.15; 133.33 is too much
    report = await settlement_of(db, house.partner_id, MONDAY)
    kinds = SettlementKind
    told = [report.total(kind) for kind in (kinds.RECEIVED, kinds.REFUNDED, kinds.FEE)]
    assert (told, report.net) == ([1_333_33, 0, 6_87], 1_326_46)
    await give_back(db, agreement, 133_33)  # and of the share 6.87 * 133.33 / 1333.33
    report = await settlement_of(db, house.partner_id, MONDAY)
    told = [report.total(kind) for kind in (kinds.RECEIVED, kinds.REFUNDED, kinds.FEE)]
    assert (told, report.net) == ([1_333_33, 133_33, 6_19], 1_193_81)
    assert report.net == await db.scalar(OWED, {"partner": house.partner_id, "on": MONDAY})
    balances = await balances_of(db, agreement.user_id, agreement.id)
    assert (balances[K.COMMISSION], balances[K.PAYABLE], balances[K.COLLECTED]) == (6_19, 1_193_81, 1_200_00)


async def test_what_goes_back_takes_its_part_of_the_share_along_at_whatever_rates(db: Db, house_of: House) -> None:
    house = house_of
    agreement = await lent(db, house, 100_00)
    await repay(db, agreement, 100_00)
    await agreed(db, house, "0.1")
    await repay(db, agreement, 77_77)
    await stand_at(db, NOON + DAY)
    await agreed(db, house, "0.00333")
    await repay(db, agreement, 22_23)
    await give_back(db, agreement, 100_00)
    balances = await balances_of(db, agreement.user_id, agreement.id)
    assert balances[K.COMMISSION] == (7_78 + 7) - (7_78 + 7) * 100_00 // 200_00


async def test_an_earlier_payment_that_replays_others_leaves_their_shares(db: Db, house_of: House) -> None:
    house = house_of
    await agreed(db, house, "0.01")
    agreement = await open_loan(db, 1_200_00, partner_id=house.partner_id)
    await pay_out(db, agreement, 1_200_00)
    await stand_at(db, NOON + 40 * DAY)
    await repay(db, agreement, 200_00)
    await repay(db, agreement, 100_00, on=MONDAY + 10 * DAY)
    assert (await balances_of(db, agreement.user_id, agreement.id))[K.COMMISSION] == 3_00


async def of_partner(db: Db, house: House) -> list[Remittance]:
    its = select(Remittance).where(Remittance.partner_id == house.partner_id).order_by(Remittance.ends_at)
    return list((await db.execute(its)).scalars())


async def test_what_is_owed_is_due_with_each_night_and_days_without_wait_for_the_next(db: Db, house_of: House) -> None:
    house = house_of
    await agreed(db, house, "0.01")
    agreement = await lent(db, house)
    await repay(db, agreement, 1_300_00)
    for _ in range(2):
        await remittances.reckon(db, MONDAY)
    await stand_at(db, NOON + DAY)
    await give_back(db, agreement, 100_00)
    await remittances.reckon(db, MONDAY + DAY)
    other = await lent(db, house)
    await repay(db, other, 300_00)
    await stand_at(db, NOON + 2 * DAY)
    await repay(db, other, 50_00)
    await remittances.reckon(db, MONDAY + 2 * DAY)
    due = [(each.first_on, each.last_on, each.amount) for each in await of_partner(db, house)]
    assert due == [
        (MONDAY, MONDAY, 1_300_00 - 13_00),
        (MONDAY + DAY, MONDAY + 2 * DAY, -100_00 + 1_00 + 300_00 - 3_00 + 50_00 - 50),
    ]
    found = [await remittances.of_day(db, house.partner_id, MONDAY + number * DAY, "CNY") for number in range(4)]
    assert [each and each.amount for each in found] == [1_287_00, 247_50, 247_50, None]


async def test_a_remittance_is_booked_once_by_whoever_may(db: Db, house_of: House) -> None:
    house, nobody = house_of, StaffActor(house_of.one.staff_id, Role.VIEWER)
    await repay(db, await lent(db, house), 500_00)
    await remittances.reckon(db, MONDAY)
    (due,) = await of_partner(db, house)
    assert await refused(db, remittances.pay(db, nobody, due.id, "BANK-1")) == "NOT_ALLOWED"
    assert await refused(db, remittances.pay(db, house.one, new_id(), "BANK-1")) == "NOT_FOUND"
    for wrong in ("", "x" * 129):
        assert await refused(db, remittances.pay(db, house.one, due.id, wrong)) == "INVALID"
    for actor in (house.one, house.other):
        paid = await remittances.pay(db, actor, due.id, "BANK-1")
        assert (paid.reference, paid.paid_by) == ("BANK-1", house.one.staff_id)
    assert await refused(db, remittances.pay(db, house.one, due.id, "BANK-2")) == "STALE"
    balances = await balances_of(db, NOBODY, due.id)
    assert (balances[K.REMITTED], balances[K.COLLECTED]) == (500_00, -500_00)
    of_it = select(func.count()).where(Transfer.user_id == NOBODY, Transfer.subject_id == due.id)
    assert await db.scalar(of_it) == 1
    assert (await settlement_of(db, house.partner_id, MONDAY)).net == 500_00, "it is no part of what the day came to"


async def used(db: Db, house: House, amount: int) -> None:
    redemption = new_id()
    it = transfer(
        Cause(CauseKind.BENEFIT, redemption),
        K.BENEFITS,
        K.BENEFITS_OWED,
        amount,
        currency="CNY",
        user_id=NOBODY,
        subject_id=redemption,
        partner_id=house.partner_id,
        value_on=MONDAY,
    )
    await post(db, [it])


async def test_benefits_are_paid_out_with_the_net_once_and_those_of_before_they_were(db: Db, house_of: House) -> None:
    house = house_of
    await used(db, house, 3_00)
    agreement = await lent(db, house)
    await repay(db, agreement, 500_00)
    db.add(
        Remittance(
            id=new_id(),
            partner_id=house.partner_id,
            currency="CNY",
            first_on=MONDAY,
            last_on=MONDAY,
            ends_at=clock.begins(MONDAY + DAY),
            amount=500_00,
        )
    )
    for number in (1, 2):
        await stand_at(db, NOON + number * DAY)
        await used(db, house, 2_00)
        for _ in range(2):
            await remittances.reckon(db, MONDAY + number * DAY)
    await stand_at(db, NOON + 3 * DAY)
    await give_back(db, agreement, 1_00)
    await used(db, house, 1_00)
    await remittances.reckon(db, MONDAY + 3 * DAY)
    await stand_at(db, NOON + 4 * DAY)
    await repay(db, await lent(db, house), 10_00)
    await remittances.reckon(db, MONDAY + 4 * DAY)
    _, *due = [(each.first_on, each.last_on, each.amount, each.benefits) for each in await of_partner(db, house)]
    assert due == [
        (MONDAY + DAY, MONDAY + DAY, 5_00, 5_00),
        (MONDAY + 2 * DAY, MONDAY + 2 * DAY, 2_00, 2_00),
        (MONDAY + 3 * DAY, MONDAY + 4 * DAY, 10_00, 1_00),
    ], "of the third day alone nothing is owed"
