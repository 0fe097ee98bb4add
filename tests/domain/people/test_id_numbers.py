"""Id numbers: the standard's own example, every slip of one character, and birth dates that never were."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from domain.people import id_numbers
from infra.errors import Refusal, RefusalCode

EXAMPLE = "11010519491231002X"  # of GB 11643-1999 itself


def by_the_book(digits: str) -> str:
    """The check character as ISO 7064 defines it: the whole is 1 modulo 11."""
    weighed = sum(int(digit) * 2 ** (17 - place) for place, digit in enumerate(digits))
    return next(character for value, character in enumerate("0123456789X") if (weighed + value) % 11 == 1)


def numbered(birth: str, *, region: str = "110105", place: str = "123") -> str:
    digits = f"{region}{birth}{place}"
    return digits + by_the_book(digits)


def refusal(text: str) -> tuple[RefusalCode, str]:
    with pytest.raises(Refusal) as refused:
        id_numbers.parse(text)
    assert refused.value.field == ("input", "idNumber")
    return refused.value.code, refused.value.message


SLIP = "Please check this id number: its last character does not agree with the others."
NEVER = "There is no such id number: its region or its birth date does not exist."
FORM = "An id number has 17 digits, and then a digit or X."


@given(st.dates(date(1900, 1, 1), date(2100, 1, 1)), st.integers(0, 999), st.sampled_from(sorted(id_numbers.REGIONS)))
@examples(max_examples=50)
def test_a_number_tells_its_birth_date(birth: date, place: int, region: str) -> None:
    text = numbered(f"{birth:%Y%m%d}", region=f"{region}0101", place=f"{place:03}")
    read = id_numbers.parse(f" {text[:6]} {text[6:].lower()} ")
    assert (read.text, read.birth_date) == (text, birth)


@given(st.integers(0, 16), st.integers(1, 9), st.integers(0, 15))
@examples(max_examples=100)
def test_one_wrong_digit_or_two_that_changed_places_are_noticed(place: int, by: int, swapped: int) -> None:
    one = EXAMPLE[:place] + str((int(EXAMPLE[place]) + by) % 10) + EXAMPLE[place + 1 :]
    assert refusal(one) == (RefusalCode.INVALID, SLIP)
    two = EXAMPLE[:swapped] + EXAMPLE[swapped + 1] + EXAMPLE[swapped] + EXAMPLE[swapped + 2 :]
    assert two == EXAMPLE or refusal(two) == (RefusalCode.INVALID, SLIP)


@pytest.mark.parametrize("birth", ["19490231", "19001301", "18991231", "20230229", "00000000"])
def test_a_birth_date_that_never_was_is_no_birth_date(birth: str) -> None:
    assert refusal(numbered(birth)) == (RefusalCode.INVALID, NEVER)


def test_a_region_that_does_not_exist_is_refused() -> None:
    assert refusal(numbered("19491231", region="990105")) == (RefusalCode.INVALID, NEVER)


@pytest.mark.parametrize("text", ["", "X" * 18, EXAMPLE[:-1], EXAMPLE + "1", "x" * 9999, "１" * 17 + "Z", "١" * 18])
def test_what_is_no_number_is_refused(text: str) -> None:
    assert refusal(text) == (RefusalCode.INVALID, FORM)


def test_full_width_digits_are_digits() -> None:
    full = "".join(chr(ord(char) + 0xFEE0) for char in EXAMPLE)
    assert id_numbers.parse(full).text == EXAMPLE


def test_nobody_reads_a_number_by_its_repr() -> None:
    assert EXAMPLE not in repr(id_numbers.parse(EXAMPLE)) and "1949" not in repr(id_numbers.parse(EXAMPLE))
