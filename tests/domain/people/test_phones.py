"""Numbers of any country, written one way, and masked for showing."""

import pytest

from domain.people import phones
from infra.errors import Refusal


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("+8613800138000", "+8613800138000"),
        ("+86 138-0013-8000", "+8613800138000"),
        ("+44 7911 123456", "+447911123456"),
        ("+1 (202) 555-0143", "+12025550143"),
        ("＋８６ １３８００１３８０００", "+8613800138000"),
        ("+52 55 1234 5678", "+525512345678"),
        ("+52 1 55 1234 5678", "+525512345678"),
        ("+54 9 11 2345 6789", "+5491123456789"),
        ("+54 11 2345 6789", "+5491123456789"),
        ("+54 11 15 2345 6789", "+5491123456789"),
        ("+39 02 1234 5678", "+390212345678"),
    ],
)
def test_a_number_is_written_one_way(text: str, number: str) -> None:
    assert phones.parse(text) == number


@pytest.mark.parametrize(
    "text", ["", "13800138000", "+86", "+861380013800", "+99912345678", "phone", "+86" + "1" * 300]
)
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(Refusal, match=r"^INVALID$") as refused:
        phones.parse(text)
    assert refused.value.field == ("input", "phone")


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("+8613800138000", "+86 138****8000"),
        ("+447911123456", "+44 791****3456"),
        ("+3545885522", "+354 5****22"),
        ("+2250123456789", "+225 012****6789"),
        ("+24106031234", "+241 0****34"),
        ("+390212345678", "+39 021****5678"),
    ],
)
def test_a_number_is_shown_by_its_ends(number: str, shown: str) -> None:
    assert phones.masked(number) == shown


def test_limits_go_by_range_and_country() -> None:
    assert phones.prefix("+8613800138000") == "+861380013"
    assert phones.country("+12025550143") == "1"
    assert len(phones.index("+12025550143")) == 32
