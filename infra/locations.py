"""Where an address is, and whether it is a gateway: read from the operator's own location files, which Longan does not bring.

Every `*.mmdb` of the folder is asked, in MaxMind's format: one of cities tells places, one of anonymous addresses and one of
connection types tell gateways. What no file tells is None, and whoever asks must not take it for a no.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from ipaddress import ip_address
from math import asin, cos, radians, sin, sqrt
from pathlib import Path
from typing import Any

from maxminddb import MODE_MMAP, InvalidDatabaseError, Reader, open_database

from infra.settings import settings

EARTH_KM = 6371.0
ANONYMOUS = ("is_anonymous", "is_anonymous_vpn", "is_hosting_provider", "is_public_proxy", "is_tor_exit_node")
CARRIERS = "Cellular"


@dataclass(frozen=True)
class Location:
    """`radius_km`: the place lies within so far of the point. `is_gateway`: many share the address, wherever they are."""

    latitude: float
    longitude: float
    radius_km: float
    is_gateway: bool | None


def are_known() -> bool:
    """Whether there is a file that tells places, and files that tell every kind of gateway."""
    kinds = {_kind(each) for each in _readers(settings().location_folder)}
    return kinds >= {"City", "Anonymous", "Connection"}


def locate(address: str) -> Location | None:
    """None where no file knows the address."""
    readers = _readers(settings().location_folder)
    if not readers:
        return None
    try:
        told = {_kind(each): _record(each, address) for each in readers}
    except ValueError:
        return None
    place = told.get("City", {}).get("location", {})
    if not {"latitude", "longitude", "accuracy_radius"} <= place.keys():
        return None
    return Location(place["latitude"], place["longitude"], place["accuracy_radius"], _is_gateway(told))


def distance_km(one: Location, other: Location) -> float:
    """Kilometres along the great circle between two points, by the haversine formula."""
    north, east = radians(other.latitude - one.latitude), radians(other.longitude - one.longitude)
    across = cos(radians(one.latitude)) * cos(radians(other.latitude)) * sin(east / 2) ** 2
    return 2 * EARTH_KM * asin(min(1.0, sqrt(sin(north / 2) ** 2 + across)))


def _is_gateway(told: Mapping[str, Mapping[str, Any]]) -> bool | None:
    """An anonymous address is listed, and what is not listed is none; a connection has a type, or is not known."""
    kind = told.get("Connection", {}).get("connection_type")
    if any(told.get("Anonymous", {}).get(name) for name in ANONYMOUS) or kind == CARRIERS:
        return True
    return False if "Anonymous" in told and kind is not None else None


def _record(reader: Reader, address: str) -> Mapping[str, Any]:
    found = reader.get(ip_address(address.partition("%")[0]))
    return found if isinstance(found, dict) else {}


def _kind(reader: Reader) -> str:
    """As `GeoIP2-Anonymous-IP` and `GeoLite2-City` are called."""
    words = reader.metadata().database_type.split("-")
    return next((word for word in ("City", "Anonymous", "Connection") if word in words), "")


@cache
def _readers(folder: Path | None) -> Sequence[Reader]:
    """Opened once: a program that is to read newer files is started anew."""
    paths = sorted(folder.glob("*.mmdb")) if folder else []
    try:
        return [open_database(path, MODE_MMAP) for path in paths]
    except (InvalidDatabaseError, OSError) as error:
        raise SystemExit(f"LONGAN_LOCATION_FOLDER has a file that is no location file: {error}") from None
