"""AccountLinkRequest: a link under way, with what only we and the provider may know of it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Index, select, update
from sqlalchemy.orm import Mapped, mapped_column

from domain.actors import UserActor
from infra import clock, vault
from infra.database import Db
from infra.entity import Entity, Id, OwnerId
from infra.errors import Refusal, RefusalCode, not_found
from infra.lifecycle import Lifecycle, Move
from infra.privacy import Erasure, Export, Privacy
from infra.words import N_

LASTS = timedelta(minutes=15)
CALL_LASTS = timedelta(seconds=10)
SECRETS = "account_link_requests.secrets"


class RequestStatus(StrEnum):
    OPEN = "OPEN"
    CALLING = "CALLING"  # the provider is being asked
    LINKED = "LINKED"
    FAILED = "FAILED"


OVER = N_("This link is no longer open. Please start again.")

LIFE = Lifecycle(
    "Account link request",
    Move([RequestStatus.OPEN], RequestStatus.CALLING, refused=OVER),
    Move([RequestStatus.CALLING], RequestStatus.LINKED),
    Move([RequestStatus.CALLING], RequestStatus.FAILED),
    begins=RequestStatus.OPEN,
    ends=[RequestStatus.LINKED, RequestStatus.FAILED],
    # What a crash leaves in the middle of a call is over when its time is up.
    lapses={RequestStatus.OPEN: "expires_at", RequestStatus.CALLING: "expires_at"},
)


class AccountLinkRequest(Entity):
    """State, nonce and PKCE verifier of one link under way, bound to the session that began it."""

    __tablename__ = "account_link_requests"
    __privacy__ = Privacy(Export.WITHHELD, Erasure.DELETED)

    user_id: Mapped[OwnerId]
    id: Mapped[Id] = mapped_column(init=False)
    session_id: Mapped[UUID]
    provider: Mapped[str]
    redirect_uri: Mapped[str]
    state_index: Mapped[bytes]
    secrets_sealed: Mapped[bytes]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    status: Mapped[RequestStatus] = mapped_column(default=RequestStatus.OPEN)
    account_id: Mapped[UUID | None] = mapped_column(default=None)
    failure: Mapped[str | None] = mapped_column(default=None)

    __table_args__ = (Index(None, "user_id", "state_index", unique=True), Index(None, "created_at"))


@dataclass(frozen=True)
class Secrets:
    """What only we and the provider may know of a link under way."""

    nonce: str | None
    verifier: str | None


async def open(
    db: Db, actor: UserActor, *, provider: str, redirect_uri: str, state: str, nonce: str | None, verifier: str | None
) -> AccountLinkRequest:
    now = await clock.now(db)
    seal = await vault.seal_of(db, actor.user_id)
    request = AccountLinkRequest(
        user_id=actor.user_id,
        session_id=actor.session_id,
        provider=provider,
        redirect_uri=redirect_uri,
        state_index=vault.blind_index("link-state", state),
        secrets_sealed=seal.close([nonce, verifier], SECRETS),
        created_at=now,
        expires_at=now + LASTS,
    )
    db.add(request)
    await db.flush()
    return request


async def find(db: Db, actor: UserActor, state: str) -> AccountLinkRequest:
    """The request that this state belongs to, locked. Refuses NOT_FOUND what this session did not begin."""
    mine = select(AccountLinkRequest).where(
        AccountLinkRequest.user_id == actor.user_id,
        AccountLinkRequest.state_index == vault.blind_index("link-state", state),
        AccountLinkRequest.session_id == actor.session_id,
    )
    request = (await db.execute(mine.with_for_update())).scalar_one_or_none()
    if request is None:
        raise not_found(
            N_("This link was started on another device. Please start again on this one."), ("input", "callbackUrl")
        )
    return request


async def consume(db: Db, actor: UserActor, state: str) -> tuple[AccountLinkRequest, Secrets]:
    """Take the request, once. A second taking, or one too late, is refused NOT_OPEN."""
    request = await find(db, actor, state)
    now = await clock.now(db)
    await LIFE.move(db, request, RequestStatus.CALLING, "input", "callbackUrl")
    if request.expires_at <= now:
        raise Refusal(RefusalCode.NOT_OPEN, OVER, field=("input", "callbackUrl"))
    request.expires_at = now + CALL_LASTS
    nonce, verifier = (await vault.seal_of(db, actor.user_id)).open(request.secrets_sealed, SECRETS)
    return request, Secrets(nonce, verifier)


async def record_success(db: Db, request: AccountLinkRequest, account_id: UUID) -> None:
    await _settle(db, request, RequestStatus.LINKED, account_id=account_id)


async def record_failure(db: Db, request: AccountLinkRequest, code: str) -> None:
    await _settle(db, request, RequestStatus.FAILED, failure=code)


async def _settle(db: Db, request: AccountLinkRequest, status: RequestStatus, **outcome: object) -> None:
    mine = (AccountLinkRequest.user_id == request.user_id, AccountLinkRequest.id == request.id)
    calling = update(AccountLinkRequest).where(*mine, AccountLinkRequest.status.in_(LIFE.sources(status)))
    await db.execute(calling.values(status=status, **outcome))
