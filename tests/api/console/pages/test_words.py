"""Pages speak the language that the browser asks for."""

import pytest

from tests.api.console.pages.conftest import NewBrowser


@pytest.mark.parametrize(
    ("asked", "lang", "title"), [("zh-CN,en", "zh-CN", "登录"), ("en-GB", "en", "Sign in"), ("", "zh-CN", "登录")]
)
async def test_the_browser_says_which(browser_of: NewBrowser, asked: str, lang: str, title: str) -> None:
    response = await (await browser_of(None)).open("/console/sign-in", **{"Accept-Language": asked})
    assert f'<html lang="{lang}">' in response.text
    assert f"<title>{title} · Longan</title>" in response.text
