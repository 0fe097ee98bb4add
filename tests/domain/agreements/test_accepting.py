"""Accepting: by the documents that were seen, once however often it is sent; and taken back for a day."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha256
from typing import Any

import pytest
from sqlalchemy import select, update

from domain.agreements.agreements import Agreement
from domain.agreements.standings import standing_of
from domain.applications import burdens
from domain.applications.offers import Offer, OfferStatus
from domain.evidence.leaves import Evidence, EvidenceKind
from domain.ledger.accounts import balances_of
from domain.ledger.kinds import AccountKind
from domain.market.products import Product, ProductStatus
from domain.money.loans import Amortisation
from infra.database import reading, transaction
from infra.ids import global_id, new_id
from infra.outbox import Event
from membership import activity
from tests.applying import AT_ONCE, apply
from tests.clocks import Clock
from tests.domain.agreements.loans import pay_out
from tests.phones import Answer, Phone, new_key, uuid_of

OFFER = """query($id: ID!) { node(id: $id) { ... on Application { status agreement { id status coolingOffUntil signedAt }
  offer { id fees { amount } totalCost { amount } schedule { number dueOn due { amount } status } documents { title url sha256 } } } } }"""


async def offered(person: Phone, amount: str = "1000.00", product: str = AT_ONCE, **headers: str) -> Answer:
    application = await apply(person, product, amount, months=3)
    assert application["__typename"] == "Application" and application["status"] == "APPROVED", application
    offer: Answer = (await look(person, application["id"], **headers))["offer"]
    return {"applicationId": application["id"]} | offer


async def look(person: Phone, application_id: str, **headers: str) -> Answer:
    answer = (await person.post(OFFER, {"id": application_id}, **headers)).json()
    found: Answer = answer["data"]["node"]
    return found


async def accept(person: Phone, offer: Answer, key: str | None = None, **other: Any) -> Answer:
    seen = {"offerId": offer["id"], "documents": [each["sha256"] for each in offer["documents"]]}
    return await person.do("AcceptOffer", **(seen | {"idempotencyKey": key or new_key()} | other))


async def left(person: Phone) -> tuple[list[Agreement], list[OfferStatus], int, list[str]]:
    """Agreements, states of offers, leaves of agreements, and events after the approval."""
    async with reading() as db:
        agreements = (await db.execute(select(Agreement).where(Agreement.user_id == person.user_id))).scalars().all()
        statuses = (await db.execute(select(Offer.status).where(Offer.user_id == person.user_id))).scalars().all()
        leaves = select(Evidence.id).where(Evidence.user_id == person.user_id, Evidence.kind == EvidenceKind.AGREEMENT)
        names = select(Event.name).where(Event.user_id == person.user_id).order_by(Event.id)
        told = [each for each in (await db.execute(names)).scalars() if each.startswith(("application.", "agreement."))]
        return (
            [*agreements],
            [*statuses],
            len((await db.execute(leaves)).all()),
            told[told.index("application.approved") + 1 :],
        )


async def points(person: Phone) -> int:
    async with reading() as db:
        return (await activity.counts_of(db, {person.user_id})).get(person.user_id, 0)


async def drawable(agreement: Agreement) -> tuple[int, int]:
    async with reading() as db:
        balances = await balances_of(db, agreement.user_id, agreement.id)
    return balances[AccountKind.DRAWABLE], balances[AccountKind.COMMITTED]


async def test_an_offer_is_accepted_by_its_documents_once_and_taken_back_within_a_day(
    shopper: Phone, clock: Clock
) -> None:
    offer = await offered(shopper)
    refused = await accept(shopper, offer, documents=[offer["documents"][0]["sha256"]])
    assert (refused["code"], refused["field"]) == ("STALE", ["input", "documents"])
    other = await accept(shopper, offer, documents=[*(each["sha256"] for each in offer["documents"]), "0" * 64])
    assert other["code"] == "STALE"
    assert await left(shopper) == ([], [OfferStatus.OPEN], 0, [])

    key = new_key()
    answers = await asyncio.gather(*(accept(shopper, offer, key) for _ in range(50)))
    assert answers == [answers[0]] * 50 and answers[0]["status"] == "PENDING", answers[0]
    (agreement,), statuses, leaves, told = await left(shopper)
    assert (agreement.amount, agreement.term_months, statuses, leaves) == (100_000, 3, [OfferStatus.ACCEPTED], 1)
    assert told == ["application.accepted"]
    assert [row["due"]["amount"] for row in answers[0]["schedule"]] == [
        row["due"]["amount"] for row in offer["schedule"]
    ]
    assert await drawable(agreement) == (100_000, 100_000)
    again = await accept(shopper, offer)
    assert (again["code"], again["field"]) == ("NOT_OPEN", ["input", "offerId"])
    mismatch = await accept(shopper, offer, key, documents=["0" * 64])
    assert mismatch["code"] == "IDEMPOTENCY_MISMATCH"

    seen = await look(shopper, offer["applicationId"])
    assert seen["status"] == "ACCEPTED" and seen["agreement"]["id"] == answers[0]["id"]
    await shopper.settle()
    assert await points(shopper) == 1
    await clock.forward(hours=23, minutes=59)
    await shopper.renew()
    withdrawn = await shopper.do("WithdrawApplication", applicationId=offer["applicationId"])
    assert withdrawn["status"] == "WITHDRAWN"
    (agreement,), statuses, leaves, told = await left(shopper)
    assert (agreement.status, statuses) == ("UNWOUND", [OfferStatus.WITHDRAWN])
    assert await drawable(agreement) == (0, 0)
    await shopper.settle()
    assert await points(shopper) == 0, "what is taken back earns nothing"
    assert told == ["application.accepted", "agreement.unwound", "application.withdrawn"]
    assert (await shopper.do("WithdrawApplication", applicationId=offer["applicationId"]))["status"] == "WITHDRAWN"
    assert (await accept(shopper, offer))["code"] == "NOT_OPEN"


async def test_after_a_day_it_binds_and_an_old_offer_is_refused(shopper: Phone, clock: Clock) -> None:
    kept, late = await offered(shopper), await offered(shopper, "1200.00")
    assert (await accept(shopper, kept))["status"] == "PENDING"
    await clock.forward(hours=24)
    await shopper.renew()
    refused = await shopper.do("WithdrawApplication", applicationId=kept["applicationId"])
    assert refused["code"] == "NOT_OPEN"
    await clock.forward(days=6)
    await shopper.renew()
    expired = await accept(shopper, late)
    assert (expired["code"], expired["field"]) == ("OFFER_EXPIRED", ["input", "offerId"])
    agreements, statuses, leaves, _ = await left(shopper)
    assert (len(agreements), sorted(statuses), leaves) == (1, [OfferStatus.ACCEPTED, OfferStatus.OPEN], 1)


async def test_another_persons_offer_is_not_there(shopper: Phone, regular: Phone) -> None:
    offer = await offered(shopper)
    refused = await accept(regular, offer)
    assert (refused["code"], refused["field"]) == ("NOT_FOUND", ["input", "offerId"])
    assert await left(shopper) == ([], [OfferStatus.OPEN], 0, [])


@pytest.mark.parametrize(("locale", "words"), [("en", "Key facts before you sign"), ("zh-CN", "签约须知")])
async def test_documents_are_pages_of_their_own_bytes_in_both_languages(
    shopper: Phone, locale: str, words: str
) -> None:
    offer = await offered(shopper, **{"Accept-Language": locale})
    assert len(offer["documents"]) == 3 and words in offer["documents"][0]["title"]
    for document in offer["documents"]:
        page = await shopper.http.get(document["url"])
        assert sha256(page.content).hexdigest() == document["sha256"]
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        policy = page.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; style-src 'sha256-") and "unsafe" not in policy
        assert f'lang="{locale}"' in page.text and "http" not in page.text
        assert "1,000.00" in page.text and shopper.number not in page.text
    kept = await shopper.http.get(offer["documents"][0]["url"] + "?download")
    assert kept.headers["content-disposition"].startswith("attachment; ")
    assert (await accept(shopper, offer))["status"] == "PENDING"


@asynccontextmanager
async def interest_only() -> AsyncIterator[str]:
    """A product like AT_ONCE, repaid with its last instalment; taken down afterwards."""
    async with transaction() as db:
        like = await db.get_one(Product, uuid_of(AT_ONCE))
        names = {each.name for each in Product.__table__.columns} - {"shelved_in"}
        columns = {name: getattr(like, name) for name in names}
        told = {"id": new_id(), "sku": f"last-{new_id()}", "amortisation": Amortisation.INTEREST_ONLY}
        made = Product(**columns | told)
        db.add(made)
    yield global_id("Product", made.id)
    async with transaction() as db:
        await db.execute(update(Product).where(Product.id == made.id).values(status=ProductStatus.RETIRED))


async def test_a_loan_that_is_repaid_with_its_last_instalment_stays_so_and_weighs_as_much(shopper: Phone) -> None:
    async with interest_only() as product:
        offer = await offered(shopper, product=product)
    assert (await accept(shopper, offer))["status"] == "PENDING"
    (agreement,), *_ = await left(shopper)
    async with transaction() as db:
        kept = (await db.execute(select(Offer).where(Offer.user_id == shopper.user_id))).scalar_one()
        monthly = (await burdens.of_people(db, {shopper.user_id}))[shopper.user_id].monthly
        held = await db.get_one(Agreement, (agreement.user_id, agreement.id))
        await pay_out(db, held, held.amount)
        rows = (await standing_of(db, held)).life.rows
    interest = kept.schedule[0][1]
    assert [[row[2], row[3]] for row in kept.schedule] == [[0, interest], [0, interest], [1_000_00, interest]]
    assert [[row.due.principal, row.due.interest] for row in rows] == [[row[2], row[3]] for row in kept.schedule]
    assert monthly == -(-(1_000_00 + 3 * interest) // 3) > kept.monthly_payment == interest
