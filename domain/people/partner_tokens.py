"""A partner's access token: short, and given to its client for its secret."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import bindparam, select

from domain.actors import KnownActor, PartnerActor
from domain.people.partners import PartnerClient
from domain.permissions import Scope
from infra import clock, revisions, tokens
from infra.database import Db
from infra.ids import new_id
from infra.questions import Question
from infra.revisions import EVERYBODY

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


_CLIENTS = Question(
    lambda: select(
        clock.EXACTLY_NOW, revisions.revision_of(EVERYBODY), PartnerClient.partner_id, PartnerClient.scopes
    ).where(PartnerClient.client_id == bindparam("client_id"))
)


async def find_partner(token: PartnerToken) -> KnownActor[PartnerActor] | None:
    """The partner behind a token; None where it is over, or the client was taken back."""
    for at, everybodys, partner_id, known in await _CLIENTS.ask(client_id=token.client_id):
        if at.timestamp() < token.expires_at:
            scopes = frozenset(Scope(name) for name in known if name in set(Scope))
            actor = PartnerActor(partner_id=partner_id, client_id=token.client_id, scopes=scopes)
            return KnownActor(actor, at, everybodys)
    return None
