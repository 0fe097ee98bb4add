"""Walking an application to its decision through the doors of the house, and reading back what stands in the tables."""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID, uuid4

import httpx2
from sqlalchemy import select, update

from domain.actors import Role, UserActor
from domain.applications import applications, applying, offers, promises
from domain.applications.applications import Application
from domain.applications.decisions import FINAL, Decision
from domain.applications.offers import Offer
from domain.consent.consents import Consent, ConsentScope
from domain.credit.assessing import points_gained
from domain.facts import accounts, readings
from domain.facts.accounts import LinkedAccount
from domain.facts.open_readings import Observed
from domain.market.kinds import ProductKind
from domain.market.products import DecisionMode, Product
from domain.people import partner_tokens, profiles, staff_sessions
from domain.people.partners import PartnerClient
from domain.people.users import User, UserStatus
from infra import clock
from infra.database import Db, reading, transaction
from infra.entity import Entity
from infra.errors import Refusal
from infra.ids import global_id, new_id
from infra.money import Money
from infra.outbox import Event
from infra.receipts import Receipt
from tests.api.console.pages.conftest import Browser
from tests.api.doors import Client, operations
from tests.api.people import Shop, open_shop, somebody, staff_token, tell
from tests.domain.applications import oracle
from tests.domain.applications.oracle import OWNER, PAGE, SHOPKEEPER, STRANGER, Answer, Case, Terms
from tests.phones import new_key
from tests.tampering import tamper

Rows = dict[type[Entity], list[Any]]
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
REASONS = {"partner": [{"code": "OTHER"}], "staff": ["We looked."]}
PAGE_SAYS = {403: "FORBIDDEN", 404: "NOT_FOUND", 303: None}


@dataclass(repr=False)
class House:
    """Two shops, and everybody who could try to decide, each at their own door."""

    shop: Shop
    partners: dict[str, Client]
    staff: dict[str, tuple[Client, Browser, UUID]]

    def id_of(self, who: str | None) -> UUID | None:
        return {None: None, "rules": None, OWNER: self.shop.partner.id}.get(who) or (
            self.staff[who][2] if who in self.staff else None
        )


async def open_house(http: httpx2.AsyncClient) -> House:
    shop, other = await open_shop(), await open_shop()
    tokens = {OWNER: shop.token, STRANGER: other.token, SHOPKEEPER: await _token_for_products(shop)}
    roles = {
        oracle.REVIEWER: Role.RISK,
        oracle.SECOND_REVIEWER: Role.RISK,
        oracle.MARKETER: Role.MARKETING,
        oracle.APPROVER: Role.APPROVER,
    }
    staff = {who: await _member(http, role) for who, role in roles.items()}
    return House(shop, {who: Client(http, "partner", token) for who, token in tokens.items()}, staff)


async def _token_for_products(shop: Shop) -> str:
    async with transaction() as db:
        client = PartnerClient(
            client_id=f"client-{uuid4()}",
            partner_id=shop.partner.id,
            secret_hash="nobody knows it",
            created_at=await clock.now(db),
            scopes=["products"],
        )
        db.add(client)
        await db.flush()
        return await partner_tokens.issue(db, client)


async def _member(http: httpx2.AsyncClient, role: Role) -> tuple[Client, Browser, UUID]:
    token = await staff_token(role)
    found = await staff_sessions.find_member(token)
    assert found is not None
    window = httpx2.AsyncClient(transport=http._transport, base_url="http://house", cookies={"longan_console": token})
    return Client(http, "console", token), Browser(window), found.actor.staff_id


class Walk:
    """One application, beside the oracle's case."""

    def __init__(self, house: House, case: Case) -> None:
        self.house, self.case = house, case
        self.user_id, self.id, self.product_id = new_id(), new_id(), new_id()
        self.sku = f"loan-{uuid4()}"

    async def begin(self) -> None:
        case, person = self.case, self.case.person
        async with transaction() as db:
            self.user_id = (await somebody(db)).id
            income = None if person.income is None else Decimal(person.income) / 100
            await tell(db, self.user_id, monthly_income=income)
            await self._link(db)
            db.add(self._product())
            await db.flush()
            if person.owed:
                db.add(self._owed(person.owed))
            if person.owes_yen:
                db.add(self._owed(30_000, "JPY"))
        async with transaction() as db:
            application = await applying.apply(
                db,
                self.actor,
                product_id=self.product_id,
                amount=Money(case.asked.amount, "CNY"),
                term_months=case.asked.months,
                share=[ConsentScope.SCORE_CHECK],
                key=new_key(),
            )
            self.id = application.id
        case.apply()

    @property
    def actor(self) -> UserActor:
        return UserActor(self.user_id, self.user_id)

    async def _link(self, db: Db) -> None:
        now = await clock.now(db)
        db.add(
            LinkedAccount(
                user_id=self.user_id,
                provider="wechat",
                subject_index=self.user_id.bytes,
                display_name_sealed=None,
                tokens_sealed=None,
                scopes=[],
                linked_at=now,
            )
        )
        behind = Observed("repayment.delay_months", 2.0 if self.case.person.is_behind else 0.0, now)
        await readings.record(db, self.user_id, "wechat", [behind])

    def _product(self) -> Product:
        told = self.case.product
        return Product(
            id=self.product_id,
            partner_id=self.house.shop.partner.id,
            sku=self.sku,
            kind=ProductKind.LOAN,
            title="A loan",
            amount_min=100_000,
            amount_max=9_000_000,
            currency="CNY",
            term_months=list(told.months),
            annual_rate=decimal(told.rate),
            fee_rate=decimal(told.fee),
            decision=DecisionMode(told.mode),
        )

    def _owed(self, monthly: int, currency: str = "CNY") -> Offer:
        """On an earlier application, of which only this is left."""
        return Offer(
            user_id=self.user_id,
            application_id=new_id(),
            amount=monthly * 12,
            currency=currency,
            term_months=12,
            annual_rate=Decimal(0),
            annual_cost=Decimal(0),
            monthly_payment=monthly,
            deposit=0,
            deposit_waived=0,
            schedule=[],
            documents=[],
            made_at=LONG_AGO,
            expires_at=LONG_AGO,
            status=offers.OfferStatus.ACCEPTED,
        )

    # What changes meanwhile

    async def change_product(self, **told: Any) -> None:
        said = {"sku": self.sku, "idempotencyKey": new_key(), **told}
        answer = await self.house.partners[OWNER].send("UpsertProduct", input=said)
        # Under a cap that has fallen a product can only be taken down.
        refused = answer["upsertProduct"].get("code")
        assert refused is None or (refused == "COST_ABOVE_CAP" and "status" not in told), answer

    async def tell(self, **said: Any) -> None:
        async with transaction() as db:
            await profiles.update(db, self.actor, said)

    async def owe(self, monthly: int, currency: str = "CNY") -> None:
        async with transaction() as db:
            db.add(self._owed(monthly, currency))

    async def unlink(self) -> None:
        async with transaction() as db:
            for account in await accounts.linked(db, self.user_id):
                await accounts.unlink(db, self.actor, account.id, weigh=points_gained)

    async def close_account(self) -> None:
        async with transaction() as db:
            await db.execute(update(User).where(User.id == self.user_id).values(status=UserStatus.RESTRICTED))

    # What is tried

    async def answer(self, answer: Answer) -> str | None:
        """The code with which it was refused; None where it was done."""
        if answer.who in self.house.partners:
            return await self._by_partner(answer)
        return await (self._on_page(answer) if answer.door == PAGE else self._by_staff(answer))

    async def _by_partner(self, answer: Answer) -> str | None:
        said: dict[str, Any] = {"applicationId": self.shown, "outcome": answer.outcome, "idempotencyKey": new_key()}
        if answer.outcome == "APPROVE":
            said["terms"] = shown_terms(self.case.terms_of(answer))
        else:
            said["reasons"] = REASONS["partner"]
        return await self._ask(self.house.partners[answer.who], "DecideApplication", "decideApplication", said)

    async def _by_staff(self, answer: Answer) -> str | None:
        said = {
            "applicationId": self.shown,
            "outcome": answer.outcome,
            "reasons": REASONS["staff"],
            "idempotencyKey": new_key(),
        }
        if answer.outcome == "APPROVE":
            said |= shown_less(self.case.asked, self.case.terms_of(answer))
        return await self._ask(self.house.staff[answer.who][0], "ReviewApplication", "reviewApplication", said)

    async def _ask(self, client: Client, operation: str, field: str, said: dict[str, Any]) -> str | None:
        told = (await client.post(operations(client.audience)[operation], input=said)).json()
        if "errors" in told:
            return str(told["errors"][0]["extensions"]["code"])
        answered = told["data"][field]
        code: str | None = answered.get("code")
        if code is not None:
            assert await self._leaves_no_receipt(said["idempotencyKey"])
        return code

    async def _on_page(self, answer: Answer) -> str | None:
        window = self.house.staff[answer.who][1]
        fields = {"outcome": answer.outcome.lower(), "reasons": "We looked.", "key": new_key(), "final": "yes"}
        if answer.outcome == "APPROVE":
            fields |= typed_less(self.case.asked, self.case.terms_of(answer))
        response = await window.send(f"/console/reviews/{self.shown}", fields)
        return PAGE_SAYS.get(response.status_code, "REFUSED")

    async def _leaves_no_receipt(self, key: str) -> bool:
        async with reading() as db:
            return (await db.execute(select(Receipt).where(Receipt.key == key))).first() is None

    async def withdraw(self) -> str | None:
        try:
            async with transaction() as db:
                await applying.withdraw(db, self.actor, self.id)
        except Refusal as refusal:
            return refusal.code
        return None

    async def expire(self) -> None:
        async with transaction() as db:
            mine = (Offer.user_id == self.user_id, Offer.application_id == self.id)
            await tamper(db)
            await db.execute(update(Offer).where(*mine).values(expires_at=LONG_AGO))
            application = await applications.lock(db, self.actor, self.id)
            assert application is not None
            await offers.expire(db, application)

    async def be_late(self) -> None:
        async with transaction() as db:
            application = await applications.lock(db, self.actor, self.id)
            assert application is not None
            application.promised_by = LONG_AGO
            await promises.escalate(db, application)

    # What stands in the tables

    @property
    def shown(self) -> str:
        return global_id("Application", self.id)

    async def rows(self) -> Rows:
        """Everything of this application, as it stands."""
        async with reading() as db:
            return {
                Application: await self._all(db, Application, Application.id == self.id),
                Decision: await self._all(db, Decision, Decision.application_id == self.id),
                Offer: await self._all(db, Offer, Offer.application_id == self.id),
                Consent: await self._all(db, Consent, Consent.application_id == self.id),
                Event: await self._all(db, Event),
            }

    async def _all(self, db: Db, table: type[Entity], *where: Any) -> list[Any]:
        columns = table.__table__.columns
        theirs = select(*columns).where(columns["user_id"] == self.user_id, *where)
        rows = await db.execute(theirs.order_by(*table.__table__.primary_key))
        return [dict(row._mapping) for row in rows]

    def stands(self, rows: Rows) -> dict[str, Any]:
        (application,) = rows[Application]
        final = [decision for decision in rows[Decision] if decision["outcome"] in FINAL]
        offer = rows[Offer][0] if rows[Offer] else None
        return {
            "status": str(application["status"]),
            "decisions": len(rows[Decision]),
            "final": [(decision["decided_by"], decision["decided_by_id"]) for decision in final],
            "offer": offer and _told(offer),
            "consent is over": [consent["revoked_at"] is not None for consent in rows[Consent]],
        }

    def expected(self, case: Case) -> dict[str, Any]:
        by = case.decided_by
        offered = case.offered
        is_over = case.status in ("DECLINED", "WITHDRAWN", "EXPIRED")
        return {
            "status": case.status,
            "decisions": case.decisions,
            "final": [] if by is None else [(_room(by), self.house.id_of(by))],
            "offer": None if offered is None else _expected_offer(offered, case),
            "consent is over": [is_over],
        }


def _room(by: str) -> str:
    return by if by == "rules" else "partner" if by == OWNER else "staff"


def _told(offer: dict[str, Any]) -> dict[str, Any]:
    return {
        "amount": offer["amount"],
        "months": offer["term_months"],
        "rate": offer["annual_rate"],
        "monthly": offer["monthly_payment"],
        "dues": [due for _, due, _, _ in offer["schedule"]],
        "title": offer["documents"][0][0],
        "status": str(offer["status"]),
    }


def _expected_offer(terms: Terms, case: Case) -> dict[str, Any]:
    dues = oracle.dues(terms)
    return {
        "amount": terms.amount,
        "months": terms.months,
        "rate": decimal(terms.rate),
        "monthly": dues[0],
        "dues": dues,
        "title": "A loan 签约须知",
        "status": case.offer_status,
    }


def shown_terms(terms: Terms) -> dict[str, Any]:
    amount = Money(terms.amount, terms.currency)
    return {
        "amount": {"amount": str(amount), "currency": terms.currency},
        "termMonths": terms.months,
        "annualRate": str(decimal(terms.rate)),
    }


def shown_less(asked: Terms, terms: Terms) -> dict[str, Any]:
    """What a reviewer says of terms that differ from what was asked."""
    amount = {"amount": shown_terms(terms)["amount"]} if terms.amount != asked.amount else {}
    return amount | ({"termMonths": terms.months} if terms.months != asked.months else {})


def typed_less(asked: Terms, terms: Terms) -> dict[str, str]:
    """The same on the page, which names no currency."""
    less = shown_less(asked, terms)
    typed = {"amount": less["amount"]["amount"]} if "amount" in less else {}
    return typed | ({"months": str(less["termMonths"])} if "termMonths" in less else {})


def decimal(value: Fraction) -> Decimal:
    return Decimal(value.numerator) / Decimal(value.denominator)
