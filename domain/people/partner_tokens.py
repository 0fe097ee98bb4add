"""A partner's access token: short, and given to its client for its secret."""

from dataclasses import dataclass
from datetime import timedelta

from domain.actors import PartnerActor
from domain.people.partners import PartnerClient
from domain.permissions import Scope
from infra import clock, tokens
from infra.database import Db
from infra.ids import new_id

AUDIENCE = "longan:partner"
LASTS = timedelta(hours=1)


@dataclass(frozen=True)
class PartnerToken:
    client_id: str
    expires_at: int  # seconds since 1970


async def issue(db: Db, client: PartnerClient) -> str:
    now = int((await clock.now(db)).timestamp())
    claims = {
        "sub": client.client_id,
        "client_id": client.client_id,
        "iat": now,
        "exp": now + int(LASTS.total_seconds()),
        "jti": str(new_id()),
    }
    return tokens.issue(AUDIENCE, claims)


def read(text: str) -> PartnerToken | None:
    """What a token says, or None where we did not make it for this door."""
    claims = tokens.read(AUDIENCE, text)
    if claims is None:
        return None
    client_id = claims.get("client_id")
    if not isinstance(client_id, str) or claims.get("sub") != client_id:
        return None
    return PartnerToken(client_id, claims["exp"])


async def actor_of(db: Db, token: PartnerToken) -> PartnerActor | None:
    """The partner behind a token; None where it is over, or the client was taken back."""
    if (await clock.now(db)).timestamp() >= token.expires_at:
        return None
    client = await db.get(PartnerClient, token.client_id)
    if client is None:
        return None
    scopes = frozenset(Scope(name) for name in client.scopes if name in set(Scope))
    return PartnerActor(partner_id=client.partner_id, client_id=client.client_id, scopes=scopes)
