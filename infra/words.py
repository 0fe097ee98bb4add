"""Sentences for people: written in English where they are said, translated in each room's `locale/zh.po`."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Literal

from babel.messages.pofile import read_po

Locale = Literal["zh", "en"]
DEFAULT_LOCALE: Locale = "zh"
ROOMS = ("infra", "domain", "membership", "ml", "integrations", "api")


def N_(msgid: str) -> str:
    """Mark a sentence for translation; it is translated when it is said."""
    return msgid


def say(msgid: str, locale: Locale, /, **values: object) -> str:
    """The sentence in the person's language, with its values filled in."""
    sentence = catalogue().get(msgid, msgid) if locale == "zh" else msgid
    return sentence.format(**values) if values else sentence


def preferred_locale(accept_language: str | None) -> Locale:
    """The first language of an Accept-Language header that we speak; zh-CN unless English is asked for."""
    for part in (accept_language or "").lower().split(","):
        tag = part.split(";")[0].strip()
        if tag.startswith("zh"):
            return "zh"
        if tag.startswith("en"):
            return "en"
    return DEFAULT_LOCALE


@cache
def catalogue() -> Mapping[str, str]:
    house = Path(__file__).parent.parent
    sentences: dict[str, str] = {}
    for room in ROOMS:
        for path in sorted((house / room / "locale").glob("*.po")):
            with path.open("rb") as file:
                sentences |= {str(m.id): str(m.string) for m in read_po(file, locale="zh") if m.id and m.string}
    return sentences
