"""Deciding, one claim at a time: what binds, who decided, what is refused, and what happens at the same moment."""

import asyncio
import importlib.util
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest
from sqlalchemy import delete, func, select, text, update

from api.cli.demo.desks import PartnerDesk
from domain.actors import Role, UserActor
from domain.applications import applying, offers, promises
from domain.applications.applications import Application, ApplicationStatus, lock
from domain.applications.applied_terms import AppliedTerms
from domain.applications.decisions import Decision
from domain.applications.offers import Offer, OfferStatus
from domain.consent.consents import Consent, ConsentScope
from domain.market.products import Product, ProductStatus
from domain.people import staff_sessions
from infra import clock, pruning
from infra.database import reading, transaction
from infra.errors import Refusal
from infra.outbox import Event
from infra.receipts import Receipt
from tests.api.console.pages.conftest import Browser
from tests.api.console.pages.reviews import path_of
from tests.api.doors import Client
from tests.api.people import Shop, apply_at, open_shop, shown_id, staff_token
from tests.tampering import tamper
from tests.trying import rolled_back

pytestmark = pytest.mark.usefixtures("steady_scorer")
MIGRATION = Path(__file__).parents[2] / "infra/migrations/versions/0014_applied_terms.py"
Said = dict[str, Any]


class Desks:
    """The three doors at which somebody decides."""

    def __init__(self, http: httpx2.AsyncClient, shop: Shop, token: str, staff_id: UUID) -> None:
        self.shop, self.staff_id = shop, staff_id
        self.partner, self.console = Client(http, "partner", shop.token), Client(http, "console", token)
        window = httpx2.AsyncClient(transport=http._transport, base_url="http://house")
        window.cookies.set("longan_console", token)
        self.window = Browser(window)

    async def decide(self, application: Application, **said: Any) -> Said:
        input = {"applicationId": shown_id(application), "idempotencyKey": str(uuid4()), **said}
        answer: Said = (await self.partner.send("DecideApplication", input=input))["decideApplication"]
        return answer

    async def approve(self, application: Application, rate: str = "0.12", amount: str = "5000.00") -> Said:
        terms = {"amount": {"amount": amount, "currency": "CNY"}, "termMonths": 12, "annualRate": rate}
        return await self.decide(application, outcome="APPROVE", terms=terms)

    async def review(self, application: Application, outcome: str = "APPROVE", **said: Any) -> Said:
        input = {
            "applicationId": shown_id(application),
            "outcome": outcome,
            "reasons": ["We looked."],
            "idempotencyKey": str(uuid4()),
            **said,
        }
        answer: Said = (await self.console.send("ReviewApplication", input=input))["reviewApplication"]
        return answer


@pytest.fixture
async def desks(http: httpx2.AsyncClient) -> Desks:
    token = await staff_token(Role.RISK)
    found = await staff_sessions.find_member(token)
    assert found is not None
    return Desks(http, await open_shop(), token, found.actor.staff_id)


async def change(application: Application, **columns: Any) -> None:
    """What the partner makes of the product meanwhile."""
    async with transaction() as db:
        now = await clock.now(db)
        of_it = update(Product).where(Product.id == application.product_id)
        await db.execute(of_it.values(version=Product.version + 1, updated_at=now, **columns))


async def rows(table: Any, application: Application) -> list[Any]:
    async with reading() as db:
        found = select(table).where(table.user_id == application.user_id).order_by(table.id)
        return list((await db.execute(found)).scalars())


async def footprint(application: Application) -> list[Any]:
    """All that a decision could leave behind."""
    async with reading() as db:
        kept = await db.get_one(Application, (application.user_id, application.id))
        counts = [
            (await db.execute(select(func.count()).where(table.user_id == application.user_id))).scalar_one()
            for table in (Decision, Offer, Event)
        ]
        live = select(func.count()).where(Consent.user_id == application.user_id, Consent.revoked_at.is_(None))
        return [kept.status, kept.updated_at, *counts, (await db.execute(live)).scalar_one()]


async def in_review(shop: Shop, **more: Any) -> Application:
    return await apply_at(shop, status=ApplicationStatus.IN_REVIEW, share=(ConsentScope.SCORE_CHECK,), **more)


class TestWhatBinds:
    async def test_five_percent_stays_five_percent_whatever_became_of_the_product(self, desks: Desks) -> None:
        async with transaction() as db:
            of_it = update(Product).where(Product.id == desks.shop.product.id)
            await db.execute(of_it.values(annual_rate=Decimal("0.05")))
        async with reading() as db:
            product = await db.get_one(Product, desks.shop.product.id)
        application = await in_review(Shop(desks.shop.partner, product, desks.shop.token))
        await change(application, annual_rate=Decimal("0.24"), term_months=[6], title="Dear", amount_max=100_000)
        assert (await desks.review(application))["status"] == "APPROVED"
        (offer,) = await rows(Offer, application)
        assert (offer.annual_rate, offer.annual_cost) == (Decimal("0.05000"), Decimal("0.0500"))
        assert (offer.amount, offer.term_months, offer.monthly_payment) == (500_000, 12, 42_804)
        assert offer.documents[0][0] == "A loan 签约须知"

    async def test_what_was_retired_only_its_partner_still_approves(self, desks: Desks) -> None:
        application = await in_review(desks.shop)
        await change(application, status=ProductStatus.RETIRED)
        before = await footprint(application)
        refused = await desks.review(application)
        assert (refused["code"], await footprint(application)) == ("NOT_ALLOWED", before)
        assert (await desks.approve(application))["status"] == "APPROVED"

    @pytest.mark.parametrize("rate", ["0.12001", "0.13", "0.2"])
    async def test_a_partner_never_goes_above_the_rate_that_was_shown(self, desks: Desks, rate: str) -> None:
        application = await apply_at(desks.shop)
        await change(application, annual_rate=Decimal("0.2"))
        before = await footprint(application)
        refused = await desks.approve(application, rate)
        assert (refused["code"], refused["field"]) == ("INVALID", ["input", "terms", "annualRate"])
        assert "You can approve up to 0.12" in refused["message"]
        assert await footprint(application) == before
        assert (await desks.approve(application, "0.12"))["status"] == "APPROVED"

    async def test_with_a_fee_the_demos_partner_approves_at_the_rate_and_not_at_the_cost(
        self, desks: Desks, http: httpx2.AsyncClient
    ) -> None:
        async with transaction() as db:
            of_it = update(Product).where(Product.id == desks.shop.product.id)
            await db.execute(of_it.values(fee_rate=Decimal("0.02")))
        async with reading() as db:
            product = await db.get_one(Product, desks.shop.product.id)
        application = await apply_at(Shop(desks.shop.partner, product, desks.shop.token))
        credentials = {"partner": {"partnerId": "", "clientId": "", "clientSecret": ""}}
        desk = PartnerDesk(http, credentials)
        desk.door.token = desks.shop.token
        seen = {"id": shown_id(application), "amount": {"amount": "5000.00", "currency": "CNY"}, "termMonths": 12}
        await desk.approve(seen, annual_rate="0.12")
        (offer,) = await rows(Offer, application)
        assert (offer.annual_rate, offer.annual_cost) == (Decimal("0.12000"), Decimal("0.1585"))
        assert offer.amount == 410_000


class TestWhoDecided:
    async def test_it_is_written_for_good_and_not_only_in_a_receipt(self, desks: Desks) -> None:
        reviewed, answered = await in_review(desks.shop), await apply_at(desks.shop)
        await desks.review(reviewed)
        await desks.approve(answered)
        async with transaction() as db:
            mine = Receipt.result_id.in_([reviewed.id, answered.id])
            await db.execute(update(Receipt).where(mine).values(created_at=await clock.now(db) - timedelta(days=400)))
            await pruning.one_batch(db, "prune_ground")
            assert (await db.execute(select(func.count()).where(mine))).scalar_one() == 0
        ((by_staff,), (by_partner,)) = await rows(Decision, reviewed), await rows(Decision, answered)
        assert (by_staff.decided_by, by_staff.decided_by_id) == ("staff", desks.staff_id)
        assert (by_partner.decided_by, by_partner.decided_by_id) == ("partner", desks.shop.partner.id)

    async def test_the_migration_filled_in_what_was_still_known(self, desks: Desks) -> None:
        same, changed, reviewed, answered = [await in_review(desks.shop) for _ in range(4)]
        await desks.review(reviewed)
        await desks.approve(answered)
        other = await in_review(await open_shop())
        await change(other, annual_rate=Decimal("0.2"))
        spec = importlib.util.spec_from_file_location("migration", MIGRATION)
        assert spec and spec.loader
        migration = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(migration)
        async with rolled_back() as db:  # nothing of this stays
            await tamper(db)
            await db.execute(delete(AppliedTerms))
            await db.execute(update(Decision).values(decided_by_id=None))
            await db.execute(update(Offer).where(Offer.application_id == answered.id).values(status="OPEN"))
            ended = update(Application).where(Application.id == answered.id)
            await db.execute(ended.values(status=ApplicationStatus.EXPIRED))
            for name in ("KEEP_WHAT_IS_STILL_THE_SAME", "AS_ITS_APPLICATION_STANDS", "WHO_REVIEWED", "WHICH_PARTNER"):
                await db.execute(text(getattr(migration, name)))
            kept = await db.get_one(AppliedTerms, (same.user_id, same.id))
            assert (kept.annual_rate, kept.term_months, kept.title) == (Decimal("0.12000"), [6, 12], "A loan")
            assert (kept.grade, kept.cost_cap, kept.fee_rate) == (None, Decimal("0.24000"), Decimal("0.00000"))
            assert await db.get(AppliedTerms, (other.user_id, other.id)) is None
            decided = await db.execute(select(Decision.application_id, Decision.decided_by_id))
            by = dict(decided.all())
            assert (by[reviewed.id], by[answered.id]) == (desks.staff_id, desks.shop.partner.id)
            stands = select(Offer.status).where(Offer.application_id == answered.id)
            assert (await db.execute(stands)).scalar_one() == OfferStatus.EXPIRED
        assert changed.id != same.id

    async def test_without_terms_of_its_own_an_application_is_approved_only_while_nothing_changed(
        self, desks: Desks
    ) -> None:
        same, other = await in_review(desks.shop), await in_review(await open_shop())
        async with transaction() as db:
            await tamper(db)
            await db.execute(delete(AppliedTerms).where(AppliedTerms.application_id.in_([same.id, other.id])))
        await change(other, annual_rate=Decimal("0.2"))
        before = await footprint(other)
        assert (await desks.review(other))["code"] == "STALE"
        assert await footprint(other) == before
        assert (await desks.review(same))["status"] == "APPROVED"
        assert (await desks.review(other, "DECLINE"))["status"] == "DECLINED"


class TestAnOffer:
    async def test_that_is_over_expires_with_its_application(self, desks: Desks) -> None:
        application = await apply_at(desks.shop, share=(ConsentScope.SCORE_CHECK,))
        await desks.approve(application)
        async with transaction() as db:
            found = await lock(db, UserActor(application.user_id, application.user_id), application.id)
            assert found is not None
            await offers.expire(db, found)
            assert found.status == ApplicationStatus.APPROVED, "its time has not come"
            clock.freeze(db, await clock.now(db) + offers.LASTS)
            await offers.expire(db, found)
            await offers.expire(db, found)
        (offer,), (consent,) = await rows(Offer, application), await rows(Consent, application)
        assert (offer.status, consent.revoked_at is None) == (OfferStatus.EXPIRED, False)
        assert await told(application, "application.expired") == 1
        assert (await footprint(application))[0] == ApplicationStatus.EXPIRED

    async def test_that_is_withdrawn_ends_with_its_application_and_expires_no_more(self, desks: Desks) -> None:
        application = await apply_at(desks.shop, share=(ConsentScope.SCORE_CHECK,))
        await desks.approve(application)
        for _ in range(2):
            await withdraw(application)
        async with transaction() as db:
            found = await lock(db, UserActor(application.user_id, application.user_id), application.id)
            assert found is not None
            clock.freeze(db, await clock.now(db) + offers.LASTS)
            await offers.expire(db, found)
        (offer,), (consent,) = await rows(Offer, application), await rows(Consent, application)
        assert (offer.status, consent.revoked_at is None) == (OfferStatus.WITHDRAWN, False)
        assert (await told(application, "application.withdrawn"), await told(application, "application.expired")) == (
            1,
            0,
        )


async def told(application: Application, name: str) -> int:
    async with reading() as db:
        of_it = select(func.count()).where(Event.subject_id == application.id, Event.name == name)
        return (await db.execute(of_it)).scalar_one()


async def withdraw(application: Application) -> str | None:
    try:
        async with transaction() as db:
            await applying.withdraw(db, UserActor(application.user_id, application.user_id), application.id)
    except Refusal as refusal:
        return refusal.code
    return None


UNREADABLE = {
    "spaces": " \u3000\xa0 ",
    "turned around": "We looked.\u202e",
    "isolated": "\u2066We looked.\u2069",
    "invisible": "\u200b\u2060",
    "joiners alone": "\u200d\u200c",
    "blank letters": "\u3164\u2800",
    "a control character": "We\x07looked.",
    "a tag": "We looked.\U000e0041",
}


@pytest.mark.parametrize("reason", UNREADABLE.values(), ids=UNREADABLE)
async def test_a_reason_that_nobody_can_read_is_refused_at_every_door(desks: Desks, reason: str) -> None:
    application = await in_review(desks.shop)
    before = await footprint(application)
    for outcome in ("APPROVE", "DECLINE"):
        assert (await desks.review(application, outcome, reasons=[reason]))["code"] == "INVALID"
        assert (await desks.review(application, outcome, reasons=["We looked.", reason]))["code"] == "INVALID"
        for final in ("", "yes"):
            said = {"outcome": outcome.lower(), "reasons": reason, "key": uuid4().hex, "final": final}
            assert (await desks.window.send(path_of(application), said)).status_code == 400
    refused = await desks.decide(application, outcome="DECLINE", reasons=[{"code": "OTHER", "message": reason}])
    assert (refused["code"], refused["field"]) == ("INVALID", ["input", "reasons"])
    assert await footprint(application) == before


class TestAtTheSameMoment:
    async def test_eight_answers_are_one(self, desks: Desks) -> None:
        application = await in_review(desks.shop)
        ways = [way(application) for way in (desks.review, desks.approve) * 2]
        ways += [desks.review(application, "DECLINE") for _ in range(4)]
        codes = sorted(str(answer.get("code")) for answer in await asyncio.gather(*ways))
        assert codes == ["NOT_OPEN"] * 7 + ["None"]
        assert len(await rows(Decision, application)) == 1

    async def test_who_owes_twice_at_once_is_counted_whole(self, desks: Desks) -> None:
        """Of six applications by one person, as many are approved as the income carries, and not one more."""
        first = await apply_at(desks.shop, monthly_income=Decimal(2_000))
        others = [await another(first, months) for months in range(5)]
        answers = await asyncio.gather(*map(desks.approve, (first, *others)))
        codes = sorted(str(answer.get("code")) for answer in answers)
        assert codes == ["LIMIT_EXCEEDED"] * 4 + ["None"] * 2  # 2 x 444.24 of 1,000
        assert sum(offer.monthly_payment for offer in await rows(Offer, first)) == 88_848

    async def test_an_answer_and_a_withdrawal_leave_one_of_them(self, desks: Desks) -> None:
        for outcome in ("APPROVE", "DECLINE", "APPROVE"):
            application = await in_review(desks.shop)
            answer, code = await asyncio.gather(desks.review(application, outcome), withdraw(application))
            status, offered = (await footprint(application))[0], await rows(Offer, application)
            if answer.get("code") is not None:
                assert (answer["code"], code, status, offered) == ("NOT_OPEN", None, "WITHDRAWN", [])
            elif outcome == "DECLINE":
                assert (code, status, offered) == ("NOT_OPEN", "DECLINED", [])
            else:
                assert (code, status, [each.status for each in offered]) == (None, "WITHDRAWN", ["WITHDRAWN"])
            assert (await footprint(application))[-1] == 0, "no consent lives on"

    async def test_an_answer_and_a_missed_promise_leave_the_answer(self, desks: Desks) -> None:
        for _ in range(3):
            application = await apply_at(desks.shop, promised_in=timedelta(seconds=-1))
            answer, _ = await asyncio.gather(desks.approve(application), be_late(application))
            assert answer["status"] == "APPROVED"
            assert (await footprint(application))[0] == "APPROVED"

    async def test_an_offer_is_withdrawn_or_expires_once(self, desks: Desks) -> None:
        application = await apply_at(desks.shop)
        await desks.approve(application)
        async with transaction() as db:
            over = update(Offer).where(Offer.application_id == application.id)
            await tamper(db)
            await db.execute(over.values(expires_at=await clock.now(db)))
        codes = await asyncio.gather(withdraw(application), expire(application))
        (offer,) = await rows(Offer, application)
        assert (offer.status, codes[0]) in [("WITHDRAWN", None), ("EXPIRED", "NOT_OPEN")]
        assert (await footprint(application))[0] == offer.status
        assert await told(application, "application.expired") + await told(application, "application.withdrawn") == 1


async def another(like: Application, months: int) -> Application:
    """A further application of the same person, with the same terms."""
    async with transaction() as db:
        now = await clock.now(db)
        made = Application(
            user_id=like.user_id,
            product_id=like.product_id,
            partner_id=like.partner_id,
            amount=like.amount,
            currency=like.currency,
            term_months=months,
            status=ApplicationStatus.SUBMITTED,
            promised_by=like.promised_by,
            created_at=now,
            updated_at=now,
        )
        db.add(made)
        await db.flush()
        return made


async def be_late(application: Application) -> None:
    async with transaction() as db:
        found = await lock(db, UserActor(application.user_id, application.user_id), application.id)
        assert found is not None
        await promises.escalate(db, found)


async def expire(application: Application) -> None:
    async with transaction() as db:
        found = await lock(db, UserActor(application.user_id, application.user_id), application.id)
        assert found is not None
        await offers.expire(db, found)
