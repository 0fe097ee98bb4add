"""Partners, staff and applicants, made as a test needs them, each its own."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

from domain.actors import Role
from domain.applications import applied_terms
from domain.applications.applications import Application, ApplicationStatus
from domain.consent import consents
from domain.consent.consents import ConsentScope, Purpose
from domain.credit import scores
from domain.credit.grades import Grade
from domain.credit.scoring import Scored
from domain.facts import readings
from domain.facts.open_readings import Observed
from domain.facts.sheets import FactValue
from domain.market.kinds import ProductKind
from domain.market.products import DecisionMode, Product
from domain.people import partner_tokens, staff, staff_sessions, users
from domain.people.partners import Partner, PartnerClient
from domain.people.staff import Staff
from domain.people.users import User
from infra import clock, vault
from infra.database import Db, transaction
from infra.ids import global_id, new_id


@dataclass(frozen=True)
class Shop:
    """A partner with one loan product and a token of its own."""

    partner: Partner
    product: Product
    token: str


async def open_shop(sku: str = "loan", *, is_test: bool = False) -> Shop:
    async with transaction() as db:
        partner = Partner(id=new_id(), code=f"shop-{uuid4()}", name="Shop", purpose=Purpose.LENDING, is_test=is_test)
        db.add(partner)
        await db.flush()
        product = _loan(partner, sku)
        client = PartnerClient(
            client_id=f"client-{uuid4()}",
            partner_id=partner.id,
            secret_hash="nobody knows it",
            created_at=await clock.now(db),
        )
        db.add_all([product, client])
        await db.flush()
        return Shop(partner, product, await partner_tokens.issue(db, client))


def _loan(partner: Partner, sku: str) -> Product:
    return Product(
        id=new_id(),
        partner_id=partner.id,
        sku=sku,
        kind=ProductKind.LOAN,
        title="A loan",
        amount_min=100_000,
        amount_max=1_000_000,
        currency="CNY",
        term_months=[6, 12],
        annual_rate=Decimal("0.12"),
        decision=DecisionMode.PARTNER,
    )


async def apply_at(
    shop: Shop,
    *,
    status: ApplicationStatus = ApplicationStatus.SUBMITTED,
    share: tuple[ConsentScope, ...] = (),
    grade: Grade | None = None,
    promised_in: timedelta = timedelta(minutes=15),
    **told: FactValue | None,
) -> Application:
    """An application as `applying` leaves it, without the scoring before it. `told`: more of their profile."""
    async with transaction() as db:
        user = await somebody(db)
        await tell(db, user.id, **told)
        now = await clock.now(db)
        application = Application(
            user_id=user.id,
            product_id=shop.product.id,
            partner_id=shop.partner.id,
            amount=500_000,
            currency="CNY",
            term_months=12,
            status=status,
            promised_by=now + promised_in,
            created_at=now,
            updated_at=now,
        )
        db.add(application)
        await db.flush()
        db.add(applied_terms.of_product(application, shop.product, grade))
        if grade is not None:
            await scores.conclude(db, user.id, await scores.record(db, user.id, scored(grade), now, 1), 1)
        purpose = Purpose(shop.partner.purpose)
        await consents.bind_to_application(db, user.id, shop.partner.id, purpose, list(share), application.id)
        return application


async def tell(db: Db, user_id: UUID, **said: FactValue | None) -> None:
    """What a grown-up says in the profile, and `said`."""
    moment = await readings.take_turn(db, user_id)
    facts = {"birth_date": date(1990, 1, 1), **said}
    observed = [Observed(f"profile.{name}", value, moment) for name, value in facts.items()]
    await readings.record(db, user_id, "profile", observed)


async def somebody(db: Db) -> User:
    return await users.find_or_register(db, f"+86138{uuid4().int % 10**8:08}")


def scored(grade: Grade) -> Scored:
    return Scored(
        probability=0.03,
        points=700,
        grade=grade,
        base_points=700,
        factors=(),
        reasons=(),
        vector={"age": 30.0},
        model_version="test",
        simulated=True,
    )


async def staff_member(db: Db, role: Role) -> Staff:
    """Somebody new of the staff, who never signs in by password."""
    member = Staff(
        email_index=uuid4().bytes,
        email_sealed=b"",
        name_sealed=vault.system_seal().close(f"Somebody of {role}", staff.NAME),
        role=role,
        password_hash="nobody knows it",
        totp_sealed=b"",
        created_at=await clock.now(db),
    )
    db.add(member)
    await db.flush()
    return member


async def staff_token(role: Role) -> str:
    """The token of a new member of staff."""
    async with transaction() as db:
        token, _ = await staff_sessions.begin(db, await staff_member(db, role))
        return token


def shown_id(application: Application) -> str:
    return global_id("Application", application.id)
