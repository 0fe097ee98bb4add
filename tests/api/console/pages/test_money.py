"""Money in a browser: what does not agree, what fits nothing, and one agreement with all that is told of it."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, update

from domain.actors import Role
from domain.agreements import booking
from domain.agreements.agreements import Agreement, AgreementStatus
from domain.agreements.papers import issuing
from domain.agreements.papers.papers import PaperKind, PaperName
from domain.evidence import leaves
from domain.evidence.leaves import EvidenceKind
from domain.payments import takings
from domain.payments.cashiers import Paid
from domain.payments.takings import WhyUnmatched
from domain.people.partners import Partner
from domain.reconciling import breaks
from domain.reconciling.breaks import BreakKind, LedgerBreak, LedgerDifference
from infra import clock
from infra.database import transaction
from infra.hindsight import stand_at
from infra.ids import global_id, new_id
from infra.money import Money
from tests.api.console.pages.conftest import Browser, NewBrowser, words_of
from tests.domain.agreements.loans import open_loan, owner, pay_out, repay


@pytest.fixture
async def browser(browser_of: NewBrowser) -> Browser:
    return await browser_of(Role.RISK)


async def lent() -> Agreement:
    async with transaction() as db:
        agreement = await open_loan(db, 1_200_00)
        await pay_out(db, agreement, 500_00)
        await repay(db, agreement, 520_00)
        await leaves.add(db, agreement.user_id, EvidenceKind.AGREEMENT, agreement.id, {"amount": 1})
    return agreement


def path_of(agreement: Agreement) -> str:
    return f"/console/agreements/{global_id('Agreement', agreement.id)}"


async def test_an_agreement_shows_all_that_is_told_of_it_and_nobodys_name(browser: Browser) -> None:
    agreement = await lent()
    response = await browser.open(path_of(agreement))
    page = words_of(response)
    assert response.status_code == 200 and str(agreement.user_id) not in response.text
    for words in (
        "A loan",
        "Limit CN¥1,200.00",
        "Term 12 months",
        "Owed now CN¥0.00",
        "Paid too much CN¥20.00",
        "Can be drawn CN¥0.00",
        "Repayment -CN¥",
        "Paid out CN¥500.00",
        "Owed to the partner CN¥520.00",
        "transfers",
        "AGREEMENT",
    ):
        assert words in page, words
    assert "Breaks so far" not in page


async def test_what_was_issued_is_shown_by_its_fingerprint_alone(browser: Browser) -> None:
    async with transaction() as db:
        partner = Partner(id=new_id(), code=f"p-{new_id()}", name="A lender", purpose="LENDING")
        db.add(partner)
        await db.flush()
        agreement = await open_loan(db, 1_200_00, partner_id=partner.id)
    assert "Papers" not in await browser.text(path_of(agreement))
    async with transaction() as db:
        name = PaperName(PaperKind.SIGNED_CONTRACT)
        paper = await issuing.issue(db, owner(agreement), agreement.id, name, "zh")
    assert paper is not None
    page = await browser.open(path_of(agreement))
    assert f"Signed contract 中文 {paper.sha256}" in words_of(page)
    assert "签署的文件" not in page.text


async def test_a_break_stands_on_both_pages_until_it_is_over(browser: Browser) -> None:
    agreement = await lent()
    found = LedgerDifference(BreakKind.STATEMENT, agreement.id, "FEES", 0, 12_34, "CNY")
    fault = LedgerDifference(BreakKind.LEDGER, agreement.id, "BALANCE_WRONG", 0, 0, "CNY")
    async with transaction() as db:
        assert await breaks.write(db, [agreement.id], [found, fault]) == 2
    money = await browser.open("/console/money")
    assert f'href="{path_of(agreement)}"' in money.text
    assert "Statement and ledger differ FEES CN¥0.00 CN¥12.34" in words_of(money)
    page = await browser.text(path_of(agreement))
    assert "Statement and ledger differ FEES : CN¥0.00 there, CN¥12.34 in the ledger" in page
    assert "The ledger itself is broken BALANCE_WRONG" in page
    async with transaction() as db:
        assert await breaks.write(db, [agreement.id], []) == 0
    assert path_of(agreement) not in (await browser.open("/console/money")).text
    page = await browser.text(path_of(agreement))
    assert "Breaks so far" in page and "in the ledger" not in page.replace("In the ledger", "")


async def test_a_partners_report_that_differs_is_named_and_leads_nowhere(browser: Browser) -> None:
    partner = Partner(id=new_id(), code=f"p-{new_id()}", name="Somebody", purpose="loan")
    wrong = LedgerDifference(BreakKind.REPORT, partner.id, "2027-01-31", 5, 6, "JPY")
    async with transaction() as db:
        db.add(partner)
        await breaks.write(db, [partner.id], [wrong])
    page = await browser.text("/console/money")
    async with transaction() as db:
        await db.execute(delete(LedgerBreak).where(LedgerBreak.subject_id == partner.id))
    assert "A partner's report and the ledger differ 2027-01-31 ¥5 ¥6" in page


async def test_money_that_fits_nothing_is_shown_with_why(browser: Browser) -> None:
    reference = f"ref-{new_id()}"
    paid = Paid(reference, Money(77_00, "CNY"), datetime(2026, 1, 2, tzinfo=UTC))
    async with transaction() as db:
        taking = await takings.take(db, "sandbox", "nobody-knows", paid)
        assert taking is not None
        await takings.set_apart(db, taking, WhyUnmatched.UNKNOWN_PAYMENT)
    page = await browser.text("/console/money")
    assert f"No payment of ours has this number CN¥77.00 sandbox {reference}" in page


async def test_late_agreements_are_drawn_by_how_late_they_are(browser: Browser) -> None:
    agreement = await lent()
    before = words_of(await browser.open("/console/money"))
    async with transaction() as db:
        its = update(Agreement).where(Agreement.id == agreement.id)
        await db.execute(its.values(bucket=61, status=AgreementStatus.OVERDUE))
    page = await browser.open("/console/money")
    async with transaction() as db:
        its = update(Agreement).where(Agreement.id == agreement.id)
        await db.execute(its.values(bucket=0, status=AgreementStatus.SETTLED))
    assert int(in_bucket(words_of(page))) == int(in_bucket(before)) + 1
    assert page.text.count('class="look" width="100') + page.text.count('class="stop" width="100') >= 1


def in_bucket(page: str) -> str:
    return page.split("61 to 90 days ")[1].split(" ")[0]


async def test_what_is_not_there_is_said_to_be_so(browser: Browser) -> None:
    for each in ("nonsense", global_id("Agreement", new_id()), global_id("User", new_id())):
        response = await browser.open(f"/console/agreements/{each}")
        assert response.status_code == 404 and "We could not find this agreement." in words_of(response)


async def test_risk_waives_a_late_fee_and_nobody_else_may(browser: Browser, browser_of: NewBrowser) -> None:
    async with transaction() as db:
        now = await clock.now(db)
        await stand_at(db, now - timedelta(days=40))
        agreement = await open_loan(db, 1_200_00, late_fee_rate="0.05")
        await pay_out(db, agreement, 1_200_00)
        await stand_at(db, now)
        await booking.accrue(db, agreement)
    to = f"{path_of(agreement)}/late-fees"
    assert "Instalment 1: CN¥5.33" in await browser.text(path_of(agreement))
    for said in ({"number": "1", "why": "I like them"}, {"number": "one", "why": "GOODWILL"}):
        assert (await browser.send(to, said)).status_code == 404
    assert (await browser.send(to, {"number": "2", "why": "GOODWILL"})).status_code == 409
    approver = await browser_of(Role.APPROVER)
    assert "Waive it" not in await approver.text(path_of(agreement))
    assert (await approver.send(to, {"number": "1", "why": "GOODWILL"})).status_code == 403
    for _ in range(2):
        assert (await browser.send(to, {"number": "1", "why": "GOODWILL"})).status_code == 303
    page = await browser.text(path_of(agreement))
    assert "Instalment 1: waived" in page and "Instalment 1: CN¥" not in page
    assert "Late fee" in await browser.text("/console/changes")
