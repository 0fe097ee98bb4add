"""Tokens: what was read carefully once is remembered, for the same door, address and key alone."""

from typing import Any

import pytest

from infra import tokens
from infra.settings import settings


@pytest.fixture(autouse=True)
def nothing_read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tokens that were read carefully."""
    read, carefully = list[str](), tokens._read_carefully

    def watched(audience: str, text: str) -> dict[str, Any] | None:
        read.append(text)
        return carefully(audience, text)

    monkeypatch.setattr(tokens, "_read_carefully", watched)
    monkeypatch.setattr(tokens, "READ_MAX", 2)
    tokens._read.clear()
    return read


def test_a_token_is_read_carefully_once(nothing_read: list[str]) -> None:
    token = tokens.issue("door", {"sub": "a", "exp": 1})
    assert [(tokens.read("door", token) or {})["sub"] for _ in range(3)] == ["a", "a", "a"]
    assert nothing_read == [token]


def test_what_is_no_token_is_never_remembered(nothing_read: list[str]) -> None:
    for text in ("", "x", "é", "\ud800", "a.b.c"):
        assert [tokens.read("door", text) for _ in range(2)] == [None, None]
    assert (len(nothing_read), dict(tokens._read)) == (10, {})


def test_one_that_was_read_is_nothing_at_another_door_or_address(monkeypatch: pytest.MonkeyPatch) -> None:
    token = tokens.issue("door", {"sub": "a", "exp": 1})
    assert tokens.read("door", token) and tokens.read("another", token) is None
    monkeypatch.setattr(settings(), "public_url", "https://elsewhere.example.com")
    assert tokens.read("door", token) is None


def test_those_read_longest_ago_are_forgotten(nothing_read: list[str]) -> None:
    first, second, third = [tokens.issue("door", {"sub": name, "exp": 1}) for name in "abc"]
    for token in (first, second, first, third, first, second):
        assert tokens.read("door", token)
    assert nothing_read == [first, second, third, second]
    assert len(tokens._read) == 2
