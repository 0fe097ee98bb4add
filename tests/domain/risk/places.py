"""Location files of a small country, written for tests in MaxMind's format."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from mmdb_writer import MMDBWriter
from netaddr import IPSet  # type: ignore[import-untyped]

from infra import locations
from infra.settings import settings

CITIES = {
    "1.1.0.0/16": (39.90, 116.40),  # Beijing
    "1.2.0.0/16": (31.23, 121.47),  # Shanghai
    "1.3.0.0/16": (25.04, 102.71),  # Kunming
    "1.4.0.0/16": (23.13, 113.26),  # Guangzhou, a carrier's gateway
    "1.5.0.0/16": (22.32, 114.17),  # Hong Kong, a VPN
    "1.6.0.0/16": (43.83, 87.62),  # Urumqi, of whose connections nobody knows the type
}
RADIUS_KM = 20


def write(folder: Path) -> Path:
    cities: dict[str, Any] = {
        network: {"location": {"latitude": place[0], "longitude": place[1], "accuracy_radius": RADIUS_KM}}
        for network, place in CITIES.items()
    }
    types = {network: {"connection_type": "Cable/DSL"} for network in ("1.1.0.0/16", "1.2.0.0/16", "1.3.0.0/16")}
    types |= {"1.4.0.0/16": {"connection_type": "Cellular"}, "1.5.0.0/16": {"connection_type": "Corporate"}}
    _file(folder, "GeoIP2-City", cities)
    _file(folder, "GeoIP2-Connection-Type", types)
    _file(folder, "GeoIP2-Anonymous-IP", {"1.5.0.0/16": {"is_anonymous": True, "is_anonymous_vpn": True}})
    return folder


def _file(folder: Path, kind: str, records: dict[str, Any]) -> None:
    writer = MMDBWriter(ip_version=4, database_type=kind)
    for network, record in records.items():
        writer.insert_network(IPSet([network]), record)
    writer.to_db_file(str(folder / f"{kind}.mmdb"))


@contextmanager
def known(folder: Path | None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the house read the location files of this folder."""
    with monkeypatch.context() as patch:
        patch.setattr(settings(), "location_folder", folder)
        locations._readers.cache_clear()
        yield
    locations._readers.cache_clear()
