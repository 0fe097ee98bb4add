"""People of a test partner's world: somebody whom one of its products suits, known and scored as anybody is."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

from sqlalchemy import select

from domain.actors import UserActor
from domain.credit import assessing
from domain.credit.assessing import points_gained
from domain.facts import link_requests, putting_in_force
from domain.facts.open_readings import Observed
from domain.market.products import Product
from domain.people import id_numbers, identities, payment_accounts, profiles, sessions, stepping_up, worlds
from domain.people.identities import Said
from domain.people.payment_accounts import HolderInquiry, PaymentAccountKind, SaidAccount
from domain.people.sessions import Session
from infra import clock
from infra.clock import local_day
from infra.database import Db
from infra.hindsight import stand_at
from infra.money import Money
from integrations.sandbox.personas import PERSONAS, Persona

Profile = dict[str, date | str | Money | None]

DEVICE = "A phone that never was"
PERSONA = PERSONAS["steady-shopper"]
CAME_BEFORE = timedelta(days=2)  # what a session younger than a day may not do, theirs may
INCOME = Decimal("15800.00")
YOUNG, OLD = 25, 60
# A county that there is none of, so that nobody has any of these numbers; and an issuer that no bank is.
COUNTY = "1100{:02d}"
ISSUER = "999999"


@dataclass
class _SimulatedIdentity:
    """Their account at a provider, of which they are the only one."""

    subject: str
    union_id: str | None = None
    family: str = "simulated"
    display_name: str | None = None
    tokens: dict[str, object] = field(default_factory=dict)
    scopes: list[str] = field(default_factory=list)
    renew_at: datetime | None = None
    ends_at: datetime | None = None


async def sign_in_as(db: Db, partner_id: UUID, persona: Persona) -> Session:
    """Somebody new of a test partner's world, as one of the sandbox's people: known and scored at once."""
    session = await _begin(db, partner_id, {})
    await _link_all(db, UserActor(session.user_id, session.id), persona)
    await assessing.assess(db, session.user_id)
    return session


async def come(db: Db, partner_id: UUID) -> UserActor:
    """Somebody new of a test partner's world, of whom much is known that is good."""
    session = await sign_in_as(db, partner_id, PERSONA)
    return UserActor(session.user_id, session.id)


async def arrive(db: Db, partner_id: UUID, product: Product, at: datetime) -> UserActor:
    """Somebody who may have this product, in a few days' time of their own before `at`; the transaction then stands there."""
    await stand_at(db, at - CAME_BEFORE)
    session = await _begin(db, partner_id, _profile(product))
    actor = UserActor(session.user_id, session.id)
    await _prove(db, actor, _birth_date(product, local_day(at)))
    await _link_all(db, actor, PERSONA)
    await stand_at(db, at)
    await _add_account(db, actor)
    return actor


async def _begin(db: Db, partner_id: UUID, profile: Profile) -> Session:
    user = await worlds.invent(db, partner_id)
    session = await sessions.begin(db, user.id, DEVICE)
    await profiles.update(db, UserActor(user.id, session.id), profile)
    return session


async def actor_of(db: Db, user_id: UUID) -> UserActor:
    """Who they are where they are signed in, or else on another phone, having just proven it."""
    live = (Session.user_id == user_id, Session.ended_at.is_(None), Session.expires_at > await clock.now(db))
    mine = select(Session.id).where(*live).order_by(Session.created_at).limit(1)
    session_id = (await db.execute(mine)).scalar_one_or_none() or await _sign_in_again(db, user_id)
    actor = UserActor(user_id, session_id)
    await stepping_up.grant(db, actor)
    return actor


async def _sign_in_again(db: Db, user_id: UUID) -> UUID:
    session = await sessions.begin(db, user_id, DEVICE)
    session.created_at -= CAME_BEFORE
    await db.flush()
    return session.id


def _profile(product: Product) -> Profile:
    rules: Mapping[str, object] = product.rules
    income = max(INCOME, Decimal(str(rules.get("income_at_least", 0))))
    return {
        "occupation": _first(rules, "occupations", "employee"),
        "region": _first(rules, "regions", "CN-SH"),
        "monthly_income": Money.of(income, product.currency),
    }


def _first(rules: Mapping[str, object], name: str, otherwise: str) -> str:
    allowed = rules.get(name)
    return str(allowed[0]) if isinstance(allowed, list) and allowed and otherwise not in allowed else otherwise


def _birth_date(product: Product, today: date) -> date:
    """Within the ages that the product is for, and drawn among all days of a year."""
    low, high = int(product.rules.get("age_min", YOUNG)), int(product.rules.get("age_max", OLD))
    age = min(max(low, YOUNG), high)
    return today - timedelta(days=round((age + 0.5) * 365.25) - secrets.randbelow(150))


async def _prove(db: Db, actor: UserActor, born_on: date) -> None:
    """A register need not be asked of somebody who never was."""
    digits = f"{COUNTY.format(secrets.randbelow(100))}{born_on:%Y%m%d}{secrets.randbelow(1_000):03d}"
    number = id_numbers.parse(digits + id_numbers.check_digit(digits))
    key = str(uuid4())
    asked = await identities.begin(db, actor, Said(PERSONA.nickname, number), key)
    assert asked is not None, "nobody has asked of them before"
    await identities.record(db, actor, asked, key, is_theirs=True)


async def _link_all(db: Db, actor: UserActor, persona: Persona) -> None:
    for provider, facts in persona.facts.items():
        await _link(db, actor, provider, facts)


async def _link(db: Db, actor: UserActor, provider: str, facts: Mapping[str, float | bool]) -> None:
    state = str(uuid4())
    await link_requests.open(
        db, actor, provider=provider, redirect_uri="longan://linked", state=state, nonce=None, verifier=None
    )
    request, _ = await link_requests.consume(db, actor, state)
    seen = [Observed(name, value, request.created_at) for name, value in facts.items()]
    identity = _SimulatedIdentity(f"{actor.user_id}/{provider}")
    await putting_in_force.record_link(db, actor, request, identity, seen, simulated=True, weigh=points_gained)


async def _add_account(db: Db, actor: UserActor) -> None:
    digits = f"{ISSUER}{secrets.randbelow(10**12):012d}"
    number = next(digits + last for last in "0123456789" if payment_accounts.is_luhn(digits + last))
    key = str(uuid4())
    asked = await payment_accounts.begin(db, actor, SaidAccount(PaymentAccountKind.BANK, number, is_default=True), key)
    assert isinstance(asked, HolderInquiry), "they have no account yet"
    await payment_accounts.add(db, actor, asked, key)
