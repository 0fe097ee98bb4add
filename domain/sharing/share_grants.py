"""ShareGrant: a consent that was given on a partner's own website, and the one family of tokens that came of it."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Index, select
from sqlalchemy.orm import Mapped, mapped_column

from domain.consent.consents import Consent
from domain.people.partners import PartnerClient
from infra import clock
from infra.database import Db
from infra.entity import Entity, Id, OwnerId
from infra.privacy import Erasure, Export, Privacy
from infra.sealed_tokens import SealedToken

CODE_LASTS = timedelta(seconds=60)
IDLE_MAX = timedelta(days=90)
_CODE = SealedToken("lsc_", "grant-code", length=32)
_REFRESH = SealedToken("lsr_", "grant-refresh", length=36)


class ShareGrant(Entity):
    """Code and refresh tokens are worked out from (id, generation), so none is stored. It lives no longer than its consent."""

    __tablename__ = "share_grants"
    __privacy__ = Privacy(Export.WITHHELD, Erasure.DELETED)

    user_id: Mapped[OwnerId]
    id: Mapped[Id] = mapped_column(init=False)
    consent_id: Mapped[UUID]
    client_id: Mapped[str]
    redirect_uri: Mapped[str]
    code_challenge: Mapped[str]
    is_offline: Mapped[bool]
    created_at: Mapped[datetime]
    exchanged_at: Mapped[datetime | None] = mapped_column(default=None)
    generation: Mapped[int] = mapped_column(default=0)
    renewed_at: Mapped[datetime | None] = mapped_column(default=None)
    ended_at: Mapped[datetime | None] = mapped_column(default=None)

    __table_args__ = (Index(None, "consent_id"), Index(None, "created_at"))

    @property
    def code(self) -> str:
        return _CODE.of(self.user_id.bytes + self.id.bytes)

    @property
    def refresh_token(self) -> str:
        return _REFRESH.of(self.user_id.bytes + self.id.bytes + self.generation.to_bytes(4))

    def is_of(self, client: PartnerClient) -> bool:
        """Whether it was given to this client, and to none before it that had its name."""
        return self.client_id == client.client_id and client.created_at <= self.created_at

    def takes_code(self, now: datetime) -> bool:
        return self.exchanged_at is None and self.ended_at is None and now < self.created_at + CODE_LASTS


async def of_code(db: Db, code: str) -> ShareGrant | None:
    """Whose code it is, locked; None for one that we never gave out."""
    said = _CODE.opened(code)
    return await locked(db, UUID(bytes=said[:16]), UUID(bytes=said[16:])) if said else None


async def of_refresh_token(db: Db, token: str) -> tuple[ShareGrant, int] | None:
    """Whose refresh token it is, locked, and of which generation; None for one that we never gave out."""
    said = _REFRESH.opened(token)
    grant = await locked(db, UUID(bytes=said[:16]), UUID(bytes=said[16:32])) if said else None
    return (grant, int.from_bytes(said[32:])) if said and grant else None


async def locked(db: Db, user_id: UUID, id: UUID) -> ShareGrant | None:
    its = select(ShareGrant).where(ShareGrant.user_id == user_id, ShareGrant.id == id).with_for_update()
    return (await db.execute(its)).scalar_one_or_none()


async def consent_of(db: Db, grant: ShareGrant, *, to_change: bool = False) -> Consent | None:
    """The live consent that a grant came with, which nobody takes back until this is over; None once it ended."""
    its = select(Consent).where(Consent.user_id == grant.user_id, Consent.id == grant.consent_id)
    consent = (await db.execute(its.with_for_update(read=not to_change))).scalar_one()
    return consent if consent.is_live(await clock.now(db)) else None


async def end(db: Db, grant: ShareGrant) -> None:
    """No token of the family opens anything any more. Ending it twice is ending it once."""
    grant.ended_at = grant.ended_at or await clock.now(db)
