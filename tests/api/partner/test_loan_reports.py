"""From what a partner tells of a loan elsewhere to a line of the book that training reads, as long as the leave for it holds."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy import func, select

from domain.credit.scores import Score
from domain.facts.loan_reports import LoanReport, OutcomeKind
from domain.privacy import erasing, forgetting
from infra.clock import local_day
from infra.database import reading, transaction
from ml.books import lived
from tests.api.app.test_consents import grant
from tests.api.doors import Client
from tests.api.offering import close
from tests.api.partner.test_facts import TELLS, tell
from tests.api.people import Shop, open_shop
from tests.clocks import Clock
from tests.phones import Answer, Phone

SCORED, OPENED, YEAR = 400, 390, 365  # days ago


async def was_scored(phone: Phone, days: int) -> None:
    """As now, so many days ago."""
    async with transaction() as db:
        score = (await db.execute(select(Score).where(Score.user_id == phone.user_id).limit(1))).scalar_one()
        columns = {column.key: getattr(score, column.key) for column in Score.__table__.columns if column.key != "id"}
        db.add(Score(**{**columns, "as_of": score.as_of - timedelta(days=days)}))


class Teller:
    """A partner who tells of a loan of one person, by how many days ago it was so."""

    def __init__(self, client: Client, token: str, clock: Clock) -> None:
        self.client, self.token, self.clock = client, token, clock

    async def said(self, ago: int, word: str, *, opened: int = OPENED, loan: str = "A-7") -> Answer:
        now = await self.clock.now()
        return {
            "name": "loan.performance",
            "value": {"text": word},
            "observedAt": (now - timedelta(days=ago)).isoformat(),
            "loan": {"reference": loan, "openedOn": local_day(now - timedelta(days=opened)).isoformat()},
        }

    async def tells(self, ago: int, word: str, **of: Any) -> None:
        told = await tell(self.client, self.token, [await self.said(ago, word, **of)])
        assert told == {"__typename": "FactsAccepted", "count": 1}


async def rows(phone: Phone) -> list[tuple[str, str]]:
    """How the loans of a person went and who told it, as the book has them."""
    async with reading() as db:
        return [(loan.outcome, loan.source) async for loan in lived.loans_of(db) if loan.customer == phone.user_id]


async def test_a_report_is_a_line_of_the_book(
    shopper: Phone, shop: Shop, client: Client, http: httpx2.AsyncClient, clock: Clock, tmp_path: Path
) -> None:
    await was_scored(shopper, SCORED)
    consent = await grant(shopper, shop, scopes=[TELLS])
    bank, source = Teller(client, consent["token"], clock), f"partner:{shop.partner.code}"
    await bank.tells(300, "PAID")
    assert await rows(shopper) == []  # the year is not known
    await bank.tells(250, "DEFAULTED")
    assert await rows(shopper) == [("DEFAULTED", source)]
    await bank.tells(OPENED - YEAR - 5, "LATE")  # puts it right
    assert await rows(shopper) == [("LATE", source)]
    await bank.tells(240, "PAID")  # a word that comes late is no newer one
    assert await rows(shopper) == [("LATE", source)]

    other = await open_shop()
    second = await grant(shopper, other, scopes=[TELLS])
    lender = Teller(Client(http, "partner", other.token), second["token"], clock)
    await lender.tells(200, "DEFAULTED")  # of a loan of its own, which leans on the same score
    assert await rows(shopper) == [("DEFAULTED", f"partner:{other.partner.code}")]
    async with reading() as db:
        (loan,) = [each async for each in lived.loans_of(db) if each.customer == shopper.user_id]
    lived.write([loan], tmp_path / "book.csv", tmp_path / "book.toml")
    assert f",partner:{other.partner.code}," in (tmp_path / "book.csv").read_text(encoding="utf-8")

    await shopper.do("RevokeConsent", consentId=second["id"])
    assert await rows(shopper) == [("LATE", source)]
    async with reading() as db:
        told = select(LoanReport.how).where(LoanReport.user_id == shopper.user_id).order_by(LoanReport.told_at)
        assert (await db.execute(told)).scalars().all() == ["PAID", "DEFAULTED", "LATE", "PAID", "DEFAULTED"]
    async with transaction() as db:
        assert not await forgetting.one_batch(db)
        assert (await db.execute(told)).scalars().all() == ["PAID", "DEFAULTED", "LATE", "PAID"]
    async with transaction() as db:
        await erasing.erase(db, shopper.user_id)
        theirs = select(func.count()).where(LoanReport.user_id == shopper.user_id)
        assert (await db.execute(theirs)).scalar_one() == 0
    assert await rows(shopper) == []
    await close(other)


async def test_no_loan_is_in_the_book_that_may_not_be(
    shopper: Phone, shop: Shop, client: Client, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await was_scored(shopper, SCORED)
    first, second = [await grant(shopper, shop, scopes=[TELLS]) for _ in range(2)]
    bank, later = Teller(client, first["token"], clock), Teller(client, second["token"], clock)
    # A score of the day, or of later, could know of the loan; one that is a year old says nothing of the day.
    await bank.tells(300, "SETTLED", opened=SCORED, loan="B")
    await bank.tells(20, "SETTLED", opened=SCORED - YEAR - 1, loan="C")
    assert await rows(shopper) == []
    await bank.tells(250, "DEFAULTED")
    trial = await open_shop(is_test=True)
    async with transaction() as db:
        its = (LoanReport.user_id == shopper.user_id, LoanReport.how == OutcomeKind.DEFAULTED)
        report = (await db.execute(select(LoanReport).where(*its))).scalar_one()
        columns = {each.key: getattr(report, each.key) for each in LoanReport.__table__.columns if each.key != "id"}
        db.add(LoanReport(**{**columns, "partner_id": trial.partner.id}))
    assert await rows(shopper) == [("DEFAULTED", f"partner:{shop.partner.code}")]  # and nothing of a test partner's
    await later.tells(100, "SETTLED")
    await bank.tells(240, "PAID")  # told after the word that puts it right
    assert [how for how, _ in await rows(shopper)] == ["SETTLED"]
    await shopper.do("RevokeConsent", consentId=second["id"])
    assert await rows(shopper) == []  # what was put right does not come back
    monkeypatch.setattr(forgetting, "BATCH", 1)
    async with transaction() as db:
        while await forgetting.one_batch(db):
            pass
        left = select(LoanReport.loan).where(
            LoanReport.user_id == shopper.user_id, LoanReport.partner_id == shop.partner.id
        )
        assert sorted((await db.execute(left)).scalars()) == ["B", "C"]
    await close(trial)


async def test_a_loan_that_cannot_be_is_named_and_nothing_is_kept(
    member: Phone, shop: Shop, client: Client, clock: Clock
) -> None:
    bank = Teller(client, (await grant(member, shop, scopes=[TELLS]))["token"], clock)
    good, other = await bank.said(30, "LATE"), await bank.said(31, "LATE")
    wrong = [
        ({**other, "loan": None}, ["loan"]),
        ({**other, "value": {"text": "late"}}, ["value"]),
        ({**other, "value": {"number": "1"}}, ["value"]),
        ({**other, "name": "credit.open_loans", "value": {"number": "1"}}, ["loan"]),
        (await bank.said(30, "LATE", opened=29), ["loan", "openedOn"]),
        (await bank.said(30, "LATE", loan=" "), ["loan", "reference"]),
        (await bank.said(30, "LATE", loan="7" * 65), ["loan", "reference"]),
        (await bank.said(-1, "LATE"), ["observedAt"]),
        (good, ["name"]),
    ]
    for item, field in wrong:
        refused = await tell(client, bank.token, [good, item])
        assert (refused["code"], refused["field"]) == ("INVALID", ["input", "facts", "1", *field]), item
    async with reading() as db:
        theirs = select(func.count()).where(LoanReport.user_id == member.user_id)
        assert (await db.execute(theirs)).scalar_one() == 0
