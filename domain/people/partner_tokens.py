"""A partner's access token (RFC 9068): short, for some of its client's scopes, and for one person or for none."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import Uuid, bindparam, select

from domain.actors import KnownActor, PartnerActor
from domain.people import revoked_tokens, signed_tokens, signing_keys
from domain.people.partners import PartnerClient
from domain.people.signing_keys import SigningKey
from domain.permissions import Scope
from infra import clock, revisions
from infra.database import Db
from infra.ids import new_id
from infra.questions import Question
from infra.revisions import EVERYBODY

AUDIENCE = "longan:partner"
LASTS = timedelta(hours=1)


@dataclass(frozen=True)
class PartnerToken:
    """`subject`: the person that it is for, by the name that this partner knows them by; None where it is for none."""

    id: UUID
    key_id: str
    client_id: str
    subject: str | None
    scopes: frozenset[str]
    issued_at: int  # seconds since 1970, and so is the next
    expires_at: int


async def issue(
    db: Db,
    client: PartnerClient,
    *,
    scopes: Collection[str] | None = None,
    subject: str | None = None,
    lasts: timedelta = LASTS,
) -> str:
    """A token for these scopes of the client's, all of them by default; at most `signing_keys.TOKEN_LASTS_MAX` long."""
    granted = set(client.scopes if scopes is None else scopes)
    assert granted <= set(client.scopes), "a token carries no more than its client may do"
    assert lasts <= signing_keys.TOKEN_LASTS_MAX, "a key must verify its last token"
    now = int((await clock.now(db)).timestamp())
    claims = {
        "sub": subject or client.client_id,
        "client_id": client.client_id,
        "scope": " ".join(sorted(granted)),
        "iat": now,
        "exp": now + int(lasts.total_seconds()),
        "jti": str(new_id()),
    }
    return await signed_tokens.sign(db, AUDIENCE, claims)


async def find(text: str) -> PartnerToken | None:
    """What a token says, or None where we did not make it for this door."""
    await signed_tokens.know_key_of(text)
    return read(text)


def read(text: str) -> PartnerToken | None:
    """What a token says that a key signed which this process has met; else None."""
    claims = signed_tokens.read(AUDIENCE, text)
    if claims is None:
        return None
    match claims:
        case {
            "jti": str(jti),
            "kid": str(kid),
            "client_id": str(client_id),
            "sub": str(sub),
            "scope": str(scope),
            "iat": int(issued_at),
            "exp": int(expires_at),
        }:
            subject = sub if sub != client_id else None
            return PartnerToken(UUID(jti), kid, client_id, subject, frozenset(scope.split()), issued_at, expires_at)
    return None


_CLIENTS = Question(
    lambda: (
        select(
            clock.EXACTLY_NOW,
            revisions.revision_of(EVERYBODY),
            PartnerClient.partner_id,
            PartnerClient.scopes,
            PartnerClient.created_at,
        )
        .join(SigningKey, SigningKey.id == bindparam("key_id"))
        .where(PartnerClient.client_id == bindparam("client_id"), signing_keys.lives_at(clock.EXACTLY_NOW))
        .where(~revoked_tokens.has(bindparam("token_id", type_=Uuid())))
    )
)


async def find_partner(token: PartnerToken) -> KnownActor[PartnerActor] | None:
    """The partner behind a token; None where it is over, or it, its client or its key was taken back."""
    shown = {"client_id": token.client_id, "key_id": token.key_id, "token_id": token.id}
    for at, everybodys, partner_id, known, since in await _CLIENTS.ask(**shown):
        # What was given to a client that ended is nothing to another one that has its name now.
        if int(since.timestamp()) <= token.issued_at and at.timestamp() < token.expires_at:
            scopes = frozenset(Scope(name) for name in token.scopes & set(known) & set(Scope))
            actor = PartnerActor(partner_id=partner_id, client_id=token.client_id, scopes=scopes)
            return KnownActor(actor, at, everybodys)
    return None


async def revoke(db: Db, token: PartnerToken) -> None:
    """Let it be good no more, anywhere. Twice is once."""
    await revoked_tokens.add(db, token.id, token.expires_at)
