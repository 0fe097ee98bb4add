"""Sentences for people: written in English where they are said, translated in each room's `locale/zh.po`."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Literal

Locale = Literal["zh", "en"]
DEFAULT_LOCALE: Locale = "zh"
SPOKEN: tuple[Locale, ...] = (DEFAULT_LOCALE, "en")
UNNAMED = 0.0001  # below every weight that a header can give, above 0, which excludes
HEADER_MAX = 500  # characters of a header that are read
RANGE = re.compile(r"(\*|[a-z]{1,8})(?:-[a-z0-9]{1,8})*(?:[ \t]*;[ \t]*q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?))?")
ROOMS = ("infra", "domain", "membership", "ml", "integrations", "api")


def N_(msgid: str) -> str:
    """Mark a sentence for translation; it is translated when it is said."""
    return msgid


def say(msgid: str, locale: Locale, /, **values: object) -> str:
    """The sentence in the person's language, with its values filled in."""
    sentence = catalogue().get(msgid, msgid) if locale == "zh" else msgid
    return COUNTING.vformat(sentence, (), values) if values else sentence


class CountedWords(Formatter):
    """Fills in as `str.format`; and of `{count:day|days}` says the first word for 1, the second for every other number."""

    def format_field(self, value: object, spec: str) -> str:
        one, is_counted, many = spec.partition("|")
        return (one if str(value) == "1" else many) if is_counted else str(super().format_field(value, spec))


COUNTING = CountedWords()


def preferred_locale(accept_language: str | None) -> Locale:
    """The language, of those that we speak, with the greatest weight in an Accept-Language header, the first of equals;
    zh-CN where none is asked for. RFC 9110, 12.5.4; what is malformed is passed over.
    """
    wanted: dict[str, float] = {}
    for part in (accept_language or "")[:HEADER_MAX].lower().split(","):
        if range_ := RANGE.fullmatch(part.strip(" \t")):
            name, weight = range_[1], float(range_[2] or 1)
            wanted[name] = max(weight, wanted.get(name, 0.0))
    weights = {name: wanted.get(name, wanted.get("*", UNNAMED)) for name in [*wanted, *SPOKEN] if name in SPOKEN}
    return "en" if max(weights, key=lambda name: weights[name]) == "en" else "zh"


@cache
def catalogue() -> Mapping[str, str]:
    # Commands that say nothing in Chinese need not wait for it.
    from babel.messages.pofile import read_po

    house = Path(__file__).parent.parent
    sentences: dict[str, str] = {}
    for room in ROOMS:
        for path in sorted((house / room / "locale").glob("*.po")):
            with path.open("rb") as file:
                sentences |= {str(m.id): str(m.string) for m in read_po(file, locale="zh") if m.id and m.string}
    return sentences
