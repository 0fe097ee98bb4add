"""Where addresses are: only what files tell, and what none tells is nothing."""

from pathlib import Path

import pytest

from infra import locations
from infra.locations import Location, distance_km
from tests.domain.risk import places


@pytest.mark.parametrize(
    ("address", "is_gateway"),
    [
        ("1.1.2.3", False),
        ("1.4.2.3", True),
        ("1.5.2.3", True),
        ("1.6.2.3", None),
        ("9.9.9.9", "nowhere"),
        ("no address", "nowhere"),
    ],
)
def test_an_address_lies_where_the_files_say(
    address: str, is_gateway: bool | str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with places.known(places.write(tmp_path), monkeypatch):
        assert locations.are_known()
        found = locations.locate(address)
        assert (found.is_gateway if found else "nowhere") == is_gateway


def test_without_files_nobody_is_anywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    with places.known(None, monkeypatch):
        assert (locations.are_known(), locations.locate("1.1.2.3")) == (False, None)


def test_a_file_that_is_none_lets_nothing_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "broken.mmdb").write_bytes(b"no location file")
    with places.known(tmp_path, monkeypatch), pytest.raises(SystemExit, match="LONGAN_LOCATION_FOLDER"):
        locations.locate("1.1.2.3")


def test_distances_are_those_of_the_globe() -> None:
    beijing, shanghai = Location(39.9042, 116.4074, 1, False), Location(31.2304, 121.4737, 1, False)
    assert round(distance_km(beijing, shanghai)) == 1067
    assert round(distance_km(Location(0, -180, 1, False), Location(0, 180, 1, False))) == 0
    assert round(distance_km(Location(90, 0, 1, False), Location(-90, 0, 1, False))) == 20015
