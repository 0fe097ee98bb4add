"""One case in a browser: what a reviewer sees, two forms, a second step, and one answer however often it is sent."""

import asyncio
import re
from decimal import Decimal

import pytest
from sqlalchemy import select, update

from domain.actors import Role
from domain.applications import burdens
from domain.applications.applications import Application, ApplicationStatus
from domain.applications.applied_terms import AppliedTerms
from domain.applications.decisions import Decision, DecisionOutcome
from domain.applications.offers import Offer, OfferStatus
from domain.credit.grades import Grade
from domain.facts import readings
from domain.facts.open_readings import Observed
from domain.market.products import DecisionMode, Product, ProductStatus
from domain.risk.rules import TRAVEL, RuleMode
from domain.risk.signals import Signal, SignalVerdict
from infra import clock
from infra.database import reading, transaction
from infra.ids import new_id
from tests.api.console.pages.conftest import Browser, NewBrowser, words_of
from tests.api.console.pages.reviews import answer, ask, hidden, new_key, path_of, referred, stands
from tests.api.people import shown_id
from tests.statements import statements
from tests.tampering import tamper

pytestmark = pytest.mark.usefixtures("steady_scorer")
WAITS = (ApplicationStatus.IN_REVIEW, 0)


@pytest.fixture
async def browser(browser_of: NewBrowser) -> Browser:
    return await browser_of(Role.RISK)


async def learn(application: Application, **facts: float) -> None:
    """What an account shows of them."""
    async with transaction() as db:
        now = await clock.now(db)
        observed = [Observed(name.replace("__", "."), value, now) for name, value in facts.items()]
        await readings.record(db, application.user_id, "wechat", observed)


async def owe(application: Application, monthly: int, currency: str = "CNY") -> None:
    async with transaction() as db:
        now = await clock.now(db)
        db.add(
            Offer(
                user_id=application.user_id,
                application_id=new_id(),
                amount=monthly,
                currency=currency,
                term_months=12,
                annual_rate=Decimal(0),
                annual_cost=Decimal(0),
                monthly_payment=monthly,
                deposit=0,
                deposit_waived=0,
                schedule=[],
                documents=[],
                made_at=now,
                expires_at=now,
                status=OfferStatus.ACCEPTED,
            )
        )


async def test_all_that_a_decision_needs_is_told(browser: Browser) -> None:
    application = await referred(grade=Grade.C, monthly_income=Decimal("7321.99"), occupation="gig-worker")
    await learn(
        application,
        repayment__delay_months=2.0,
        repayment__late_24m=3.0,
        credit__open_loans=4.0,
        credit__outstanding=8123.0,
    )
    await owe(application, 100_000)
    told = await browser.text(path_of(application))
    for part in (
        "A loan", "Shop", "More than <30%> of a year's income. AMOUNT_LARGE", "overdue",
        "Amount CN¥5,000.00", "Term 12 months", "Annual rate 12.00%", "All-in annual cost 12.00%",
        "Each month CN¥444.24", "In total CN¥5,330.93",
        "Grade when they applied C", "Grade now C", "Points now 700", "Everybody begins with 700",
        "Monthly income CN¥5,000.00 to CN¥10,000.00 told by themselves", "Occupation Gig worker",
        "Now, to our partners CN¥1,000.00", "With this one CN¥1,444.24", "Of their income 14% – 29%",
        "All together it stays within half of their income.",
        "Behind now 2 months", "Late in two years 3", "Loans elsewhere 4",
        "Debt elsewhere CN¥5,000.00 to CN¥10,000.00",
    ):  # fmt: skip
        assert part in told, part


async def test_nothing_more_of_the_person_is_told(browser: Browser) -> None:
    application = await referred(monthly_income=Decimal("7321.99"), occupation="my own words", region="CN-BJ")
    text = (await browser.open(path_of(application))).text
    for more in ("7,321", "7321", "1990", "my own words", "CN-BJ", str(application.user_id)):
        assert more not in text, more


async def test_an_income_that_was_taken_back_counts_as_it_was_told(browser: Browser) -> None:
    application = await referred(monthly_income=Decimal(800))
    async with transaction() as db:
        now = await readings.take_turn(db, application.user_id)
        gone = [Observed("profile.monthly_income", None, now)]
        await readings.record(db, application.user_id, "profile", gone)
    assert "it can be approved for less only" in await browser.text(path_of(application))
    response = await answer(browser, application, outcome="approve")
    assert (response.status_code, await stands(application)) == (409, WAITS)
    assert "would take more than 50% of their income" in words_of(response)


async def test_what_cannot_be_reckoned_is_said_to_be_so(browser: Browser) -> None:
    nobody_knows = "Nobody can reckon whether their income carries it"
    unknown, elsewhere = await referred(), await referred(monthly_income=Decimal(20_000))
    await owe(elsewhere, 30_000, "JPY")
    assert nobody_knows in await browser.text(path_of(unknown))
    told = await browser.text(path_of(elsewhere))
    assert nobody_knows in told and "CN¥0.00 + ¥30,000" in told


@pytest.mark.parametrize(("outcome", "status"), [("approve", "APPROVED"), ("decline", "DECLINED")])
async def test_an_answer_takes_two_steps(browser: Browser, outcome: str, status: str) -> None:
    application = await referred()
    asked = await ask(browser, application, outcome=outcome, reasons="Paid for years.\n\n Known here. ")
    assert await stands(application) == WAITS
    told = words_of(asked)
    assert "Paid for years. Known here. This is final" in told and "CN¥444.24" in told
    fields = hidden(asked.text, "outcome", "reasons", "seen", "key")
    response = await browser.send(path_of(application), {**fields, "final": "yes"})
    assert (response.status_code, response.headers["location"]) == (303, path_of(application))
    assert await stands(application) == (ApplicationStatus(status), 1)
    after = await browser.text(path_of(application))
    assert "It is answered, and the person was told." in after and "Known here." in after
    assert shown_id(application) not in (await browser.open("/console/reviews?why=referred")).text


async def test_going_back_decides_nothing_and_keeps_what_was_typed(browser: Browser) -> None:
    application = await referred()
    asked = await ask(browser, application, outcome="approve", reasons="Paid for years.")
    fields = hidden(asked.text, "outcome", "reasons", "seen", "key")
    back = await browser.send(path_of(application), {**fields, "final": "no"})
    assert back.status_code == 200 and await stands(application) == WAITS
    typed = re.findall(r"<textarea[^>]*>([^<]*)</textarea>", back.text)
    assert typed == ["Paid for years.", ""]


async def test_what_is_no_term_is_not_taken_for_the_one_that_was_asked_for(browser: Browser) -> None:
    application = await referred()
    fields = hidden((await ask(browser, application, outcome="approve")).text, "outcome", "reasons", "seen", "key")
    for months in ("6.5", "a year", "9" * 5_000):
        asked = await ask(browser, application, outcome="approve", months=months)
        assert asked.status_code == 400 and "The product did not offer this term" in words_of(asked)
        decided = await browser.send(path_of(application), {**fields, "months": months, "final": "yes"})
        assert (decided.status_code, await stands(application)) == (400, WAITS)
    assert (await answer(browser, application, outcome="approve", months="12")).status_code == 303


async def test_a_double_click_is_one_answer(browser: Browser) -> None:
    application = await referred()
    fields = {**hidden((await ask(browser, application)).text, "outcome", "reasons", "seen", "key"), "final": "yes"}
    token = await browser.form_token()
    both = await asyncio.gather(*(browser.send(path_of(application), fields, token=token) for _ in range(2)))
    assert [(each.status_code, each.headers.get("location")) for each in both] == [(303, path_of(application))] * 2
    assert await stands(application) == (ApplicationStatus.DECLINED, 1)


async def test_who_comes_second_is_told_so(browser: Browser, browser_of: NewBrowser) -> None:
    application, other = await referred(), await browser_of(Role.RISK)
    fields = hidden((await ask(other, application, outcome="approve")).text, "outcome", "reasons", "seen", "key")
    await answer(browser, application)
    late = await other.send(path_of(application), {**fields, "final": "yes"})
    assert late.status_code == 409 and "cannot be decided now" in words_of(late)
    assert (await ask(other, application, outcome="approve")).status_code == 409
    assert await stands(application) == (ApplicationStatus.DECLINED, 1)


async def test_two_reviewers_at_once_are_one_answer(browser: Browser, browser_of: NewBrowser) -> None:
    application, reviewers = await referred(), [browser, await browser_of(Role.RISK)]
    forms = [
        hidden((await ask(reviewer, application, outcome=said)).text, "outcome", "reasons", "seen", "key")
        for reviewer, said in zip(reviewers, ("approve", "decline"), strict=True)
    ]
    both = await asyncio.gather(
        *(
            reviewer.send(path_of(application), {**form, "final": "yes"})
            for reviewer, form in zip(reviewers, forms, strict=True)
        )
    )
    assert sorted(each.status_code for each in both) == [303, 409]
    assert (await stands(application))[1] == 1


async def test_what_changed_since_somebody_looked_is_shown_again(browser: Browser) -> None:
    application = await referred(monthly_income=Decimal(20_000))
    fields = hidden((await ask(browser, application, outcome="approve")).text, "outcome", "reasons", "seen", "key")
    await owe(application, 100_000)
    response = await browser.send(path_of(application), {**fields, "final": "yes"})
    assert response.status_code == 409 and "Something changed since you looked." in words_of(response)
    assert "With this one CN¥1,444.24" in words_of(response)
    assert await stands(application) == WAITS
    assert (
        await answer(browser, application, outcome="approve", seen=hidden(response.text, "seen")["seen"])
    ).status_code == 303


@pytest.mark.parametrize("reasons", ["", "  \n ", "a\nb\nc\nd\ne", "x" * 201])
async def test_what_was_typed_comes_back_with_what_is_wrong(browser: Browser, reasons: str) -> None:
    application = await referred()
    for said in ({}, {"final": "yes", "key": new_key()}):
        response = await ask(browser, application, reasons=reasons, **said)
        assert response.status_code == 400
        assert "Give one to four reasons of up to 200 characters each." in words_of(response)
        assert reasons.strip() in response.text
        assert await stands(application) == WAITS


@pytest.mark.parametrize("said", [{"outcome": "refer"}, {"outcome": ""}])
async def test_there_are_two_answers(browser: Browser, said: dict[str, str]) -> None:
    application = await referred()
    assert (await ask(browser, application, final="yes", key=new_key(), **said)).status_code == 404
    assert await stands(application) == WAITS


async def test_an_id_of_nothing_is_nothing(browser: Browser) -> None:
    token = await browser.form_token()
    for id in ("nonsense", "VXNlcjo"):
        assert (await browser.open(f"/console/reviews/{id}")).status_code == 404
        said = {"outcome": "approve", "reasons": "x", "key": "k" * 8, "final": "yes"}
        assert (await browser.send(f"/console/reviews/{id}", said, token=token)).status_code == 404


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.RISK])
async def test_other_roles_see_and_decide_nothing(browser_of: NewBrowser, role: Role) -> None:
    application, reviewer = await referred(), await browser_of(role)
    said = {"outcome": "approve", "reasons": "Yes.", "key": new_key(), "final": "yes"}
    assert (await reviewer.open(path_of(application))).status_code == 403
    assert (await reviewer.send(path_of(application), said)).status_code == 403
    assert await stands(application) == WAITS


async def test_a_form_without_its_token_decides_nothing(browser: Browser) -> None:
    application = await referred()
    said = {"outcome": "approve", "reasons": "x", "key": new_key(), "final": "yes"}
    assert (await browser.send(path_of(application), said, token="")).status_code == 403
    assert await stands(application) == WAITS


@pytest.mark.parametrize(
    ("mode", "words"),
    [
        (DecisionMode.PARTNER, "so only the partner can approve it"),
        (DecisionMode.INSTANT, "so this application can only be declined"),
    ],
)
async def test_what_is_offered_no_longer_is_said_before_anybody_tries(
    browser: Browser, mode: DecisionMode, words: str
) -> None:
    application = await referred()
    async with transaction() as db:
        of_it = update(Product).where(Product.id == application.product_id)
        await db.execute(of_it.values(status=ProductStatus.RETIRED, decision=mode))
        await tamper(db)
        await db.execute(
            update(AppliedTerms).where(AppliedTerms.application_id == application.id).values(decision=mode)
        )
    assert words in await browser.text(path_of(application))
    assert (await answer(browser, application, outcome="approve")).status_code == 403
    assert await stands(application) == WAITS


async def test_what_live_rules_saw_is_shown_and_nothing_of_the_shadow(browser: Browser) -> None:
    application = await referred(grade=Grade.C)
    assert "What rules saw" not in await browser.text(path_of(application))
    async with transaction() as db:
        now = await clock.now(db)
        for mode, verdict, km in (
            (RuleMode.LIVE, None, 4_001),
            (RuleMode.SHADOW, None, 4_002),
            (RuleMode.LIVE, SignalVerdict.WRONG, 4_003),
        ):
            signal = Signal(
                user_id=application.user_id,
                id=new_id(),
                rule=TRAVEL.code,
                rule_version=1,
                mode=mode,
                action=TRAVEL.action,
                at=now,
                sighting_id=new_id(),
                session_id=new_id(),
                application_id=application.id,
                evidence={"km": km},
            )
            db.add(signal)
            await db.flush()
            signal.verdict = verdict
    told = await browser.text(path_of(application))
    assert "What rules saw" in told and TRAVEL.title in told
    assert [f"{km:,} km" in told for km in (4_001, 4_002, 4_003)] == [True, False, False]
    assert (await answer(browser, application)).status_code == 303


async def test_a_page_costs_few_statements(browser: Browser) -> None:
    application = await referred(grade=Grade.B, monthly_income=Decimal(20_000))
    with statements() as sent:
        await browser.open(path_of(application))
    assert len(sent) <= 24  # with the lookup that the person sees, and its evidence


async def test_an_approval_counts_what_is_owed_then(browser: Browser) -> None:
    application = await referred(monthly_income=Decimal(20_000))
    await answer(browser, application, outcome="approve")
    async with reading() as db:
        offer = (await db.execute(select(Offer).where(Offer.application_id == application.id))).scalar_one()
        assert await burdens.of_people(db, [application.user_id]) == {
            application.user_id: burdens.Burden(monthly=offer.monthly_payment)
        }
        made = select(Decision).where(
            Decision.application_id == application.id, Decision.outcome == DecisionOutcome.APPROVE
        )
        assert (await db.execute(made)).scalar_one().decided_by == "staff"


async def test_one_reviewer_holds_it_and_the_others_read_who(browser: Browser, browser_of: NewBrowser) -> None:
    application = await referred(grade=Grade.C)
    path = path_of(application)
    assert "Anybody who reviews can answer it now." in await browser.text(path)
    assert (await browser.send(f"{path}/take")).status_code == 303
    assert "You hold it until" in await browser.text(path)
    other = await browser_of(Role.RISK)
    assert "nobody else can answer before" in await other.text(path)
    refused = await other.send(f"{path}/take")
    assert refused.status_code == 409 and "Somebody else is looking at this application." in words_of(refused)
    assert "held by" in await other.text("/console/reviews")
    assert "Somebody else is looking" in words_of(await answer(other, application))
    assert (await answer(browser, application)).status_code == 303
