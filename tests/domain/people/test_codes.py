"""A code counts as it was meant, however it was typed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.people.codes import as_digits

WIDE = str.maketrans("0123456789", "０１２３４５６７８９")


@pytest.mark.parametrize(
    "typed",
    [
        "123456",
        "123 456",
        "123-456",
        " 123456 ",
        "123\u00a0456",
        "123–456",
        "１２３４５６",
        "１２３　４５６",
        "1 2 3 4 5 6",
        "１２３－４５６",
    ],
)
def test_however_it_is_typed(typed: str) -> None:
    assert as_digits(typed) == "123456"


@pytest.mark.parametrize(
    "typed", ["", "abc", "123456\n", "12 34x", "1" * 5000, "１" * 5000, "١٢٣٤٥٦", "²²²²²²x", "\x00123456"]
)
def test_what_is_no_code_stays_as_it_is(typed: str) -> None:
    assert as_digits(typed) == typed


@given(st.text(alphabet="0123456789", min_size=1, max_size=12), st.data())
def test_spaces_and_width_never_change_its_digits(code: str, data: st.DataObject) -> None:
    between = [data.draw(st.sampled_from(["", " ", "-", "\u3000", "\u2013"])) for _ in code]
    digits = [data.draw(st.sampled_from([digit, digit.translate(WIDE)])) for digit in code]
    assert as_digits("".join(digit + gap for digit, gap in zip(digits, between, strict=True))) == code
