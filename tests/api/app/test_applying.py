"""Applying: once however often it is sent, decided at once or by a promised time, and taken back."""

import asyncio
import hashlib
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import func, select, update

from api.graphql.kept.answers import forget as forget_answers
from domain.applications.decisions import VECTOR, Decision
from domain.applications.offers import Offer
from domain.consent.consents import Consent
from domain.credit.assessing import score_now
from domain.credit.scoring import Scored
from domain.facts import readings
from domain.market import catalogue
from domain.market.products import Product
from infra import vault
from infra.clock import begins, local_day
from infra.database import reading, transaction
from infra.ids import global_id
from infra.outbox import Event
from infra.receipts import Receipt
from infra.settings import settings
from tests.applying import AT_ONCE, BY_PARTNER, apply, left_behind, product, row_of, wish
from tests.clocks import Clock
from tests.nothing import NOBODYS
from tests.phones import Answer, NewPhone, Phone, new_key, uuid_of

APPLICATION = """query ($id: ID!) { node(id: $id) { id ... on Application {
    status promisedBy createdAt termMonths amount { amount currency } product { id }
    timeline { at event message } decision { outcome decidedAt reasons { code message } } offer { id expiresAt } } } }"""


async def seen(person: Phone, application: Answer) -> Any:
    return (await person.ask(APPLICATION, id=application["id"]))["node"]


async def consents_of(person: Phone) -> list[Consent]:
    async with reading() as db:
        return list((await db.execute(select(Consent).where(Consent.user_id == person.user_id))).scalars())


async def coming_of_age(clock: Clock) -> tuple[date, date]:
    """The day after tomorrow, as the product counts days, and the birth date of who will be eighteen on it."""
    day = local_day(await clock.now()) + timedelta(days=2)
    birthday = day + timedelta(days=1) if (day.month, day.day) == (2, 29) else day
    return birthday, birthday.replace(year=birthday.year - 18)


class TestOnce:
    async def test_fifty_at_once_are_one_application_and_one_answer(self, shopper: Phone) -> None:
        input = wish()
        answers = await asyncio.gather(*(shopper.do("Apply", **input) for _ in range(50)))
        assert answers[0]["__typename"] == "Application"
        assert all(answer == answers[0] for answer in answers)
        assert await left_behind(shopper.user_id) == (1, 1, 2)  # submitted, and the promise to be looked at
        async with reading() as db:
            mine = select(func.count()).where(Receipt.actor == f"user:{shopper.user_id}")
            assert (await db.execute(mine)).scalar_one() == 1

    async def test_the_same_key_answers_the_same_later(self, shopper: Phone) -> None:
        input = wish(AT_ONCE)
        first = await shopper.do("Apply", **input)
        assert await shopper.do("Apply", **input | {"share": ["SCORE_CHECK", "SCORE_CHECK"]}) == first

    async def test_the_same_key_for_another_wish_is_a_mismatch(self, shopper: Phone) -> None:
        input = wish()
        await shopper.do("Apply", **input)
        others: list[Answer] = [
            {"termMonths": 3},
            {"amount": {"amount": "1000.01", "currency": "CNY"}},
            {"share": []},
            {"productId": AT_ONCE},
        ]
        for other in others:
            refused = await shopper.do("Apply", **input | other)
            assert (refused["code"], refused["field"]) == ("IDEMPOTENCY_MISMATCH", ["input", "idempotencyKey"]), other
        assert (await left_behind(shopper.user_id))[0] == 1

    async def test_somebody_elses_key_is_nothing_to_me(self, shopper: Phone, new_phone: NewPhone) -> None:
        input = wish()
        first = await shopper.do("Apply", **input)
        other = await new_phone()
        await other.sign_in()
        refused = await other.do("Apply", **input)
        assert refused["code"] == "NOT_ENOUGH_KNOWN"
        assert first["id"] not in str(refused)

    async def test_two_keys_for_the_same_wish_are_one_application(self, shopper: Phone) -> None:
        answers = await asyncio.gather(*(apply(shopper) for _ in range(10)))
        assert sorted(answer.get("code", "") for answer in answers) == ["", *["NOT_ALLOWED"] * 9]
        assert await left_behind(shopper.user_id) == (1, 1, 2)

    async def test_a_refusal_does_not_spend_the_key(self, shopper: Phone) -> None:
        input = wish()
        assert (await shopper.do("Apply", **input | {"termMonths": 7}))["code"] == "INVALID"
        assert (await shopper.do("Apply", **input))["__typename"] == "Application"

    async def test_another_amount_is_another_application(self, shopper: Phone) -> None:
        await apply(shopper)
        assert (await apply(shopper, amount="1000.01"))["__typename"] == "Application"
        assert (await left_behind(shopper.user_id))[0] == 2


class TestAPromise:
    async def test_depends_on_the_amount(self, shopper: Phone) -> None:
        for amount, minutes in (("5999.99", 15), ("6000.00", 120), ("6000.01", 120), ("1000.00", 15)):
            application = await row_of(answer := await apply(shopper, amount=amount))
            assert answer["status"] == "SUBMITTED"
            assert (answer["decision"], answer["offer"]) == (None, None)
            assert application.promised_by - application.created_at == timedelta(minutes=minutes), amount
            assert datetime.fromisoformat(answer["promisedBy"]) == application.promised_by

    async def test_that_is_missed_is_told_and_escalated(self, shopper: Phone, clock: Clock) -> None:
        answer = await apply(shopper)
        await shopper.settle()
        await clock.forward(minutes=14, seconds=50)
        assert await shopper.settle() == []
        await clock.forward(seconds=10)
        assert await shopper.settle() == ["escalate_overdue_promise", "tell_of_application", "tell_partner"]
        await shopper.renew()
        late = await seen(shopper, answer)
        assert late["status"] == "DELAYED"
        assert [entry["event"] for entry in late["timeline"]] == ["application.submitted", "application.delayed"]
        assert [entry["message"] for entry in late["timeline"]] == [
            "You applied.",
            "The promised time has passed. We are looking into it.",
        ]

    async def test_that_was_kept_needs_nothing(self, shopper: Phone, clock: Clock) -> None:
        answer = await apply(shopper)
        await shopper.do("WithdrawApplication", applicationId=answer["id"])
        await shopper.settle()
        await clock.forward(minutes=16)
        assert await shopper.settle() == ["escalate_overdue_promise"]
        await shopper.renew()
        assert (await seen(shopper, answer))["status"] == "WITHDRAWN"


class TestAtOnce:
    async def test_the_answer_holds_the_decision_and_the_offer(self, shopper: Phone) -> None:
        answer = await apply(shopper, AT_ONCE, "3000.00", termMonths=6)
        assert (answer["status"], answer["decision"]["outcome"]) == ("APPROVED", "APPROVE")
        assert [reason["code"] for reason in answer["decision"]["reasons"]] == ["MEETS_RULES"]
        offer = answer["offer"]
        assert offer["amount"] == {"amount": "3000.00", "currency": "CNY"}
        assert (offer["termMonths"], offer["annualRate"], offer["annualCost"]) == (6, "0.21", "0.2100")
        assert offer["monthlyPayment"] == {"amount": "531.07", "currency": "CNY"}
        assert offer["deposit"] == offer["depositWaived"] == {"amount": "0.00", "currency": "CNY"}

    async def test_the_schedule_sums_exactly(self, shopper: Phone) -> None:
        answer = await apply(shopper, AT_ONCE, "2999.97", termMonths=3)
        async with reading() as db:
            offer = await db.get_one(Offer, (shopper.user_id, uuid_of(answer["offer"]["id"])))
        assert sum(principal for _, _, principal, _ in offer.schedule) == 299_997
        assert all(due == principal + interest for _, due, principal, interest in offer.schedule)
        assert [number for number, *_ in offer.schedule] == [1, 2, 3]
        assert offer.schedule[0][1] == offer.schedule[1][1] == offer.monthly_payment
        assert abs(offer.schedule[2][1] - offer.monthly_payment) <= 3
        # Interest is a twelfth of the yearly rate on what is owed, to the cent.
        assert offer.schedule[0][3] == int((Decimal(299_997) * Decimal("0.21") / 12).to_integral_value())

    async def test_the_documents_are_those_whose_hashes_are_told(self, shopper: Phone) -> None:
        documents = (await apply(shopper, AT_ONCE, "2000.00", termMonths=3))["offer"]["documents"]
        pages = [await shopper.http.get(each["url"]) for each in documents]
        assert [hashlib.sha256(page.content).hexdigest() for page in pages] == [each["sha256"] for each in documents]
        assert [each["title"] for each in documents] == [
            "启程小额借款 " + name for name in ("Key facts before you sign", "Contract", "Schedule of payments")
        ]
        assert "Cost a year, all told</th><td>21.00%</td>" in pages[0].text
        for unknown in ("0" * 64, "nonsense"):
            assert (await shopper.http.get(f"/documents/{unknown}")).status_code == 404

    async def test_everything_happens_in_one_transaction(self, shopper: Phone) -> None:
        application = await row_of(answer := await apply(shopper, AT_ONCE, "2000.00", termMonths=3))
        async with reading() as db:
            key = Decision.user_id == shopper.user_id
            decision = (await db.execute(select(Decision).where(key))).scalar_one()
            events = select(Event.name).where(Event.subject_id == application.id).order_by(Event.id)
            told = list((await db.execute(events)).scalars())
        (consent,) = await consents_of(shopper)
        moments = {application.created_at, application.updated_at, decision.decided_at, consent.granted_at}
        assert len(moments) == 1
        assert application.promised_by - application.created_at == timedelta(seconds=5)
        assert told == ["application.submitted", "application.approved", "offer.expiry_due", "offer.ends_soon"]
        assert answer["decision"]["decidedAt"] == (await seen(shopper, answer))["decision"]["decidedAt"]

    async def test_the_decision_replays_to_the_same_answer(self, shopper: Phone) -> None:
        answer = await apply(shopper, AT_ONCE, "2000.00", termMonths=3)
        application = await row_of(answer)
        async with reading() as db:
            of_this = Decision.user_id == shopper.user_id
            decision = (await db.execute(select(Decision).where(of_this))).scalar_one()
            seal = await vault.seal_of(db, shopper.user_id)
            then = await readings.sheet(db, shopper.user_id, application.created_at)
        assert decision.vector_sealed is not None
        scored = score_now(then)
        assert isinstance(scored, Scored)
        assert seal.open(decision.vector_sealed, VECTOR) == dict(scored.vector)
        assert (decision.model_version, decision.rule_version) == (scored.model_version, "2026-11-3")
        assert (decision.decided_by, decision.application_id) == ("rules", application.id)

    async def test_a_decline_has_ordered_reasons_and_ends_the_consent(self, member: Phone) -> None:
        await member.tell(birthDate="1990-01-01")
        for provider in ("wechat", "taobao", "oidc"):
            await member.link(provider, "over-borrowed")
        answer = await apply(member, AT_ONCE, "3000.00", termMonths=3)
        reasons = answer["decision"]["reasons"]
        assert (answer["status"], answer["decision"]["outcome"], answer["offer"]) == ("DECLINED", "DECLINE", None)
        assert reasons[0] == {"code": "RECENT_ARREARS", "message": "You have a repayment overdue."}
        assert 1 < len(reasons) <= 4
        assert len({reason["code"] for reason in reasons}) == len(reasons)
        (consent,) = await consents_of(member)
        assert consent.revoked_at is not None
        assert (await apply(member, AT_ONCE, "3000.00", termMonths=3))["status"] == "DECLINED"

    async def test_what_the_rules_refer_is_promised_a_person(self, member: Phone) -> None:
        await member.tell(birthDate="1990-01-01")
        await member.link("wechat", "steady-shopper")
        answer = await apply(member, AT_ONCE, "3000.00", termMonths=3)
        application = await row_of(answer)
        assert (answer["status"], answer["decision"]["outcome"], answer["offer"]) == ("IN_REVIEW", "REFER", None)
        assert [reason["code"] for reason in answer["decision"]["reasons"]] == ["INCOME_UNKNOWN"]
        assert application.promised_by - application.created_at == timedelta(minutes=15)


class TestAnOffer:
    async def test_lasts_seven_days(self, shopper: Phone, clock: Clock) -> None:
        answer = await apply(shopper, AT_ONCE, "2000.00", termMonths=3)
        application = await row_of(answer)
        assert datetime.fromisoformat(answer["offer"]["expiresAt"]) - application.created_at == timedelta(days=7)
        await clock.forward(days=6, hours=23, minutes=59)
        await shopper.settle()
        await shopper.renew()
        assert (await seen(shopper, answer))["status"] == "APPROVED"
        await clock.forward(minutes=1)
        assert "expire_offer" in await shopper.settle()
        over = await seen(shopper, answer)
        assert over["status"] == "EXPIRED"
        assert over["timeline"][-1]["message"] == "The offer expired."
        (consent,) = await consents_of(shopper)
        assert consent.revoked_at is not None


class TestWithdrawing:
    async def test_twice_is_once(self, shopper: Phone) -> None:
        answer = await apply(shopper)
        results = await asyncio.gather(
            *(shopper.do("WithdrawApplication", applicationId=answer["id"]) for _ in range(10))
        )
        assert all(
            result == {"__typename": "Application", "id": answer["id"], "status": "WITHDRAWN"} for result in results
        )
        told = [entry["event"] for entry in (await seen(shopper, answer))["timeline"]]
        assert told == ["application.submitted", "application.withdrawn"]
        (consent,) = await consents_of(shopper)
        assert consent.revoked_at is not None

    async def test_what_was_declined_is_over(self, member: Phone) -> None:
        await member.tell(birthDate="1990-01-01")
        for provider in ("wechat", "taobao", "oidc"):
            await member.link(provider, "over-borrowed")
        answer = await apply(member, AT_ONCE, "3000.00", termMonths=3)
        refused = await member.do("WithdrawApplication", applicationId=answer["id"])
        assert refused["code"] == "NOT_OPEN"

    async def test_then_the_same_wish_may_be_made_again(self, shopper: Phone) -> None:
        answer = await apply(shopper)
        await shopper.do("WithdrawApplication", applicationId=answer["id"])
        assert (await apply(shopper))["id"] != answer["id"]

    @pytest.mark.parametrize("id", ["", "nonsense", BY_PARTNER, global_id("Application", NOBODYS)])
    async def test_what_never_was_is_not_found(self, regular: Phone, id: str) -> None:
        refused = await regular.do("WithdrawApplication", applicationId=id)
        assert (refused["__typename"], refused["code"]) == ("Refused", "NOT_FOUND")


class TestSomebodyElse:
    async def test_sees_and_withdraws_nothing(self, shopper: Phone, new_phone: NewPhone) -> None:
        answer = await apply(shopper)
        other = await new_phone()
        assert await seen(other, answer) is None
        await other.sign_in()
        assert await seen(other, answer) is None
        refused = await other.do("WithdrawApplication", applicationId=answer["id"])
        assert refused["code"] == "NOT_FOUND"
        assert (await seen(shopper, answer))["status"] == "SUBMITTED"


class TestRefusals:
    @pytest.mark.parametrize(
        ("wrong", "code", "field", "message"),
        [
            (
                {"amount": {"amount": "999.99", "currency": "CNY"}},
                "INVALID",
                "amount",
                "from 1000.00 to 20000.00 CNY",
            ),
            (
                {"amount": {"amount": "20000.01", "currency": "CNY"}},
                "INVALID",
                "amount",
                "from 1000.00 to 20000.00",
            ),
            ({"amount": {"amount": "1000", "currency": "USD"}}, "INVALID", "amount", "This product is in CNY."),
            ({"amount": {"amount": "1000.001", "currency": "CNY"}}, "INVALID", "amount", "no more decimals"),
            ({"amount": {"amount": "1000", "currency": "XXL"}}, "INVALID", "amount", "ISO 4217"),
            ({"termMonths": 4}, "INVALID", "termMonths", "a term of 3, 6, 12 months"),
            ({"idempotencyKey": "short"}, "INVALID", "idempotencyKey", "8 to 128"),
            ({"productId": "nonsense"}, "NOT_FOUND", "productId", "anything with this id"),
            ({"productId": global_id("Product", NOBODYS)}, "NOT_FOUND", "productId", "find this product"),
            ({"productId": product("longan-demo-bank", "ldb-moving") + "x"}, "NOT_FOUND", "productId", "anything"),
            ({"productId": product("yuexing-apartments", "nothing")}, "NOT_FOUND", "productId", "find this product"),
        ],
    )
    async def test_leave_nothing_behind(
        self, regular: Phone, wrong: Answer, code: str, field: str, message: str
    ) -> None:
        refused = await regular.do("Apply", **wish() | wrong)
        assert (refused["code"], refused["field"]) == (code, ["input", field])
        assert message in refused["message"]
        assert await left_behind(regular.user_id) == (0, 0, 0)

    @pytest.mark.parametrize("amount", ["NaN", "Infinity", "1e400", "-1", "0"])
    async def test_an_odd_amount_is_refused_and_never_breaks(self, regular: Phone, amount: str) -> None:
        response = await regular.post(
            "mutation ($input: ApplyInput!) { apply(input: $input) { ... on Refusal { code } } }",
            {"input": wish(amount=amount)},
        )
        assert response.status_code in {200, 400}
        assert "INTERNAL" not in response.text
        assert await left_behind(regular.user_id) == (0, 0, 0)

    async def test_an_amount_whose_cents_pass_the_legal_cap_is_refused(self, regular: Phone) -> None:
        """At 24 % the product keeps the cap, and this amount of it does not: each instalment is rounded to the cent."""
        everyday = catalogue.product_id("longan-demo-bank", "ldb-everyday")
        at_the_cap = update(Product).where(Product.id == everyday)
        async with transaction() as db:
            await db.execute(at_the_cap.values(amount_min=10_000, annual_rate=Decimal("0.24")))
        try:
            refused = await apply(regular, amount="128.86", termMonths=3)
        finally:
            async with transaction() as db:
                await db.execute(at_the_cap.values(amount_min=100_000, annual_rate=Decimal("0.144")))
        assert (refused["code"], refused["field"]) == ("COST_ABOVE_CAP", ["input", "amount"])
        assert refused["message"] == "All told, this would cost 24.05% a year; the law allows up to 24%."
        assert await left_behind(regular.user_id) == (0, 0, 0)

    async def test_what_a_lower_cap_no_longer_allows_is_neither_shown_nor_had(
        self, regular: Phone, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """At 14.4 % it has been on the shelf; none of its terms is to be had any more, and the others' names are still told."""
        node = "query ($id: ID!) { node(id: $id) { ... on Product { title } } }"
        id = wish()["productId"]
        assert (await regular.ask(node, id=id))["node"] is not None
        monkeypatch.setattr(settings(), "cost_cap", Decimal("0.14"))
        forget_answers()  # as a house does that starts with another setting
        assert (await regular.ask(node, id=id))["node"] is None
        refused = await apply(regular)
        assert (refused["code"], refused["field"]) == ("COST_ABOVE_CAP", ["input", "amount"])
        assert await left_behind(regular.user_id) == (0, 0, 0)

    async def test_who_has_linked_nothing_is_told_what_to_do(self, member: Phone) -> None:
        await member.tell(birthDate="1990-01-01")
        refused = await apply(member)
        assert refused["code"] == "NOT_ENOUGH_KNOWN"
        assert refused["message"] == "You have no score yet. Link an account to get one in seconds."
        assert await left_behind(member.user_id) == (0, 0, 0)

    async def test_who_has_told_no_birth_date_is_asked_for_it(self, member: Phone) -> None:
        await member.link("wechat")
        refused = await apply(member)
        assert refused["code"] == "NOT_ENOUGH_KNOWN"
        assert refused["message"] == "Add your birth date to your profile first: you need to be at least 18 to apply."

    async def test_nobody_under_eighteen_can_apply(self, member: Phone, clock: Clock) -> None:
        today = local_day(await clock.now())
        await member.link("wechat")
        await member.tell(birthDate=today.replace(year=today.year - 18).isoformat())
        assert (await apply(member))["__typename"] == "Application"
        await member.tell(birthDate=(today.replace(year=today.year - 18) + timedelta(days=1)).isoformat())
        refused = await apply(member, amount="2000.00")
        assert (refused["code"], refused["message"]) == ("NOT_ELIGIBLE", "You need to be at least 18 to apply.")

    async def test_on_the_eighteenth_birthday_one_may_apply_from_its_first_minutes(
        self, member: Phone, clock: Clock
    ) -> None:
        birthday, born = await coming_of_age(clock)
        await member.link("wechat")
        await member.tell(birthDate=born.isoformat())
        await clock.stand_at(begins(birthday) - timedelta(minutes=10))
        await member.sign_in()
        assert (await apply(member))["message"] == "You need to be at least 18 to apply."
        await clock.stand_at(begins(birthday) + timedelta(minutes=10))
        await member.sign_in()
        assert (await apply(member))["__typename"] == "Application"

    async def test_west_of_greenwich_a_minor_stays_one_until_the_day_begins_there(
        self, member: Phone, clock: Clock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(settings(), "time_zone", "America/Los_Angeles")
        birthday, born = await coming_of_age(clock)
        await member.link("wechat")
        await member.tell(birthDate=born.isoformat())
        # In Greenwich it is the birthday already, at any time of the year.
        await clock.stand_at(begins(birthday) - timedelta(minutes=10))
        await member.sign_in()
        refused = await apply(member)
        assert (refused["code"], refused["message"]) == ("NOT_ELIGIBLE", "You need to be at least 18 to apply.")
        assert await left_behind(member.user_id) == (0, 0, 0)
        await clock.stand_at(begins(birthday) + timedelta(minutes=10))
        await member.sign_in()
        assert (await apply(member))["__typename"] == "Application"

    async def test_a_products_own_rules_are_kept(self, regular: Phone) -> None:
        async with reading() as db:
            in_beijing = (await db.execute(select(Product).where(Product.sku == "jud-tongzhou"))).scalar_one()
        offered = global_id("Product", in_beijing.id)
        refused = await apply(regular, offered, "2100.00", termMonths=in_beijing.term_months[0])
        assert (refused["code"], refused["field"]) == ("NOT_ELIGIBLE", ["input", "productId"])
        assert refused["message"] == "This product is not offered in your region."
        assert await left_behind(regular.user_id) == (0, 0, 0)

    async def test_there_are_at_most_twenty_open_ones(self, shopper: Phone) -> None:
        for cents in range(20):
            assert (await apply(shopper, amount=f"1000.{cents:02}"))["__typename"] == "Application"
        refused = await apply(shopper, amount="1000.20")
        assert (refused["code"], refused["message"]) == (
            "LIMIT_EXCEEDED",
            "You can have up to 20 open applications at a time.",
        )


async def test_what_is_shared_is_what_was_chosen(shopper: Phone) -> None:
    await apply(shopper, share=[])
    assert await consents_of(shopper) == []
    answer = await apply(shopper, amount="1500.00", share=["SCORE_REPORT", "SCORE_CHECK"])
    (consent,) = await consents_of(shopper)
    assert consent.scopes == ["SCORE_CHECK", "SCORE_REPORT"]
    assert (consent.purpose, consent.application_id) == ("LENDING", uuid_of(answer["id"]))
    assert consent.expires_at - consent.granted_at == timedelta(days=90)


async def test_my_applications_come_newest_first_and_page_by_cursor(shopper: Phone) -> None:
    made = [(await apply(shopper, amount=f"{1000 + step}.00"))["id"] for step in range(5)]
    found: list[str] = []
    after = None
    while True:
        page = (await shopper.send("MyApplications", first=2, after=after))["applications"]
        found += [edge["node"]["id"] for edge in page["edges"]]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    assert found == made[::-1]


async def test_an_application_says_what_was_asked_for(shopper: Phone) -> None:
    answer = await apply(shopper, amount="1234.50", termMonths=12)
    shown = await seen(shopper, answer)
    assert (shown["amount"], shown["termMonths"]) == ({"amount": "1234.50", "currency": "CNY"}, 12)
    assert shown["product"]["id"] == BY_PARTNER
    assert new_key() not in str(shown)
