"""Signing: the secrets of an endpoint, and signatures by the Standard Webhooks specification.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import hmac
import os
from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Select, delete, or_, select
from sqlalchemy.orm import Mapped, mapped_column

from infra import clock, vault
from infra.database import Db
from infra.entity import Entity, Id
from infra.errors import Refusal, RefusalCode
from infra.words import N_

PREFIX = "whsec_"
SECRET_BYTES = 32
SHOWN_FOR = timedelta(hours=24)  # to the same idempotency key
OVERLAP = timedelta(hours=24)
AT_ONCE_MAX = 3  # secrets that sign together; each is one more signature in the header
PLACE = "webhook_secrets.value"


class WebhookSecret(Entity):
    """Signs from the moment it is made; a newer one gives it `ends_at`, until when both sign."""

    __tablename__ = "webhook_secrets"

    id: Mapped[Id] = mapped_column(init=False)
    endpoint_id: Mapped[UUID] = mapped_column(ForeignKey("webhook_endpoints.id", ondelete="CASCADE"), index=True)
    value: Mapped[bytes]  # sealed
    created_at: Mapped[datetime]
    ends_at: Mapped[datetime | None] = mapped_column(default=None)

    __table_args__ = (Index(None, "ends_at"),)


async def make(db: Db, endpoint_id: UUID) -> WebhookSecret:
    """A new secret for the endpoint, which signs from now on."""
    sealed = vault.system_seal().close(base64.b64encode(os.urandom(SECRET_BYTES)).decode(), PLACE)
    secret = WebhookSecret(endpoint_id=endpoint_id, value=sealed, created_at=await clock.now(db))
    db.add(secret)
    return secret


async def rotate(db: Db, endpoint_id: UUID) -> WebhookSecret:
    """A new secret; those before it sign for a while beside it. Refuses RATE_LIMITED while too many do. Lock the endpoint."""
    now = await clock.now(db)
    live = (await db.execute(living(now).where(WebhookSecret.endpoint_id == endpoint_id))).scalars().all()
    if len(live) >= AT_ONCE_MAX:
        first_end = min(secret.ends_at for secret in live if secret.ends_at)
        sentence = N_("It was rotated twice within a day. Please wait until the oldest secret has ended.")
        raise Refusal(RefusalCode.RATE_LIMITED, sentence, retry_at=first_end)
    for secret in live:
        secret.ends_at = secret.ends_at or now + OVERLAP
    return await make(db, endpoint_id)


async def forget(db: Db, endpoint_id: UUID) -> None:
    await db.execute(delete(WebhookSecret).where(WebhookSecret.endpoint_id == endpoint_id))


def living(now: datetime) -> Select[WebhookSecret]:
    """The secrets that sign at this time, the newest first."""
    lives = or_(WebhookSecret.ends_at.is_(None), WebhookSecret.ends_at > now)
    return select(WebhookSecret).where(lives).order_by(WebhookSecret.id.desc())


def text_of(secret: WebhookSecret) -> str:
    """The secret as a partner writes it down."""
    return PREFIX + str(vault.system_seal().open(secret.value, PLACE))


def key_of(secret: WebhookSecret) -> bytes:
    return base64.b64decode(text_of(secret).removeprefix(PREFIX))


def signature(keys: Iterable[bytes], id: str, timestamp: int, body: bytes) -> str:
    """The header `webhook-signature`: one for each key, any of which a receiver may know."""
    signed = f"{id}.{timestamp}.".encode() + body
    return " ".join("v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode() for key in keys)
