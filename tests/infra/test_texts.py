"""What somebody writes and somebody else reads: seen, on one line, and turning nothing around."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.errors import Refusal
from infra.texts import is_line, line

FIELD = ("input", "reasons")


@pytest.mark.parametrize(
    "text", ["We know you.", "我们了解您的还款情况。", "a\u0301", "Ünïcode", "👩‍👩‍👧", "می‌خواهم", "50 %", "-", "(!)"]
)
def test_what_can_be_read_is_kept(text: str) -> None:
    assert line(text, 200, FIELD) == unicodedata.normalize("NFC", text)


def test_spaces_around_it_are_not() -> None:
    assert line(" \u3000 Known here. \xa0", 12, FIELD) == "Known here."


UNSEEN = [
    "",
    " ",
    "\u3000\xa0 ",
    "\u200d",
    "\u200b",
    "\u3164",
    "\u115f\u1160",
    "\u2800",
    "\ufeff",
    "\u0301",
    "\ufe0f",
    "\U000e0041",
]
TURNING = ["a\u202eb", "a\u2066b\u2069", "a\u200fb", "a\u061cb"]
CONTROL = ["a\nb", "a\r\nb", "a\tb", "a\x00b", "a\x1b[31mb", "a\x85b", "a\u2028b", "a\u2029b", "a\x7fb"]
NO_CHARACTERS = ["a\ud83d", "a\ue000b", "a\uffffb"]


@pytest.mark.parametrize("text", [*UNSEEN, *TURNING, *CONTROL, *NO_CHARACTERS, "a" * 201])
def test_what_cannot_is_refused(text: str) -> None:
    with pytest.raises(Refusal, match=r"^INVALID$") as refused:
        line(text, 200, FIELD)
    assert (refused.value.field, refused.value.values) == (FIELD, {"most": 200})


@given(st.text(max_size=40))
def test_no_line_can_hide_itself_or_leave_its_line(text: str) -> None:
    if is_line(text, 40):
        assert len(text.splitlines()) == 1
        # Spaces of other scripts are as unprintable to Python as the marks that are refused.
        unprintable = {char for char in text if not char.isprintable() and unicodedata.category(char) != "Zs"}
        assert unprintable <= {"\u200c", "\u200d"}
        assert any(unicodedata.category(char)[0] in "LNPS" for char in text)
