"""The tiers in a browser: every tier with its members, every benefit where it belongs."""

import re
from html import escape

from domain.actors import Role
from infra.database import reading
from membership import overview
from tests.api.console.pages.conftest import NewBrowser


async def test_each_tier_shows_its_members_and_benefits(browser_of: NewBrowser) -> None:
    text = (await (await browser_of(Role.MARKETING)).open("/console/tiers")).text
    async with reading() as db:
        known = await overview.tiers_with_counts(db)
    cards = dict(re.findall(r'<section class="tier rank(\d)">(.*?)</section>', text, re.DOTALL))
    assert list(cards) == [str(each.tier.rank) for each in known]
    for each in known:
        card = cards[str(each.tier.rank)]
        assert re.findall(r"<li><span>([^<]+)</span>", card) == [escape(benefit.name) for benefit in each.benefits]
    shown = re.findall(r'<th scope="row">([^<]+)</th>.*?<td class="n">([\d,]+)</td>', text)
    assert shown == [(each.tier.name, f"{each.members:,}") for each in reversed(known)]


async def test_quotas_are_said_in_words(browser_of: NewBrowser) -> None:
    told = await (await browser_of(Role.VIEWER)).text("/console/tiers")
    assert "Cinema ticket for 9.9 yuan 1 a month" in told
    assert "Member prices in partner shops unlimited" in told
