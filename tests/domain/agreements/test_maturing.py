"""Maturing: each score has one outcome, that of all agreements that leaned on it, written when it is known and once."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from domain.actors import PartnerActor
from domain.agreements import agreements, booking, delivering, maturing, returning, waiting
from domain.agreements.agreements import Agreement
from domain.agreements.standings import standing_of
from domain.applications.applications import Application, ApplicationStatus
from domain.credit import scores
from domain.credit.grades import Grade
from domain.credit.outcomes import LoanOutcome
from domain.market.kinds import ProductKind
from infra import clock
from infra.database import Db
from infra.hindsight import stand_at
from infra.outbox import Event
from tests.api.people import scored
from tests.domain.agreements.loans import open_loan, owner, pay_out, repay

BEGUN = datetime(2027, 1, 4, 4, tzinfo=UTC)
DAY = timedelta(days=1)


async def applied(db: Db, agreement: Agreement) -> None:
    now = await clock.now(db)
    application = Application(
        user_id=agreement.user_id,
        product_id=agreement.product_id,
        partner_id=agreement.partner_id,
        amount=agreement.amount,
        currency=agreement.currency,
        term_months=agreement.term_months,
        status=ApplicationStatus.ACCEPTED,
        promised_by=now,
        created_at=now,
        updated_at=now,
    )
    application.id = agreement.application_id
    db.add(application)
    await db.flush()


async def lent(db: Db, months: int = 12) -> Agreement:
    await stand_at(db, BEGUN)
    agreement = await open_loan(db, 1_200_00, months=months, rate="0")
    await scores.record(db, agreement.user_id, scored(Grade.B), await clock.now(db), 1)
    await applied(db, agreement)
    await pay_out(db, agreement, 1_200_00)
    return agreement


async def told(db: Db, agreement: Agreement) -> list[tuple[str, bool]]:
    """Let what was announced of it be reacted to, twice; what is known then of how the score went."""
    names = (agreements.REPAID, agreements.FELL_BEHIND, agreements.SETTLED)
    its = select(Event).where(Event.user_id == agreement.user_id, Event.name.in_(names)).order_by(Event.id)
    for event in [*(await db.execute(its)).scalars()] * 2:
        if event.occurred_at <= await clock.now(db):
            await maturing.mature(db, event)
    found = await db.execute(select(LoanOutcome.how, LoanOutcome.bad).where(LoanOutcome.user_id == agreement.user_id))
    return [(str(how), bad) for how, bad in found]


async def accrue(db: Db, agreement: Agreement) -> None:
    held = await agreements.lock(db, agreement.user_id, agreement.id)
    assert held is not None
    await booking.accrue(db, held)


async def test_a_loan_that_is_paid_off_on_its_days_is_settled(db: Db) -> None:
    agreement = await lent(db)
    await stand_at(db, BEGUN + 20 * DAY)
    await repay(db, agreement, 100_00)
    assert await told(db, agreement) == []
    await repay(db, agreement, 1_100_00)
    assert await told(db, agreement) == [("SETTLED", False)]


async def test_one_that_was_late_is_late(db: Db) -> None:
    agreement = await lent(db)
    await stand_at(db, BEGUN + 70 * DAY)
    await accrue(db, agreement)
    await repay(db, agreement, 1_200_00)
    assert await told(db, agreement) == [("LATE", False)]


async def test_one_that_waited_for_us_is_not_late(db: Db) -> None:
    agreement = await lent(db)
    for days in (31, 59):  # on which instalments are due
        await stand_at(db, BEGUN + days * DAY)
        await waiting.begin(db, await standing_of(db, agreement), (BEGUN + days * DAY).date())
        await stand_at(db, BEGUN + (days + 20) * DAY)
        await accrue(db, agreement)
        await waiting.end(db, agreement)
        await repay(db, agreement, 1_00_00)
    await repay(db, agreement, 1_000_00)
    assert await told(db, agreement) == [("SETTLED", False)]


async def test_what_was_taken_back_is_not_late_however_long_after_it_is_looked_at(db: Db) -> None:
    kept = await lent(db)
    returned = await open_loan(db, 600_00, rate="0", of=kept.user_id, kind=ProductKind.ELECTRONICS)
    await applied(db, returned)
    await delivering.confirm(db, owner(returned), returned.id)
    shop = PartnerActor(returned.partner_id, "a shop")
    await returning.ask(db, owner(returned), returned.id, "Too loud.", "ask-back")
    await returning.take_back(db, shop, returned.id, None, "take-back")
    for days in range(20, 351, 30):
        await stand_at(db, BEGUN + days * DAY)
        await repay(db, kept, 100_00)
    assert await told(db, kept) == [("SETTLED", False)]


@pytest.mark.parametrize(("days", "expected"), [(120, []), (122, [("DEFAULTED", True)])])
async def test_one_that_is_more_than_ninety_days_late_is_in_default_for_good(
    db: Db, days: int, expected: list[tuple[str, bool]]
) -> None:
    agreement = await lent(db)  # the first instalment is due on 4 February, a month of 31 days after
    await stand_at(db, BEGUN + days * DAY)
    await accrue(db, agreement)
    assert await told(db, agreement) == expected
    await repay(db, agreement, 1_200_00)
    assert await told(db, agreement) == (expected or [("LATE", False)])


async def test_a_long_one_is_known_with_the_first_payment_after_the_year(db: Db) -> None:
    agreement = await lent(db, months=24)
    for days in range(20, 381, 30):
        assert await told(db, agreement) == []
        await stand_at(db, BEGUN + days * DAY)
        await repay(db, agreement, 50_00)
    assert await told(db, agreement) == [("PAID", False)]


async def test_two_that_leaned_on_one_score_have_one_outcome(db: Db) -> None:
    first = await lent(db)
    second = await open_loan(db, 600_00, rate="0", of=first.user_id)
    await applied(db, second)
    await pay_out(db, second, 600_00)
    await stand_at(db, BEGUN + DAY)
    await repay(db, first, 1_200_00)
    assert await told(db, first) == []
    await stand_at(db, BEGUN + 122 * DAY)
    await accrue(db, second)
    assert await told(db, second) == [("DEFAULTED", True)]


async def test_who_was_never_scored_has_none(db: Db) -> None:
    await stand_at(db, BEGUN)
    agreement = await open_loan(db, 1_200_00, rate="0")
    await applied(db, agreement)
    await pay_out(db, agreement, 1_200_00)
    await repay(db, agreement, 1_200_00)
    assert await told(db, agreement) == []
