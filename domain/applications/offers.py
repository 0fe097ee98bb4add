"""Offer: binding terms that follow an approval, until they expire; and the documents that a person reads before he accepts."""

import hashlib
from collections.abc import Collection
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, Index, Numeric, Select, func, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from domain.applications.applications import Application, ApplicationStatus
from domain.market.products import Product
from domain.market.terms.quote import Quote
from infra import clock, outbox
from infra.database import Db
from infra.entity import Entity, Id, Minor, OwnerId
from infra.events import declare
from infra.money import Money

LASTS = timedelta(days=7)
EXPIRY_DUE = declare("offer.expiry_due")
OWED = (ApplicationStatus.APPROVED, ApplicationStatus.ACCEPTED)


class Offer(Entity):
    __tablename__ = "offers"

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

    __table_args__ = (Index(None, "user_id", "application_id", unique=True),)


class Document(Entity):
    """What was shown, kept under the hash of its words, so that nobody can later say it read otherwise."""

    __tablename__ = "documents"

    sha256: Mapped[str] = mapped_column(primary_key=True)
    title: Mapped[str]
    body: Mapped[str]


async def make(
    db: Db,
    application: Application,
    product: Product,
    quoted: Quote,
    *,
    amount: int | None = None,
    term_months: int | None = None,
) -> Offer:
    """Bind the terms; `amount` and `term_months` where less was approved than was asked for."""
    now = await clock.now(db)
    amount, term_months = amount or application.amount, term_months or application.term_months
    titles = await _write_documents(db, product, quoted, amount, term_months)
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
    await db.flush()
    await outbox.announce(
        db, "offer.expiry_due", user_id=offer.user_id, subject_id=application.id, due_at=offer.expires_at
    )
    return offer


async def of_applications(db: Db, keys: set[tuple[UUID, UUID]]) -> dict[tuple[UUID, UUID], Offer]:
    """By (user, application)."""
    of_these = tuple_(Offer.user_id, Offer.application_id).in_(keys)
    return {
        (row.user_id, row.application_id): row for row in (await db.execute(select(Offer).where(of_these))).scalars()
    }


async def monthly_burden(db: Db, user_id: UUID) -> int:
    """What this person would pay a month on the offers that are open to him, in minor units."""
    return int((await db.execute(burden_of(user_id))).scalar_one())


def burden_of(user_id: UUID | BindParameter[UUID]) -> Select[int]:
    return (
        select(func.coalesce(func.sum(Offer.monthly_payment), 0))
        .join(Application, (Application.user_id == Offer.user_id) & (Application.id == Offer.application_id))
        .where(Offer.user_id == user_id, Application.status.in_(OWED))
    )


async def burdens(db: Db, user_ids: Collection[UUID]) -> dict[UUID, int]:
    """The same of many; who would pay nothing is missing."""
    of_each = (
        select(Offer.user_id, func.sum(Offer.monthly_payment))
        .join(Application, (Application.user_id == Offer.user_id) & (Application.id == Offer.application_id))
        .where(Offer.user_id.in_(user_ids), Application.status.in_(OWED))
        .group_by(Offer.user_id)
    )
    return {user_id: int(monthly) for user_id, monthly in await db.execute(of_each)}


async def _write_documents(db: Db, product: Product, quoted: Quote, amount: int, term_months: int) -> list[Any]:
    title, body = f"{product.title} 条款摘要", _summary(product, quoted, amount, term_months)
    sha256 = hashlib.sha256(body.encode()).hexdigest()
    row = insert(Document).values(sha256=sha256, title=title, body=body)
    await db.execute(row.on_conflict_do_nothing())
    return [[title, sha256]]


def _summary(product: Product, quoted: Quote, amount: int, term_months: int) -> str:
    """The terms and nothing about the person: whoever knows the hash may read it."""

    def money(minor: int) -> str:
        return f"{Money(minor, product.currency)} {product.currency}"

    rate = "-" if quoted.annual_rate is None else f"{quoted.annual_rate:.2%}"
    lines = [
        f"{product.title}",
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
