"""Partner: a lender, landlord, shop or service that offers products, and the client its server signs in with."""

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from pwdlib import PasswordHash
from sqlalchemy import ForeignKey, Index, select, text
from sqlalchemy.orm import Mapped, mapped_column

from domain.permissions import Scope
from infra import clock
from infra.database import Db
from infra.entity import Entity, Id
from infra.reference import Reference
from infra.revisions import Raised, raises

NEVER = datetime.max.replace(tzinfo=UTC)
_hasher = PasswordHash.recommended()


@raises(Raised.EVERYBODYS)
class Partner(Entity):
    __tablename__ = "partners"

    id: Mapped[Id]
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    purpose: Mapped[str]  # what its products are for; an application's consent is for this alone
    is_test: Mapped[bool] = mapped_column(default=False, server_default=text("false"))  # it never changes


Index("ix_partners_test", Partner.id, postgresql_where=Partner.is_test)


class PartnerClient(Entity):
    """A machine's credentials; the secret is shown once and kept as an argon2 hash. `scopes`: what it may do at all.

    Where the secret changes, the one before it is right until `old_secret_until` too.
    `redirect_uris`: its own website's addresses, to which alone people are sent back, to the letter.
    """

    __tablename__ = "partner_clients"

    client_id: Mapped[str] = mapped_column(primary_key=True)
    partner_id: Mapped[UUID] = mapped_column(ForeignKey("partners.id", ondelete="CASCADE"), index=True)
    secret_hash: Mapped[str]
    created_at: Mapped[datetime]
    scopes: Mapped[list[str]] = mapped_column(default_factory=lambda: [scope.value for scope in Scope])
    redirect_uris: Mapped[list[str]] = mapped_column(default_factory=list, server_default="[]")
    secret_expires_at: Mapped[datetime | None] = mapped_column(default=None)
    old_secret_hash: Mapped[str | None] = mapped_column(default=None)
    old_secret_until: Mapped[datetime | None] = mapped_column(default=None)


_ALL: Reference[dict[UUID, Partner]] = Reference()


async def recall(db: Db | None) -> dict[UUID, Partner]:
    """All partners, for who only reads: from memory while nobody has changed anything."""
    return await _ALL.current(db, _all)


async def _all(db: Db) -> dict[UUID, Partner]:
    return {partner.id: partner for partner in (await db.execute(select(Partner))).scalars()}


async def issue_client(db: Db, partner: Partner, client_id: str, secret: str | None = None) -> str:
    """Make the client, or give it a new secret instead of all that it had; answers the secret, which is not kept."""
    secret = secret or new_secret()
    client = await db.get(PartnerClient, client_id)
    if client is None:
        client = PartnerClient(
            client_id=client_id, partner_id=partner.id, secret_hash="", created_at=await clock.now(db)
        )
        db.add(client)
    client.secret_hash, client.secret_expires_at = _hasher.hash(secret), None
    client.old_secret_hash = client.old_secret_until = None
    await db.flush()
    return secret


async def end_client(db: Db, client: PartnerClient) -> None:
    """Know it no more: from the next request on its secret and keys prove nothing, and no token of it opens anything."""
    await db.delete(client)
    await db.flush()


async def find_by_code(db: Db, code: str) -> Partner | None:
    return (await db.execute(select(Partner).where(Partner.code == code))).scalar_one_or_none()


async def clients_of(db: Db, partner_id: UUID) -> Sequence[PartnerClient]:
    """The clients of a partner, the oldest first."""
    its = select(PartnerClient).where(PartnerClient.partner_id == partner_id)
    return (await db.execute(its.order_by(PartnerClient.created_at, PartnerClient.client_id))).scalars().all()


class SecretsOverlap(Exception):
    """Raised where a third secret would end one that is still to be right."""


async def rotate_secret(
    db: Db, client: PartnerClient, *, overlap: timedelta, expires_at: datetime | None = None
) -> str:
    """A new secret, which is not kept; the one before it stays right for `overlap`. Raises SecretsOverlap."""
    now = await clock.now(db)
    if client.old_secret_until is not None and now < client.old_secret_until:
        raise SecretsOverlap(f"two secrets are right until {client.old_secret_until:%Y-%m-%d %H:%M} UTC")
    until = now + overlap
    ends = client.secret_expires_at
    client.old_secret_hash, client.old_secret_until = client.secret_hash, min(until, ends) if ends else until
    secret = new_secret()
    client.secret_hash, client.secret_expires_at = _hasher.hash(secret), expires_at
    await db.flush()
    return secret


def new_secret() -> str:
    return secrets.token_urlsafe(32)


def secret_is_right(client: PartnerClient | None, secret: str, now: datetime) -> bool:
    """Slow on purpose (argon2), and as slow for a client that does not exist: call it in a thread. One that is wrong is
    compared twice, whether the client has two secrets or not.
    """
    hashes = hashes_at(client, now) if client else []
    padded = [*hashes, _nobody(), _nobody()][:2]
    return any(_hasher.verify(secret, each) and each in hashes for each in padded)


def hashes_at(client: PartnerClient, now: datetime) -> list[str]:
    """The secrets that are right then."""
    kept = (
        (client.secret_hash, client.secret_expires_at or NEVER),
        (client.old_secret_hash, client.old_secret_until or now),
    )
    return [hashed for hashed, until in kept if hashed and now < until]


def _nobody() -> str:
    global _nobody_hash
    _nobody_hash = _nobody_hash or _hasher.hash(secrets.token_urlsafe(32))
    return _nobody_hash


_nobody_hash = ""
