"""Regions, known by their countries."""

import pytest

from infra.regions import is_region


@pytest.mark.parametrize(
    ("code", "is_so"),
    [("CN-SH", True), ("CN-00", False), ("US-CA", True), ("QQ-1", False), ("x", False), ("JP-13\n", False)],
)
def test_a_region_is_known_by_its_country(code: str, is_so: bool) -> None:
    assert is_region(code) is is_so
