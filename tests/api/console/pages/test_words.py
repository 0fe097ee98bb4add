"""Every sentence on the pages is said in both languages, with the same values in it."""

import ast
import re
from pathlib import Path

import pytest

from api.html import SHARED
from infra.words import say
from tests.api.console.pages.conftest import NewBrowser

PAGES = [Path(__file__).parents[4] / "api" / door / "pages" for door in ("console", "partner")]
VALUE = re.compile(r"\{(\w+)\}")


def marked(path: Path) -> list[str]:
    calls = (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call))
    return [
        ast.literal_eval(call.args[0]) for call in calls if isinstance(call.func, ast.Name) and call.func.id == "N_"
    ]


SENTENCES = {sentence for pages in PAGES for path in pages.glob("*.py") for sentence in marked(path)} | {
    sentence
    for templates in (SHARED, *(pages / "templates" for pages in PAGES))
    for path in templates.glob("*.html")
    for sentence in re.findall(r'\b(?:_|say)\("([^"]+)"', path.read_text())
}


@pytest.mark.parametrize("sentence", sorted(SENTENCES))
def test_a_sentence_is_translated(sentence: str) -> None:
    chinese = say(sentence, "zh")
    assert any("一" <= character <= "鿿" for character in chinese)
    assert set(VALUE.findall(chinese)) == set(VALUE.findall(sentence))
    assert say(sentence, "en") == sentence


@pytest.mark.parametrize(
    ("asked", "lang", "title"), [("zh-CN,en", "zh-CN", "登录"), ("en-GB", "en", "Sign in"), ("", "zh-CN", "登录")]
)
async def test_the_browser_says_which(browser_of: NewBrowser, asked: str, lang: str, title: str) -> None:
    response = await (await browser_of(None)).open("/console/sign-in", **{"Accept-Language": asked})
    assert f'<html lang="{lang}">' in response.text
    assert f"<title>{title} · Longan</title>" in response.text
