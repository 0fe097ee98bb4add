"""Settlement: a partner's day, whose net is what the ledger says that Longan owes it."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import text

from domain.ledger.kinds import AccountKind as K
from domain.ledger.posting import post
from domain.ledger.transfers import Cause, CauseKind, reversal
from domain.reconciling.settlements import Settlement, SettlementKind, lines_between, settlement_of
from infra import clock
from infra.database import Db
from infra.ids import new_id
from tests.domain.ledger.books import Loan

# A minute before midnight in Shanghai, and the minute after.
EVENING, MORNING = datetime(2027, 2, 27, 15, 59, tzinfo=UTC), datetime(2027, 2, 27, 16, 1, tzinfo=UTC)
SATURDAY, SUNDAY = date(2027, 2, 27), date(2027, 2, 28)
OWED = text("""
    SELECT coalesce(sum(CASE WHEN credit = 'PAYABLE' THEN amount ELSE -amount END), 0) FROM transfers
     WHERE partner_id = :partner AND currency = :currency AND 'PAYABLE' IN (debit, credit)
       AND (booked_at AT TIME ZONE 'Asia/Shanghai')::date = :on
""")


def lines(report: Settlement) -> list[tuple[SettlementKind, int]]:
    return [(line.kind, line.amount) for line in report.lines]


async def lived(db: Db, loan: Loan, scale: int = 1) -> None:
    draw = new_id()
    clock.freeze(db, EVENING)
    await post(db, [*loan.accepted(10_000 * scale), *loan.sent(3_000 * scale, draw)])
    await post(db, loan.settled(3_000 * scale, draw))
    paid = loan.repaid(new_id(), principal=700 * scale, credit=50 * scale)
    await post(db, paid)
    refund = Cause(CauseKind.REFUND, new_id())
    back = loan.all_of(refund, (K.PAYABLE, K.COLLECTED, 50 * scale), (K.CREDIT, K.REPAID, 50 * scale))
    await post(db, back)
    await post(db, [loan.transfer(K.PAYABLE, K.COMMISSION, 7 * scale)])
    await post(db, [loan.transfer(K.BENEFITS, K.BENEFITS_OWED, 9 * scale)])
    clock.freeze(db, MORNING)
    again = Cause(CauseKind.CORRECTION, new_id())
    await post(db, [reversal(each, again) for each in back])  # the refund came back
    await post(db, loan.repaid(new_id(), principal=11 * scale))


@pytest.mark.parametrize(("currency", "scale"), [("CNY", 100), ("JPY", 1)])
async def test_a_day_has_what_was_booked_on_it_and_its_net_is_the_ledgers(db: Db, currency: str, scale: int) -> None:
    loan = Loan(currency)
    await lived(db, loan, scale)
    await lived(db, Loan(currency), scale)  # of another partner
    kinds = SettlementKind
    for on, expected, net in (
        (
            SATURDAY,
            [(kinds.PAID_OUT, 3_000), (kinds.RECEIVED, 750), (kinds.REFUNDED, 50), (kinds.FEE, 7), (kinds.BENEFIT, 9)],
            693,
        ),
        (SUNDAY, [(kinds.REFUNDED, -50), (kinds.RECEIVED, 11)], 61),
        (SUNDAY + timedelta(days=1), [], 0),
    ):
        report = await settlement_of(db, loan.partner_id, on, currency)
        assert lines(report) == [(kind, amount * scale) for kind, amount in expected]
        assert report.net == net * scale
        given = {"partner": loan.partner_id, "currency": currency, "on": on}
        assert report.net == await db.scalar(OWED, given)
        assert {line.subject_id for line in report.lines} <= {loan.id}


async def test_each_currency_has_a_report_of_its_own(db: Db) -> None:
    yuan = Loan("CNY")
    yen = Loan("JPY", partner_id=yuan.partner_id)
    await lived(db, yen)
    assert (await settlement_of(db, yen.partner_id, SATURDAY)).currency == "JPY"
    await lived(db, yuan, 100)
    by_default = await settlement_of(db, yuan.partner_id, SATURDAY)
    assert (by_default.currency, by_default.net) == ("CNY", 693_00)
    assert (await settlement_of(db, yuan.partner_id, SATURDAY, "JPY")).net == 693
    assert (await settlement_of(db, new_id(), SATURDAY)).currency == "CNY"
    days = [await settlement_of(db, yen.partner_id, on, each) for on in (SATURDAY, SUNDAY) for each in ("CNY", "JPY")]
    both = await lines_between(db, yen.partner_id, SATURDAY, SUNDAY)
    assert sorted(map(str, both)) == sorted(str(line) for day in days for line in day.lines)
