"""What proves a partner's client and is over before long: its secret, or a key of its own."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

import structlog
from sqlalchemy import CompoundSelect, Select, String, literal, select, union_all

from domain.people.client_keys import ClientKey
from domain.people.partners import PartnerClient
from infra import clock, schedules
from infra.database import Db
from infra.events import declare
from infra.outbox import Event
from infra.reactions import reaction

WARNED_BEFORE = timedelta(days=30)
DUE = declare("clients.proofs_due")
log = structlog.get_logger()

schedules.recur(DUE, schedules.DAY, schedules.NIGHT)


class ProofKind(StrEnum):
    SECRET = "SECRET"  # noqa: S105 - no secret
    KEY = "KEY"


class ExpiringProof(NamedTuple):
    """`name`: which of the client's keys."""

    expires_at: datetime
    partner_id: UUID
    client_id: str
    kind: ProofKind
    name: str | None


async def soon(db: Db, client_id: str | None = None) -> list[ExpiringProof]:
    """The first to be over comes first; of one client, or of all."""
    until = await clock.now(db) + WARNED_BEFORE
    both: CompoundSelect[*tuple[Any, ...]] = union_all(_secrets(until, client_id), _keys(until, client_id))
    return [
        ExpiringProof(at, partner_id, client, ProofKind(kind), name)
        for at, partner_id, client, kind, name in await db.execute(both.order_by("expires_at"))
    ]


@reaction(DUE, stored_as="warn_of_expiring_proofs")
async def warn(db: Db, event: Event) -> None:
    """Tell the log of each, every night until it is renewed; the metrics count them meanwhile."""
    for each in await soon(db):
        log.warning("client.proof_expires", partner_id=str(each.partner_id), kind=each.kind.value, name=each.client_id)


def _secrets(until: datetime, client_id: str | None) -> Select[datetime, UUID, str, str, str | None]:
    secrets = select(
        PartnerClient.secret_expires_at.label("expires_at"),
        PartnerClient.partner_id,
        PartnerClient.client_id,
        literal(ProofKind.SECRET.value, String),
        literal(None, String),
    ).where(PartnerClient.secret_expires_at <= until)
    return secrets if client_id is None else secrets.where(PartnerClient.client_id == client_id)  # type: ignore[return-value]


def _keys(until: datetime, client_id: str | None) -> Select[datetime, UUID, str, str, str]:
    keys = (
        select(
            ClientKey.expires_at,
            PartnerClient.partner_id,
            PartnerClient.client_id,
            literal(ProofKind.KEY.value, String),
            ClientKey.id,
        )
        .join(PartnerClient, PartnerClient.client_id == ClientKey.client_id)
        .where(ClientKey.expires_at <= until)
    )
    return keys if client_id is None else keys.where(PartnerClient.client_id == client_id)
