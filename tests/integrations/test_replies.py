"""Any bytes become a clean object or nothing."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.replies import (
    code_in,
    id_in,
    json_object,
    part_of,
    scopes_of,
    seconds,
    shown_name,
    token_in,
)

anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(codec=None, exclude_categories=()))  # lone surrogates too
    | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(st.binary(max_size=200))
def test_bytes_are_an_object_or_nothing(body: bytes) -> None:
    assert isinstance(json_object(body), dict | None)


@given(st.text(st.characters(codec=None, exclude_categories=()), max_size=50))
def test_what_is_read_can_be_kept(name: str) -> None:
    body = b'{"n": ' + _escaped(name) + b"}"
    reply = json_object(body)
    assert reply is not None
    assert orjson.loads(orjson.dumps(reply)) == reply


def _escaped(text: str) -> bytes:
    return b'"' + b"".join(f"\\u{unit:04x}".encode() for unit in _units(text)) + b'"'


def _units(text: str) -> list[int]:
    raw = text.encode("utf-16-le", "surrogatepass")
    return [int.from_bytes(raw[place : place + 2], "little") for place in range(0, len(raw), 2)]


@pytest.mark.parametrize(
    ("body", "read"),
    [
        (b'{"n": "\\ud83d"}', {"n": "\ufffd"}),
        (b'{"n": "\\ud83d\\ude00"}', {"n": "😀"}),
        (b'{"n": "a\x01\nb"}', {"n": "a\x01\nb"}),
        (b'{"n": "C:\\home"}', {"n": "C:\\home"}),
        (b'{"n": "\\\\d \\u12"}', {"n": "\\d \\u12"}),
        ('{"n": "小王"}'.encode("gbk"), {"n": "小王"}),
        ('\ufeff{"n": "小王"}'.encode(), {"n": "小王"}),
        (b'{"n": NaN, "m": 1e999, "k": 12345678901234567890}', {"n": None, "m": None, "k": "12345678901234567890"}),
        (b"[1]", None),
        (b"null", None),
        (b"", None),
        (b"[" * 100_000, None),
        (b'{"a":' * 30 + b"1" + b"}" * 30, None),
        (b'{"n": ' + b"9" * 5000 + b"}", None),
    ],
)
def test_odd_bodies_are_read_as_meant(body: bytes, read: object) -> None:
    assert json_object(body) == read


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("小王", "小王"),
        ("  小\n王\t ", "小 王"),
        ("a\x00\x1b[31mb", "a[31mb"),
        ("\u202egnp.exe", "gnp.exe"),
        ("👩‍👩‍👧", "👩‍👩‍👧"),
        ("\U0001fae8", "\U0001fae8"),
        (12345, "12345"),
        ("x" * 500, "x" * 200),
        ("\u200b\u200b", None),
        ("", None),
        (None, None),
        (True, None),
        (["a"], None),
        ({"a": 1}, None),
    ],
)
def test_a_name_is_shown_as_one_plain_line_or_not_at_all(value: object, name: str | None) -> None:
    assert shown_name(value) == name


@pytest.mark.parametrize(
    ("value", "id"),
    [
        ("o6_bmjrPT", "o6_bmjrPT"),
        (2088102, "2088102"),
        (None, ""),
        ("", ""),
        ("a b", ""),
        ("a\ufffd", ""),
        ("a\x00", ""),
        (True, ""),
        (1.5, ""),
        (["a"], ""),
        ("x" * 256, ""),
    ],
)
def test_an_id_is_a_plain_word_or_none(value: object, id: str) -> None:
    assert id_in({"openid": value}, "openid") == id


@pytest.mark.parametrize(
    ("value", "lasts"),
    [
        (7200, 7200),
        ("7200", 7200),
        (7200.9, 7200),
        (1_764_300_000_000, None),  # a moment in milliseconds
        (1_764_300_000, None),  # a moment in seconds
        ("9" * 5000, None),
        (float("nan"), None),
        (float("inf"), None),
        (-1, None),
        (0, None),
        (True, None),
        (None, None),
        ([7200], None),
        ("soon", None),
    ],
)
def test_a_duration_is_told_in_seconds_or_not_at_all(value: object, lasts: int | None) -> None:
    assert seconds(value) == lasts


@given(anything)
def test_every_reader_answers_whatever_stands_there(value: object) -> None:
    reply = {"a": value}
    assert isinstance(part_of(reply, "a", "b"), dict)
    assert isinstance(id_in(reply, "a"), str)
    assert isinstance(code_in(reply, "a"), str)
    assert isinstance(shown_name(value), str | None)
    assert isinstance(seconds(value), int | None)
    assert isinstance(token_in(reply, "a"), str | None)


def test_an_error_code_is_a_number_or_the_word_error() -> None:
    replies: list[dict[str, object]] = [
        {},
        {"errcode": 0},
        {"errcode": "-1"},
        {"errcode": None},
        {"errcode": "１"},
        {"errcode": {}},
    ]
    assert [code_in(reply, "errcode") for reply in replies] == ["0", "0", "-1", "0", "error", "error"]


def test_scopes_are_words() -> None:
    assert scopes_of("a,b\x00, c", ",") == ("a", "c")
    assert len(scopes_of("a " * 500, " ")) == 50
