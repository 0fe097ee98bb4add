"""A partner's access token: a short JWT (RFC 9068) that its client gets for its secret."""

from dataclasses import dataclass
from datetime import timedelta

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from domain.actors import PartnerActor
from domain.people.partners import PartnerClient
from infra import clock
from infra.database import Db
from infra.ids import new_id
from infra.keys import keyring
from infra.settings import settings

AUDIENCE = "longan:partner"
HEADER = {"alg": "HS256", "typ": "at+jwt"}
LASTS = timedelta(hours=1)


@dataclass(frozen=True)
class PartnerToken:
    client_id: str
    expires_at: int  # seconds since 1970


async def issue(db: Db, client: PartnerClient) -> str:
    now = int((await clock.now(db)).timestamp())
    claims = {
        "iss": settings().public_url,
        "aud": AUDIENCE,
        "sub": client.client_id,
        "client_id": client.client_id,
        "iat": now,
        "exp": now + int(LASTS.total_seconds()),
        "jti": str(new_id()),
    }
    return jwt.encode(HEADER, claims, _key())


def read(text: str) -> PartnerToken | None:
    """What a token says, or None where we did not make it for this door. Whether it is over is for the clock to say.

    The header must be ours to the letter, so no `jku`, `kid`, `crit` or other algorithm is ever looked at.
    """
    try:
        token = jwt.decode(text, _key(), algorithms=[HEADER["alg"]])
    except (JoseError, ValueError, TypeError):
        return None
    said, made = token.claims, {"iss": settings().public_url, "aud": AUDIENCE}
    if token.header != HEADER or any(said.get(name) != value for name, value in made.items()):
        return None
    client_id, expires_at = said.get("client_id"), said.get("exp")
    if not isinstance(client_id, str) or not isinstance(expires_at, int) or said.get("sub") != client_id:
        return None
    return PartnerToken(client_id, expires_at)


async def actor_of(db: Db, token: PartnerToken) -> PartnerActor | None:
    """The partner behind a token; None where it is over, or the client was taken back."""
    if (await clock.now(db)).timestamp() >= token.expires_at:
        return None
    client = await db.get(PartnerClient, token.client_id)
    return PartnerActor(partner_id=client.partner_id, client_id=client.client_id) if client else None


def _key() -> OctKey:
    return OctKey.import_key(keyring().token)
