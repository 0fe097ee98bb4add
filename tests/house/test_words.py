"""Every sentence that is marked in the code or on a page is said in Chinese too, with the same values in it, and no other is."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from infra.words import ROOMS, catalogue, preferred_locale, say

HOUSE = Path(__file__).parents[2]
VALUE = re.compile(r"\{(\w+)\}")
ON_A_PAGE = re.compile(r'\b(?:_|say)\("([^"]+)"')
HAN = r"[\u4e00-\u9fff]"
# A reason in a partner's or a reviewer's own words.
NOT_OURS = {"{said}"}


def marked(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "N_":
            yield ast.literal_eval(node.args[0])


@cache
def sentences(room: str) -> set[str]:
    pages = [path.read_text("utf-8") for path in (HOUSE / room).rglob("*.html")]
    code = {sentence for path in (HOUSE / room).rglob("*.py") for sentence in marked(path)}
    return code.union(*map(ON_A_PAGE.findall, pages))


@pytest.mark.parametrize("room", ROOMS)
def test_every_sentence_is_translated(room: str) -> None:
    assert sentences(room) - NOT_OURS - catalogue().keys() == set()


@pytest.mark.parametrize("room", ROOMS)
def test_a_translation_has_the_same_values(room: str) -> None:
    known = {sentence: catalogue()[sentence] for sentence in sentences(room) if sentence in catalogue()}
    assert [one for one, other in known.items() if set(VALUE.findall(one)) != set(VALUE.findall(other))] == []


def test_a_translation_is_chinese_and_of_what_is_said() -> None:
    assert catalogue().keys() - set().union(*map(sentences, ROOMS)) == set()
    others = {one for one, other in catalogue().items() if not re.search(HAN, other)}
    assert others == NOT_OURS | {"{tier} member", "Longan", "; ", " at {partner}"}


def test_a_sentence_is_translated_once() -> None:
    told: dict[str, set[str]] = {}
    for room in ROOMS:
        for path in (HOUSE / room / "locale").glob("*.po"):
            with path.open("rb") as file:
                for message in read_po(file, locale="zh"):
                    if message.id:
                        told.setdefault(str(message.id), set()).add(str(message.string))
    assert {sentence: ways for sentence, ways in told.items() if len(ways) > 1} == {}


def test_a_sentence_is_said_in_both_languages() -> None:
    sentence = "This code is wrong. Tries left: {left}."
    assert say(sentence, "en", left=4) == "This code is wrong. Tries left: 4."
    assert say(sentence, "zh", left=4) == "验证码有误，还可以再试 4 次。"


def test_what_is_counted_is_one_or_many() -> None:
    sentence = "{count} {count:product|products}"
    assert [say(sentence, "en", count=count) for count in ("1", 1, "0", "1,000")] == [
        "1 product",
        "1 product",
        "0 products",
        "1,000 products",
    ]
    assert say(sentence, "zh", count=1) == "1 个产品"


def test_a_sentence_without_values_may_hold_braces() -> None:
    assert say("{said}", "en") == "{said}"
    assert say("{said}", "en", said="{left}") == "{left}"


@pytest.mark.parametrize(
    ("header", "locale"),
    [
        (None, "zh"),
        ("", "zh"),
        ("zh-CN", "zh"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("en", "en"),
        ("en-GB;q=0.8", "en"),
        ("EN-us", "en"),
        ("fr", "zh"),
        ("fr-FR, en;q=0.5, zh;q=0.1", "en"),
        (";;,,", "zh"),
        ("en;q=0.3, zh;q=0.9", "zh"),
        ("zh;q=0.3, en;q=0.9", "en"),
        ("zh;q=0.5, en;q=0.5", "zh"),
        ("en;q=0.5, zh-CN;q=0.5", "en"),
        ("zh;q=0", "en"),
        ("zh-CN;q=0, zh-TW;q=0.000", "en"),
        ("en;q=0", "zh"),
        ("en;q=0, fr", "zh"),
        ("zh;q=0, en;q=0", "zh"),
        ("*", "zh"),
        ("zh;q=0, *", "en"),
        ("zh;q=0.2, *;q=0.5", "en"),
        ("en;q=0.001, fr", "en"),
        ("en ; q=1.000 , zh ; q=0.999", "en"),
        ("en;q=2, zh;q=0.1", "zh"),
        ("en;q=-1", "zh"),
        ("en;q=0.1234", "zh"),
        ("en;q=", "zh"),
        ("en;q=nan, zh;q=inf", "zh"),
        ("en;level=1", "zh"),
        ("english", "zh"),
        ("zhx, en;q=0.1", "en"),
        ("en-" + "x" * 9, "zh"),
        ("x," * 300 + "en", "zh"),
    ],
)
def test_the_language_that_is_wanted_most_of_those_we_speak_is_chosen(header: str | None, locale: str) -> None:
    assert preferred_locale(header) == locale


HALF_WIDTH = re.compile(rf"(?<=[%\u4e00-\u9fff])\s*[,;:?!()]|[,;:?!(]\s*(?={HAN})|(?<={HAN})\.(?={HAN}|$)")


def test_a_chinese_sentence_has_chinese_punctuation() -> None:
    """Values stand for words, so what stands beside one is judged as beside a word."""
    said = [one for one in catalogue().values() if re.search(HAN, one)]
    assert [one for one in said if HALF_WIDTH.search(VALUE.sub("字", one))] == []
