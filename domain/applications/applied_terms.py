"""AppliedTerms: what a product cost when somebody applied for it, and with that all that they may later be bound to."""

from decimal import Decimal
from uuid import UUID

from sqlalchemy import Numeric, select, tuple_
from sqlalchemy.orm import Mapped, mapped_column

from domain.applications.applications import Application
from domain.credit.grades import Grade
from domain.market import quoting
from domain.market.goods import TIMES, Goods, LeaseTimes
from domain.market.kinds import ProductKind
from domain.market.products import DecisionMode, PaymentOrder, Product
from domain.market.terms.cap import cost_cap
from domain.market.terms.quote import Quote
from domain.money.loans import Amortisation
from infra.database import Db
from infra.entity import Entity, Minor, OwnerId
from infra.errors import Refusal, RefusalCode
from infra.privacy import Erasure, Export, Privacy
from infra.records import Record
from infra.revisions import Raised, raises
from infra.words import N_


@raises(Raised.OWNERS)
class AppliedTerms(Entity):
    """The product as it was then, the grade that its deposit was reckoned with, and the legal cap of that day. Never changed."""

    __tablename__ = "applied_terms"
    __privacy__ = Privacy(Export.INSIDE, Erasure.KEPT)
    __record__ = Record()

    user_id: Mapped[OwnerId]
    application_id: Mapped[UUID] = mapped_column(primary_key=True)
    product_version: Mapped[int]
    kind: Mapped[ProductKind]
    title: Mapped[str]
    decision: Mapped[DecisionMode]
    currency: Mapped[str]
    term_months: Mapped[list[int]]
    annual_rate: Mapped[Decimal | None] = mapped_column(Numeric(7, 5))
    fee_rate: Mapped[Decimal] = mapped_column(Numeric(7, 5))
    deposit: Mapped[Minor]
    grade: Mapped[Grade | None]
    cost_cap: Mapped[Decimal] = mapped_column(Numeric(7, 5))
    payment_order: Mapped[PaymentOrder] = mapped_column(default=PaymentOrder.CHARGES_FIRST)
    amortisation: Mapped[Amortisation] = mapped_column(default=Amortisation.EQUAL)
    goods: Mapped[Goods | None] = mapped_column(default=None)
    late_fee_rate: Mapped[Decimal] = mapped_column(Numeric(7, 5), default=Decimal(0))

    @property
    def times(self) -> LeaseTimes | None:
        """The times of a lease; None where nothing is rented."""
        goods = self.goods or self.kind.terms.goods
        return TIMES[goods] if goods else None


def of_product(
    application: Application, product: Product, grade: Grade | None, decision: DecisionMode | None = None
) -> AppliedTerms:
    """The product as it is now, for an application that is made now. `decision`: who decides, where not as the product says."""
    return AppliedTerms(
        user_id=application.user_id,
        application_id=application.id,
        product_version=product.version,
        kind=product.kind,
        title=product.title,
        decision=decision or product.decision,
        currency=product.currency,
        term_months=list(product.term_months),
        annual_rate=product.annual_rate,
        fee_rate=product.fee_rate,
        deposit=product.deposit,
        grade=grade,
        cost_cap=cost_cap(),
        payment_order=product.payment_order,
        amortisation=product.amortisation,
        goods=product.rented,
        late_fee_rate=product.late_fee_rate,
    )


async def of_applications(db: Db, keys: set[tuple[UUID, UUID]]) -> dict[tuple[UUID, UUID], AppliedTerms]:
    """The applied terms of many, by (user, application); missing where they were not kept."""
    of_these = select(AppliedTerms).where(tuple_(AppliedTerms.user_id, AppliedTerms.application_id).in_(keys))
    return {(row.user_id, row.application_id): row for row in (await db.execute(of_these)).scalars()}


async def mode_of(db: Db, application: Application, product: Product) -> DecisionMode:
    """Who decides: as it was when they applied, where that was kept."""
    kept = await db.get(AppliedTerms, (application.user_id, application.id))
    return product.decision if kept is None else kept.decision


async def of_application(db: Db, application: Application) -> AppliedTerms:
    """What was applied for. Of an application that kept no terms, the product's, if it is still what it was then.

    Refuses STALE where it is not: nobody is bound to a price that they may not have seen.
    """
    kept = await db.get(AppliedTerms, (application.user_id, application.id))
    if kept is not None:
        return kept
    product = await db.get_one(Product, application.product_id)
    if not _is_as_it_was(product, application):
        raise Refusal(
            RefusalCode.STALE,
            N_("The product changed before terms were kept with applications, so this one can only be declined."),
            field=("input", "applicationId"),
        )
    return of_product(application, product, grade=None)


def _is_as_it_was(product: Product, application: Application) -> bool:
    return product.updated_at is None or product.updated_at <= application.created_at


def binding_terms(kept: AppliedTerms | None, application: Application, product: Product) -> AppliedTerms | None:
    """What an approval would bind, for whoever only reads; None where nobody can be bound to anything."""
    if kept is None and _is_as_it_was(product, application):
        return of_product(application, product, grade=None)
    return kept


def quote(
    terms: AppliedTerms, amount: int, months: int, *, annual_rate: Decimal | None = None, grade_now: Grade | None = None
) -> Quote:
    """What it costs at these terms or a lower rate. A grade that has risen since waives more of the deposit; one that fell, no less."""
    grades = [grade for grade in (terms.grade, grade_now) if grade is not None]
    return quoting.quote(terms, amount, months, grade=min(grades, default=None), annual_rate=annual_rate)
