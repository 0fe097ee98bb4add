"""Sighting: that somebody registered, signed in or applied, from which network and with which device.

Nobody can read an address from its mark. Where the network lies is sealed under the person's own key.
"""

from dataclasses import asdict
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Index, select
from sqlalchemy.orm import Mapped, mapped_column

from infra import clock, locations, outbox, pruning, vault
from infra.database import Db
from infra.entity import Entity, Id, OwnerId
from infra.events import declare
from infra.locations import Location
from infra.networks import widest_of
from infra.privacy import Erasure, Export, Privacy
from infra.pruning import Stale

KEPT = timedelta(days=90)
PLACE, NETWORK = "sightings.place", "sighting-network"
MARK_BYTES = 16
SEEN = declare("sighting.made")


class SightingKind(StrEnum):
    REGISTERED = "REGISTERED"
    SIGNED_IN = "SIGNED_IN"
    APPLIED = "APPLIED"


class Sighting(Entity):
    """`device_id`: the first session that ever began on this device, whoever it was. `application_id`: of an APPLIED."""

    __tablename__ = "sightings"
    __privacy__ = Privacy(Export.GIVEN, Erasure.DELETED)

    user_id: Mapped[OwnerId]
    id: Mapped[Id] = mapped_column(init=False)
    kind: Mapped[SightingKind]
    at: Mapped[datetime]
    session_id: Mapped[UUID]
    device_id: Mapped[UUID]
    network: Mapped[bytes]
    place_sealed: Mapped[bytes | None]
    application_id: Mapped[UUID | None] = mapped_column(default=None)

    __table_args__ = (
        Index(None, "user_id", "at"),
        Index(None, "session_id"),
        Index(None, "device_id", "at"),
        Index(None, "network", "at"),
        Index(None, "at"),
    )


pruning.forget("prune_sightings", Stale(Sighting.at, pruning.ago(KEPT)))


async def of_session(
    db: Db, user_id: UUID, session_id: UUID, ip: str, *, device_id: UUID | None, is_new: bool
) -> Sighting:
    """Somebody signed in. `device_id`: the session that the device had last, whoever's; None where it never had one."""
    kind = SightingKind.REGISTERED if is_new else SightingKind.SIGNED_IN
    first = await _first_on(db, device_id) if device_id else None
    return await _make(db, user_id, kind, session_id, first or device_id or session_id, ip)


async def of_application(db: Db, user_id: UUID, session_id: UUID, ip: str, application_id: UUID) -> Sighting:
    """Somebody applied, on the device of this session."""
    device_id = await _first_on(db, session_id) or session_id
    return await _make(db, user_id, SightingKind.APPLIED, session_id, device_id, ip, application_id)


def place_of(sighting: Sighting, seal: vault.Seal) -> Location | None:
    return Location(**seal.open(sighting.place_sealed, PLACE)) if sighting.place_sealed else None


async def _first_on(db: Db, session_id: UUID) -> UUID | None:
    its = select(Sighting.device_id).where(Sighting.session_id == session_id)
    return (await db.execute(its.limit(1))).scalar_one_or_none()


async def _make(
    db: Db,
    user_id: UUID,
    kind: SightingKind,
    session_id: UUID,
    device_id: UUID,
    ip: str,
    application_id: UUID | None = None,
) -> Sighting:
    place = locations.locate(ip)
    sighting = Sighting(
        user_id=user_id,
        kind=kind,
        at=await clock.now(db),
        session_id=session_id,
        device_id=device_id,
        network=vault.mac(NETWORK, widest_of(ip).encode())[:MARK_BYTES],
        place_sealed=(await vault.seal_of(db, user_id)).close(asdict(place), PLACE) if place else None,
        application_id=application_id,
    )
    db.add(sighting)
    await outbox.announce(db, SEEN, user_id=user_id, subject_id=sighting.id)
    return sighting
