"""ShareRequest: what a partner's website asks of whoever it sent here, for as long as that browser is at it."""

import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Index, select
from sqlalchemy.orm import Mapped, mapped_column

from domain.consent.consents import ConsentScope, Purpose
from domain.people.partners import PartnerClient
from infra import clock, counters, vault
from infra.counters import by_network
from infra.database import Db
from infra.entity import Entity, Id
from infra.errors import Refusal, RefusalCode
from infra.sealed_tokens import SealedToken
from infra.setting_parts import Rate
from infra.words import N_

LASTS = timedelta(minutes=15)
PUSHED_LASTS = timedelta(seconds=90)
PER_NETWORK = Rate(times=120, seconds=3600)
SECRET_BYTES = 24
_REFERENCE = SealedToken("", "share-request", length=16)


class ShareRequest(Entity):
    """`browser_mark`: of what the one browser holds that may go on with it. Who sits there is known to that browser alone."""

    __tablename__ = "share_requests"

    id: Mapped[Id] = mapped_column(init=False)
    client_id: Mapped[str]
    partner_id: Mapped[UUID]
    redirect_uri: Mapped[str]
    client_state: Mapped[str | None]
    code_challenge: Mapped[str]
    purpose: Mapped[Purpose]
    scopes: Mapped[list[str]]
    days: Mapped[int]
    is_offline: Mapped[bool]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    browser_mark: Mapped[bytes] = mapped_column(default=b"")
    challenge_id: Mapped[UUID | None] = mapped_column(default=None)  # the code that was sent to a phone last
    grant_id: Mapped[UUID | None] = mapped_column(default=None)  # after a yes
    declined_at: Mapped[datetime | None] = mapped_column(default=None)

    __table_args__ = (Index(None, "expires_at"),)

    @property
    def reference(self) -> str:
        """What a client names it by that pushed it, once, for one browser."""
        return _REFERENCE.of(self.id.bytes)

    @property
    def is_answered(self) -> bool:
        return self.grant_id is not None or self.declined_at is not None


@dataclass(frozen=True)
class Asked:
    """What a client asks for, checked: S256 of its verifier, and an address that is registered for it."""

    redirect_uri: str
    state: str | None
    code_challenge: str
    purpose: Purpose
    scopes: Sequence[ConsentScope]
    days: int
    is_offline: bool


@dataclass(frozen=True)
class Browser:
    """What the browser holds: proof that it is the one, and who signed in with it for this request."""

    proof: bytes
    signed_in: tuple[UUID, UUID] | None = None  # user and session

    @property
    def held(self) -> bytes:
        return self.proof + b"".join(each.bytes for each in self.signed_in or ())


def browser_of(held: bytes) -> Browser | None:
    if len(held) == SECRET_BYTES:
        return Browser(held)
    if len(held) != SECRET_BYTES + 32:
        return None
    user, session = held[SECRET_BYTES:][:16], held[SECRET_BYTES:][16:]
    return Browser(held[:SECRET_BYTES], (UUID(bytes=user), UUID(bytes=session)))


async def begin(db: Db, client: PartnerClient, asked: Asked, address: str) -> tuple[ShareRequest, Browser]:
    """Keep what is asked, for the browser that brought it. Refuses RATE_LIMITED."""
    await _count(db, address)
    request = await push(db, client, asked)
    return request, bind(request)


async def claim(db: Db, client_id: str, reference: str, address: str) -> tuple[ShareRequest, Browser] | None:
    """What a client pushed a moment ago, for the first browser that brings its reference. Refuses RATE_LIMITED."""
    await _count(db, address)
    id = _REFERENCE.opened(reference)
    its = select(ShareRequest).where(ShareRequest.id == UUID(bytes=id)).with_for_update() if id else None
    request = (await db.execute(its)).scalar_one_or_none() if its is not None else None
    if request is None or request.client_id != client_id or request.browser_mark:
        return None
    is_fresh = await clock.now(db) < request.created_at + PUSHED_LASTS
    return (request, bind(request)) if is_fresh else None


async def _count(db: Db, address: str) -> None:
    if retry_at := await counters.take(db, by_network(PER_NETWORK, "share-requests", address)):
        sentence = N_("Too many websites asked from here. Please try again later.")
        raise Refusal(RefusalCode.RATE_LIMITED, sentence, retry_at=retry_at)


async def push(db: Db, client: PartnerClient, asked: Asked) -> ShareRequest:
    """Keep what is asked, for a browser that is still to come."""
    now = await clock.now(db)
    request = ShareRequest(
        client_id=client.client_id,
        partner_id=client.partner_id,
        redirect_uri=asked.redirect_uri,
        client_state=asked.state,
        code_challenge=asked.code_challenge,
        purpose=asked.purpose,
        scopes=sorted(set(asked.scopes)),
        days=asked.days,
        is_offline=asked.is_offline,
        created_at=now,
        expires_at=now + LASTS,
    )
    db.add(request)
    await db.flush()
    return request


def bind(request: ShareRequest, signed_in: tuple[UUID, UUID] | None = None) -> Browser:
    """Give the browser something new to hold; what it held before opens nothing any more."""
    browser = Browser(secrets.token_bytes(SECRET_BYTES), signed_in)
    request.browser_mark = _mark(request, browser)
    return browser


async def find(db: Db, id: UUID, browser: Browser) -> ShareRequest | None:
    """The request, locked, for the one browser that may go on with it, until it is over or its website is nobody's any more."""
    its = select(ShareRequest).where(ShareRequest.id == id).with_for_update()
    request = (await db.execute(its)).scalar_one_or_none()
    if request is None or not hmac.compare_digest(request.browser_mark, _mark(request, browser)):
        return None
    client = await db.get(PartnerClient, request.client_id)
    if client is None or request.redirect_uri not in client.redirect_uris:
        return None
    return request if await clock.now(db) < request.expires_at else None


def _mark(request: ShareRequest, browser: Browser) -> bytes:
    return vault.mac("share-browser", request.id.bytes + browser.held)
