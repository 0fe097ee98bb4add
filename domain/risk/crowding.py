"""Crowding: more people on one device, or new from one network, than a family, an office or a dormitory has.

Each count slides: it is of exactly the time before the sighting that is looked at.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.dialects.postgresql import distinct_on

from domain.risk.sightings import Sighting, SightingKind
from domain.risk.signals import Suspect
from infra.database import Db

REGISTERED, APPLIED = Sighting.kind == SightingKind.REGISTERED, Sighting.kind == SightingKind.APPLIED


async def find_cluster(db: Db, sighting: Sighting, parameters: Mapping[str, float]) -> list[Suspect]:
    """Where a device has had `people` or more, those who registered on it within `new_days`, if they are `new` or more: a family
    does not come in a week.
    """
    here = Sighting.device_id == sighting.device_id
    everybody = await _people(db, here, sighting, timedelta(days=parameters["days"]))
    if everybody < parameters["people"]:
        return []
    new = await _first_of_each(db, [here, REGISTERED], sighting, timedelta(days=parameters["new_days"]))
    return _suspects(new, everybody) if len(new) >= parameters["new"] else []


async def find_rush(db: Db, sighting: Sighting, parameters: Mapping[str, float]) -> list[Suspect]:
    """The people who registered from a network within `minutes`, where they are many beside those who were known there."""
    if sighting.kind is not SightingKind.REGISTERED:
        return []
    here, lately = Sighting.network == sighting.network, timedelta(minutes=parameters["minutes"])
    new = await _first_of_each(db, [here, REGISTERED], sighting, lately)
    if len(new) < parameters["people"]:
        return []
    known = await _people(db, here, sighting, timedelta(days=parameters["known_days"])) - len(new)
    return _suspects(new, len(new)) if len(new) > parameters["share_of_known"] * known else []


async def find_applications(db: Db, sighting: Sighting, parameters: Mapping[str, float]) -> list[Suspect]:
    """The people who applied on one device within `hours`, where they are `people` or more."""
    if sighting.kind is not SightingKind.APPLIED:
        return []
    here, lately = Sighting.device_id == sighting.device_id, timedelta(hours=parameters["hours"])
    applied = await _first_of_each(db, [here, APPLIED], sighting, lately)
    return _suspects(applied, len(applied)) if len(applied) >= parameters["people"] else []


def _suspects(seen: Sequence[Sighting], people: int) -> list[Suspect]:
    return [Suspect(each, {"people": people, "new": len(seen)}) for each in seen]


async def _people(db: Db, here: ColumnElement[bool], sighting: Sighting, within: timedelta) -> int:
    counted = select(func.count(Sighting.user_id.distinct())).where(here, *_until(sighting, within))
    return int((await db.execute(counted)).scalar_one())


async def _first_of_each(
    db: Db, where: Sequence[ColumnElement[bool]], sighting: Sighting, within: timedelta
) -> Sequence[Sighting]:
    """The first sighting of each person in this time."""
    each = select(Sighting).where(*where, *_until(sighting, within)).ext(distinct_on(Sighting.user_id))
    return (await db.execute(each.order_by(Sighting.user_id, Sighting.at, Sighting.id))).scalars().all()


def _until(sighting: Sighting, within: timedelta) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return Sighting.at > sighting.at - within, Sighting.at <= sighting.at
