"""Offer: binding terms that follow an approval, until they expire; and the documents that a person reads before they accept."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Index, Numeric, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from domain.applications.applications import Application, ApplicationStatus, move
from domain.applications.applied_terms import AppliedTerms
from domain.applications.papers import writing
from domain.applications.papers.writing import PaperTerms
from domain.consent import consents
from domain.market.products import PaymentOrder
from domain.market.terms.cap import cost_cap
from domain.market.terms.quote import Quote
from domain.money.loans import Amortisation
from domain.papers.writing import WrittenPaper
from domain.people.partners import Partner
from infra import clock, outbox
from infra.database import Db
from infra.entity import Entity, Id, Minor, OwnerId
from infra.events import declare
from infra.lifecycle import Lifecycle, Move
from infra.loaders import is_any_pair, loader
from infra.privacy import Erasure, Export, Privacy
from infra.questions import Question
from infra.records import Record
from infra.revisions import Raised, raises
from infra.words import SPOKEN, Locale

LASTS, ENDS_SOON_BEFORE = timedelta(days=7), timedelta(days=1)
PAGE = "text/html; charset=utf-8"
EXPIRY_DUE, ENDS_SOON = declare("offer.expiry_due"), declare("offer.ends_soon")


class OfferStatus(StrEnum):
    OPEN = "OPEN"
    ACCEPTED = "ACCEPTED"
    EXPIRED = "EXPIRED"
    WITHDRAWN = "WITHDRAWN"
    ENDED = "ENDED"


OWED = (OfferStatus.OPEN, OfferStatus.ACCEPTED)

# What happens to an offer happens to its application, which announces it. It has ENDED when the agreement that it became is over.
LIFE = Lifecycle(
    "Offer",
    Move([OfferStatus.OPEN], OfferStatus.ACCEPTED),
    Move([OfferStatus.OPEN], OfferStatus.EXPIRED, at="expires_at", due=EXPIRY_DUE),
    Move(OWED, OfferStatus.WITHDRAWN),
    Move([OfferStatus.ACCEPTED], OfferStatus.ENDED),
    begins=OfferStatus.OPEN,
    ends=(OfferStatus.EXPIRED, OfferStatus.WITHDRAWN, OfferStatus.ENDED),
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
    documents: Mapped[list[Any]]  # [[title, sha256, language], ...]
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    status: Mapped[OfferStatus] = mapped_column(default=OfferStatus.OPEN)
    fee: Mapped[Minor] = mapped_column(default=0)  # once, kept back from what is paid out
    monthly_burden: Mapped[Minor | None] = mapped_column(default=None)  # where it is more than the monthly payment
    late_fee_rate: Mapped[Decimal] = mapped_column(
        Numeric(7, 5), default=Decimal(0)
    )  # once, of what of an instalment is late

    __table_args__ = (Index(None, "user_id", "application_id", unique=True),)

    @property
    def total_cost(self) -> int:
        """All that is to be paid, fee included, if everything is drawn at once and paid on its day."""
        return sum((int(due) for _, due, *_ in self.schedule), self.fee)


class Document(Entity):
    """What was shown, kept under the hash of its bytes, so that nobody can later say it read otherwise."""

    __tablename__ = "documents"
    __record__ = Record()

    sha256: Mapped[str] = mapped_column(primary_key=True)
    title: Mapped[str]
    body: Mapped[str]
    media_type: Mapped[str]


async def make(
    db: Db, application: Application, applied: AppliedTerms, quoted: Quote, *, amount: int, term_months: int
) -> Offer:
    """Bind the terms of what was quoted, as its papers say them."""
    now = await clock.now(db)
    partner = await db.get_one(Partner, application.partner_id)
    documents = await _write_documents(db, _papers(partner.name, applied, quoted, amount, term_months))
    offer = Offer(
        user_id=application.user_id,
        application_id=application.id,
        amount=amount,
        currency=application.currency,
        term_months=term_months,
        annual_rate=quoted.annual_rate,
        annual_cost=quoted.annual_cost,
        monthly_payment=quoted.monthly_payment,
        monthly_burden=None if quoted.monthly_burden == quoted.monthly_payment else quoted.monthly_burden,
        fee=0 if quoted.received is None else amount - quoted.received,
        late_fee_rate=applied.late_fee_rate,
        deposit=quoted.deposit,
        deposit_waived=quoted.deposit_waived,
        schedule=[[row.number, row.due, row.principal, row.interest] for row in quoted.instalments],
        documents=documents,
        made_at=now,
        expires_at=now + LASTS,
    )
    db.add(offer)
    for event, due_at in ((EXPIRY_DUE, offer.expires_at), (ENDS_SOON, offer.expires_at - ENDS_SOON_BEFORE)):
        await outbox.announce(db, event, user_id=offer.user_id, subject_id=application.id, due_at=due_at)
    return offer


async def expire(db: Db, application: Application) -> None:
    """End an offer whose time has come, and its application; what was accepted or withdrawn stays as it is."""
    offer = await lock(db, application)
    if offer is None or not LIFE.allows(offer.status, OfferStatus.EXPIRED) or offer.expires_at > await clock.now(db):
        return
    await LIFE.move(db, offer, OfferStatus.EXPIRED)
    await consents.end_for_application(db, application.user_id, application.id)
    await move(db, application, ApplicationStatus.EXPIRED)


async def withdraw(db: Db, application: Application) -> None:
    """Withdraw the offer with the application that a person takes back; there may be none yet."""
    if offer := await lock(db, application):
        await LIFE.move(db, offer, OfferStatus.WITHDRAWN)


async def end(db: Db, *keys: tuple[UUID, UUID]) -> None:
    """Whatever these offers, by (user, offer), became is over, and nothing more is owed on it."""
    owners, ids = zip(*keys, strict=True)
    theirs = select(Offer).where(Offer.user_id.in_(owners), Offer.id.in_(ids)).order_by(Offer.user_id, Offer.id)
    ended = (await db.execute(theirs.with_for_update())).scalars().all()
    assert len(ended) == len(keys), "each became something"
    for offer in ended:
        await LIFE.move(db, offer, OfferStatus.ENDED)


async def lock(db: Db, application: Application) -> Offer | None:
    """The offer of an application, read anew; until the transaction ends nobody else changes it."""
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


@dataclass(frozen=True)
class ShownDocument:
    """A document of an offer, as it is named to whoever is to read it."""

    title: str
    sha256: str


def documents_by_language(offer: Offer) -> dict[Locale, list[ShownDocument]]:
    """What is to be read, in each language. Documents of before there were two are the same in both."""
    shown: dict[Locale, list[ShownDocument]] = {locale: [] for locale in SPOKEN}
    for title, sha256, *language in offer.documents:
        for locale in language or SPOKEN:
            shown[locale].append(ShownDocument(title, sha256))
    return shown


async def _write_documents(db: Db, papers: Sequence[WrittenPaper]) -> list[Any]:
    rows = [{"sha256": each.sha256, "title": each.title, "body": each.body, "media_type": PAGE} for each in papers]
    # Whoever is offered the same terms is shown the same. In one order, so that no two wait for each other.
    rows.sort(key=lambda row: row["sha256"])
    written = insert(Document).values(rows).on_conflict_do_nothing()
    # What else is written waits for the end, and goes at once.
    await db.execute(written.execution_options(autoflush=False))
    return [[each.title, each.sha256, each.locale] for each in papers]


def _papers(
    partner: str, applied: AppliedTerms, quoted: Quote, amount: int, term_months: int
) -> tuple[WrittenPaper, ...]:
    """The terms and nothing about the person: whoever knows the hash may read them."""
    return writing.write(
        PaperTerms(
            partner=partner,
            title=applied.title,
            kind=applied.kind,
            currency=applied.currency,
            amount=amount,
            months=term_months,
            annual_rate=quoted.annual_rate,
            annual_cost=quoted.annual_cost,
            cap=min(applied.cost_cap, cost_cap()),
            monthly=quoted.monthly_payment,
            total=quoted.total_cost,
            received=amount if quoted.received is None else quoted.received,
            deposit=quoted.deposit,
            waived=quoted.deposit_waived,
            principal_first=applied.payment_order is PaymentOrder.PRINCIPAL_FIRST,
            interest_only=applied.amortisation is Amortisation.INTEREST_ONLY,
            instalments=tuple(quoted.instalments),
            times=applied.times,
            late_fee_rate=applied.late_fee_rate,
        )
    )
