"""Travelling: whoever is seen so far away so soon, with another device, is two people."""

from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy import select

from domain.risk.sightings import Sighting, place_of
from domain.risk.signals import Suspect
from infra import locations, vault
from infra.database import Db


async def find(db: Db, sighting: Sighting, parameters: Mapping[str, float]) -> list[Suspect]:
    """This sighting, where the one before it was too far away for the time between and on another device; else nothing.

    Nobody is where a VPN, a data centre or a carrier's gateway is: where one end is one, or may be one, nothing is said.
    """
    before = await _before(db, sighting, timedelta(hours=parameters["hours"]))
    if before is None or before.device_id == sighting.device_id:
        return []
    seal = await vault.seal_of(db, sighting.user_id)
    there, here = place_of(before, seal), place_of(sighting, seal)
    if there is None or here is None or there.is_gateway is not False or here.is_gateway is not False:
        return []
    km = locations.distance_km(there, here) - there.radius_km - here.radius_km
    hours = (sighting.at - before.at).total_seconds() / 3600
    if km < parameters["km_at_least"] or km <= parameters["km_per_hour"] * hours:
        return []
    return [Suspect(sighting, {"km": int(round(km, -1)), "minutes": int(hours * 60)})]


async def _before(db: Db, sighting: Sighting, within: timedelta) -> Sighting | None:
    theirs = select(Sighting).where(
        Sighting.user_id == sighting.user_id,
        Sighting.at > sighting.at - within,
        Sighting.at <= sighting.at,
        Sighting.id < sighting.id,
        Sighting.place_sealed.is_not(None),
    )
    return (await db.execute(theirs.order_by(Sighting.at.desc(), Sighting.id.desc()).limit(1))).scalar_one_or_none()
