"""What proves a partner's client and is over before long: its secret, or a key of its own."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

import structlog
from sqlalchemy import ColumnElement, CompoundSelect, Select, String, exists, literal, select, union_all
from sqlalchemy.orm import aliased

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


class Proof(NamedTuple):
    """`expires_at`: None of a secret that never is over. `name`: which of the client's keys, or nothing of its secret."""

    expires_at: datetime | None
    partner_id: UUID
    client_id: str
    kind: ProofKind
    name: str


class ExpiringProof(Proof):
    """One that is over before long, or is over."""

    expires_at: datetime


async def soon(db: Db, *whose: ColumnElement[bool]) -> list[ExpiringProof]:
    """The first to be over comes first; of the clients that this is true of, or of all. A key that another outlives is missed by
    nobody.
    """
    until = await clock.now(db) + WARNED_BEFORE
    later = aliased(ClientKey)
    outlived = exists().where(later.client_id == ClientKey.client_id, later.expires_at > until)
    both = union_all(
        _secrets(PartnerClient.secret_expires_at <= until, *whose),
        _keys(ClientKey.expires_at <= until, ~outlived, *whose),
    )
    return [ExpiringProof(*row) for row in await _asked(db, both.order_by("expires_at"))]


async def of_partner(db: Db, partner_id: UUID) -> list[Proof]:
    """All that prove a partner's clients, client by client, the secret first."""
    own = PartnerClient.partner_id == partner_id
    return [Proof(*row) for row in await _asked(db, union_all(_keys(own), _secrets(own)).order_by("client_id", "name"))]


@reaction(DUE, stored_as="warn_of_expiring_proofs")
async def warn(db: Db, event: Event) -> None:
    """Tell the log of each, every night until it is renewed; the metrics count them meanwhile."""
    for each in await soon(db):
        log.warning("client.proof_expires", partner_id=str(each.partner_id), kind=each.kind.value, name=each.client_id)


async def _asked(db: Db, both: CompoundSelect[*tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    rows = await db.execute(both)
    return [(at, partner_id, client, ProofKind(kind), name) for at, partner_id, client, kind, name in rows]


def _secrets(*which: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    return select(
        PartnerClient.secret_expires_at.label("expires_at"),
        PartnerClient.partner_id,
        PartnerClient.client_id.label("client_id"),
        literal(ProofKind.SECRET.value, String),
        literal("", String).label("name"),
    ).where(*which)


def _keys(*which: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    of_key = PartnerClient.client_id == ClientKey.client_id
    return (
        select(
            ClientKey.expires_at.label("expires_at"),
            PartnerClient.partner_id,
            PartnerClient.client_id.label("client_id"),
            literal(ProofKind.KEY.value, String),
            ClientKey.id.label("name"),
        )
        .join(PartnerClient, of_key)
        .where(*which)
    )
