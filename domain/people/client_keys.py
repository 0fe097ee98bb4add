"""Client key: the public part of a key by which a partner's client proves itself; the private part never leaves its server."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey, import_key
from sqlalchemy import ForeignKey, Index, select
from sqlalchemy.orm import Mapped, mapped_column

from domain.people.partners import PartnerClient
from infra import clock, pruning
from infra.database import Db
from infra.entity import Entity, Json
from infra.pruning import Stale

MOST = 5
OVER_KEPT = timedelta(days=30)  # so that it is seen why a client proves nothing any more
RSA_BITS_MIN = 2048
ALGORITHMS: Mapping[str, Sequence[str]] = {
    "P-256": ["ES256"],
    "P-384": ["ES384"],
    "P-521": ["ES512"],
    "Ed25519": ["EdDSA", "Ed25519"],
    "RSA": ["PS256", "RS256"],
}


class ClientKey(Entity):
    __tablename__ = "client_keys"

    client_id: Mapped[str] = mapped_column(
        ForeignKey("partner_clients.client_id", ondelete="CASCADE"), primary_key=True
    )
    id: Mapped[str] = mapped_column(primary_key=True)  # its `kid`: the client's own name for it, or its thumbprint
    public: Mapped[Json]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]

    __table_args__ = (Index(None, "expires_at"),)


pruning.forget("prune_client_keys", Stale(ClientKey.expires_at, pruning.ago(OVER_KEPT)))


class NoClientKey(ValueError):
    """Raised for what cannot be registered; says why, in a sentence for whoever registers it."""


async def register(db: Db, client: PartnerClient, jwk: Mapping[str, Any], expires_at: datetime) -> ClientKey:
    """Take a public key (JWK, RFC 7517) for the client until then, beside those it has. Raises NoClientKey."""
    key = read(jwk)
    now = await clock.now(db)
    known = {each.id: each for each in await of_client(db, client.client_id)}
    kid = str(jwk.get("kid") or key.thumbprint())
    if kid in known:
        raise NoClientKey(f"the client has a key {kid} already: give the new one another kid")
    if len(known) >= MOST:
        raise NoClientKey(f"a client has at most {MOST} keys: forget one first")
    if expires_at <= now:
        raise NoClientKey("the key would be over already")
    row = ClientKey(
        client_id=client.client_id, id=kid, public=key.as_dict(private=False), created_at=now, expires_at=expires_at
    )
    db.add(row)
    await db.flush()
    return row


def read(jwk: Mapping[str, Any]) -> Key:
    """The key of a JWK. Raises NoClientKey for a private, a secret or a weak one, and for one that does not sign."""
    try:
        key: Key = import_key(dict(jwk))
    except (JoseError, ValueError, TypeError, KeyError):
        raise NoClientKey("this is no JWK") from None
    if key.key_type == "oct" or key.is_private:
        raise NoClientKey("register the public part alone: whoever has the private one is the client")
    if jwk.get("use", "sig") != "sig" or not algorithms_of(key):
        raise NoClientKey(f"a key signs, and is one of {', '.join(ALGORITHMS)}; RSA from {RSA_BITS_MIN} bits on")
    return key


def algorithms_of(key: Key) -> Sequence[str]:
    """The algorithms that it may sign by; none where it is none of ours."""
    match key:
        case RSAKey():
            return ALGORITHMS["RSA"] if key.public_key.key_size >= RSA_BITS_MIN else []
        case ECKey() | OKPKey():
            return ALGORITHMS.get(key.curve_name, [])
    return []


async def of_client(db: Db, client_id: str) -> list[ClientKey]:
    """Every key that is kept, the oldest first, over or not."""
    own = select(ClientKey).where(ClientKey.client_id == client_id).order_by(ClientKey.created_at, ClientKey.id)
    return [*(await db.execute(own)).scalars()]


async def live(db: Db, client_id: str) -> dict[str, Key]:
    """The keys that prove the client now, by their kid."""
    now = await clock.now(db)
    return {each.id: import_key(each.public) for each in await of_client(db, client_id) if now < each.expires_at}


async def forget(db: Db, client_id: str, kid: str) -> bool:
    """Take a key back: from now on it proves nothing. False where there is none."""
    key = await db.get(ClientKey, (client_id, kid))
    if key is None:
        return False
    await db.delete(key)
    await db.flush()
    return True
