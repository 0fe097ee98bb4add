"""Offer: binding terms that follow an approval, until they expire; and the documents that a person reads before they accept."""

import hashlib
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Index, Numeric, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from domain.applications.applications import Application, ApplicationStatus, move
from domain.consent import consents
from domain.market.terms.quote import Quote
from infra import clock, outbox
from infra.database import Db
from infra.entity import Entity, Id, Minor, OwnerId
from infra.events import declare
from infra.lifecycle import Lifecycle, Move
from infra.loaders import is_any_pair, loader
from infra.money import Money
from infra.privacy import Erasure, Export, Privacy
from infra.questions import Question
from infra.records import Record
from infra.revisions import Raised, raises

LASTS, ENDS_SOON_BEFORE = timedelta(days=7), timedelta(days=1)
EXPIRY_DUE, ENDS_SOON = declare("offer.expiry_due"), declare("offer.ends_soon")


class OfferStatus(StrEnum):
    OPEN = "OPEN"
    ACCEPTED = "ACCEPTED"
    EXPIRED = "EXPIRED"
    WITHDRAWN = "WITHDRAWN"


OWED = (OfferStatus.OPEN, OfferStatus.ACCEPTED)

# What happens to an offer happens to its application, which announces it.
LIFE = Lifecycle(
    "Offer",
    Move([OfferStatus.OPEN], OfferStatus.ACCEPTED),
    Move([OfferStatus.OPEN], OfferStatus.EXPIRED, at="expires_at", due=EXPIRY_DUE),
    Move([OfferStatus.OPEN], OfferStatus.WITHDRAWN),
    begins=OfferStatus.OPEN,
    ends=(OfferStatus.ACCEPTED, OfferStatus.EXPIRED, OfferStatus.WITHDRAWN),
    groups={"owed": OWED},
)


@raises(Raised.OWNERS)
class Offer(Entity):
    __tablename__ = "offers"
    __privacy__ = Privacy(Export.INSIDE, Erasure.KEPT)
    __record__ = Record(later=("status",))

    user_id: Mapped[OwnerId]
    id: Mapped[Id] = mapped_column(init=False)
    application_id: Mapped[UUID]
    amount: Mapped[Minor]
    currency: Mapped[str]
    term_months: Mapped[int]
    annual_rate: Mapped[Decimal | None] = mapped_column(Numeric(7, 5))
    annual_cost: Mapped[Decimal] = mapped_column(Numeric(7, 4))
    monthly_payment: Mapped[Minor]
    deposit: Mapped[Minor]
    deposit_waived: Mapped[Minor]
    schedule: Mapped[list[Any]]  # [[number, due, principal, interest], ...]
    documents: Mapped[list[Any]]  # [[title, sha256], ...]
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    status: Mapped[OfferStatus] = mapped_column(default=OfferStatus.OPEN)

    __table_args__ = (Index(None, "user_id", "application_id", unique=True),)


class Document(Entity):
    """What was shown, kept under the hash of its words, so that nobody can later say it read otherwise."""

    __tablename__ = "documents"
    __record__ = Record()

    sha256: Mapped[str] = mapped_column(primary_key=True)
    title: Mapped[str]
    body: Mapped[str]


async def make(db: Db, application: Application, title: str, quoted: Quote, *, amount: int, term_months: int) -> Offer:
    """Bind the terms of what was quoted; `title` is what the product was called when it was applied for."""
    now = await clock.now(db)
    titles = await _write_documents(db, title, application.currency, quoted, amount, term_months)
    offer = Offer(
        user_id=application.user_id,
        application_id=application.id,
        amount=amount,
        currency=application.currency,
        term_months=term_months,
        annual_rate=quoted.annual_rate,
        annual_cost=quoted.annual_cost,
        monthly_payment=quoted.monthly_payment,
        deposit=quoted.deposit,
        deposit_waived=quoted.deposit_waived,
        schedule=[[row.number, row.due, row.principal, row.interest] for row in quoted.instalments],
        documents=titles,
        made_at=now,
        expires_at=now + LASTS,
    )
    db.add(offer)
    for event, due_at in ((EXPIRY_DUE, offer.expires_at), (ENDS_SOON, offer.expires_at - ENDS_SOON_BEFORE)):
        await outbox.announce(db, event, user_id=offer.user_id, subject_id=application.id, due_at=due_at)
    return offer


async def expire(db: Db, application: Application) -> None:
    """End an offer whose time has come, and its application; what was accepted or withdrawn stays as it is."""
    offer = await _locked(db, application)
    if offer is None or not LIFE.allows(offer.status, OfferStatus.EXPIRED) or offer.expires_at > await clock.now(db):
        return
    await LIFE.move(db, offer, OfferStatus.EXPIRED)
    await consents.end_for_application(db, application.user_id, application.id)
    await move(db, application, ApplicationStatus.EXPIRED)


async def withdraw(db: Db, application: Application) -> None:
    """Withdraw the offer with the application that a person takes back; there may be none yet."""
    if offer := await _locked(db, application):
        await LIFE.move(db, offer, OfferStatus.WITHDRAWN)


async def _locked(db: Db, application: Application) -> Offer | None:
    its = select(Offer).where(Offer.user_id == application.user_id, Offer.application_id == application.id)
    anew = its.with_for_update().execution_options(populate_existing=True)
    return (await db.execute(anew)).scalar_one_or_none()


_OFFERS = Question(lambda: select(Offer).where(is_any_pair(Offer.user_id, Offer.application_id)))


@loader(_OFFERS)
async def of_applications(
    db: Db | None, keys: set[tuple[UUID, UUID]], now: datetime, rows: list[tuple[Offer]]
) -> dict[tuple[UUID, UUID], Offer]:
    """The offers of many, by (user, application)."""
    return {(offer.user_id, offer.application_id): offer for (offer,) in rows}


async def _write_documents(
    db: Db, product: str, currency: str, quoted: Quote, amount: int, term_months: int
) -> list[Any]:
    title, body = f"{product} 条款摘要", _summary(product, currency, quoted, amount, term_months)
    sha256 = hashlib.sha256(body.encode()).hexdigest()
    row = insert(Document).values(sha256=sha256, title=title, body=body).on_conflict_do_nothing()
    # What else is written waits for the end, and goes at once.
    await db.execute(row.execution_options(autoflush=False))
    return [[title, sha256]]


def _summary(title: str, currency: str, quoted: Quote, amount: int, term_months: int) -> str:
    """The terms and nothing about the person: whoever knows the hash may read it."""

    def money(minor: int) -> str:
        return f"{Money(minor, currency)} {currency}"

    rate = "-" if quoted.annual_rate is None else f"{quoted.annual_rate:.2%}"
    lines = [
        title,
        "",
        f"金额 Amount: {money(amount)}",
        f"期限 Term: {term_months} 个月 months",
        f"年利率 Annual rate: {rate}",
        f"综合年化成本 All-in annual cost: {quoted.annual_cost:.2%}",
        f"押金 Deposit: {money(quoted.deposit)}（减免 waived {money(quoted.deposit_waived)}）",
        f"总成本 Total: {money(quoted.total_cost)}",
        "",
        "还款计划 Schedule",
        *(f"{row.number:>3}  {money(row.due)}" for row in quoted.instalments),
    ]
    return "\n".join(lines) + "\n"
