"""Campaigns in a browser: drafted, seen, approved by somebody else, scheduled, paused, ended, and copied."""

import re
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from domain.actors import Role
from infra import clock as clocks
from infra.database import reading, transaction
from membership.campaigns import approving, sizes
from membership.campaigns.campaigns import Campaign, CampaignMove, CampaignStatus
from tests.api.console.pages.conftest import Browser, NewBrowser, words_of
from tests.clocks import Clock
from tests.membership.campaigns.audience import crowd_of, told_of
from tests.membership.campaigns.running import status_of, tell_everybody
from tests.working import work_off

PAGE = "/console/campaigns"
SEEN = re.compile(r'name="seen" value="([0-9a-f]{64})"')
S = CampaignStatus


def form(**changes: Any) -> dict[str, Any]:
    usual = {
        "key": str(uuid4()),
        "name": f"Cinema {uuid4()}",
        "title_zh": "周末影院",
        "body_zh": "九块九看电影。",
        "title_en": "A film for 9.9",
        "body_en": "Members see a film for 9.9 yuan.",
        "benefit": "cinema-ticket",
        "budget": "2000",
        "holdout": "0",
    }
    return usual | changes


async def made_by(browser: Browser, **changes: Any) -> Campaign:
    said = form(**changes)
    answer = await browser.send(PAGE, said)
    assert answer.status_code == 303, words_of(answer)
    async with reading() as db:
        its = select(Campaign).where(Campaign.id == UUID(answer.headers["location"].removeprefix(f"{PAGE}/")))
        return (await db.execute(its)).scalar_one()


async def step(browser: Browser, campaign: Campaign, said: str, **also: str) -> int:
    return (await browser.send(f"{PAGE}/{campaign.id}", {"said": said, "key": str(uuid4()), **also})).status_code


async def test_a_place_that_no_list_has_leads_to_its_beginning(browser_of: NewBrowser) -> None:
    response = await (await browser_of(Role.VIEWER)).open(f"{PAGE}?skip=99999")
    assert (response.status_code, response.headers["location"]) == (303, PAGE)


async def test_from_a_draft_to_its_end(browser_of: NewBrowser, clock: Clock) -> None:
    marketer, approver = await browser_of(Role.MARKETING), await browser_of(Role.APPROVER)
    crowd = await crowd_of(2)
    campaign = await made_by(marketer, plans=crowd.code)
    its = f"{PAGE}/{campaign.id}"
    assert campaign.whom.plan_codes == (crowd.code,)
    assert "Draft" in await marketer.text(its) and "A film for 9.9" in await approver.text(its)
    assert await step(approver, campaign, "submit") == 403
    assert await step(marketer, campaign, "submit") == 303
    assert "Somebody else must approve it." in await marketer.text(its)
    [seen] = SEEN.findall((await approver.open(its)).text)
    assert await step(marketer, campaign, "approve", seen=seen) == 409
    assert await step(approver, campaign, "approve", seen="0" * 64) == 409
    assert await step(approver, campaign, "approve", seen=seen) == 303
    assert await step(marketer, campaign, "schedule") == 400
    assert await step(marketer, campaign, "schedule", ends="never") == 400
    ends = (await clock.now() + timedelta(days=7)).astimezone(clocks.zone())
    for _ in range(2):  # a lost reply: the browser sends the same form again
        said = {"ends": ends.strftime("%Y-%m-%dT%H:%M"), "key": "scheduled-at-once"}
        assert await step(marketer, campaign, "schedule", **said) == 303
    assert await step(marketer, campaign, "unschedule") == 303
    assert await step(marketer, campaign, "schedule", ends=ends.strftime("%Y-%m-%dT%H:%M")) == 303
    offered = re.findall(r'name="said" value="(\w+)"', (await approver.open(its)).text)
    assert offered == ["pause"]
    await work_off(campaign.id)
    await tell_everybody(campaign)
    assert await told_of(campaign.id, crowd.people) == crowd.people
    assert await step(marketer, campaign, "pause") == 303
    assert await step(marketer, campaign, "resume") == 303
    assert (await approver.send(f"{PAGE}/pause", {"reason": " ", "key": str(uuid4())})).status_code == 400
    assert (await approver.send(f"{PAGE}/pause", {"reason": "A wrong price.", "key": str(uuid4())})).status_code == 303
    listed = await marketer.text(PAGE)
    assert f"{campaign.name} (Paused)" in listed and "A wrong price." in listed
    assert await step(marketer, campaign, "end", comment="Enough.") == 303
    assert "Ended Somebody of marketing Enough." in await marketer.text(its)
    assert await status_of(campaign) is S.ENDED
    assert await step(marketer, campaign, "resume") == 409


async def test_what_the_house_says_of_a_step_is_read_in_ones_own_language(browser_of: NewBrowser) -> None:
    marketer = await browser_of(Role.MARKETING)
    campaign = await made_by(marketer)
    async with transaction() as db:
        of_the_house = CampaignMove(
            campaign_id=campaign.id, status=S.APPROVED, by_id=None, comment=approving.CHANGED, at=await clocks.now(db)
        )
        db.add(of_the_house)
    told = await marketer.open(f"{PAGE}/{campaign.id}", **{"Accept-Language": "zh-CN"})
    assert "此活动起草后，其权益已变更。" in told.text and approving.CHANGED not in told.text


async def test_a_copy_begins_as_the_old_one_was(browser_of: NewBrowser) -> None:
    marketer = await browser_of(Role.MARKETING)
    campaign = await made_by(marketer, tiers="GOLD", segments="HOME", days="30")
    copied = (await marketer.open(f"{PAGE}/new?copy={campaign.id}")).text
    for shown in (
        f'name="name" value="{campaign.name}"',
        'name="tiers" value="GOLD" checked',
        'name="segments" value="HOME" checked',
        'name="days" value="30"',
        'value="A film for 9.9"',
        '<option value="cinema-ticket" selected>',
        'name="budget" value="2000.00"',
    ):
        assert shown in copied
    assert 'name="tiers" value="LITE">' in copied
    assert (await marketer.open(f"{PAGE}/new?copy={uuid4()}")).status_code == 200


@pytest.mark.parametrize(
    ("changes", "name", "sentence"),
    [
        ({"name": ""}, "name", "Write 1 to 100 visible characters on one line."),
        ({"days": "soon"}, "days", "“soon” is not a number that belongs here."),
        ({"days": "731"}, "days", "Enter a number from 0 to 730."),
        ({"budget": "much"}, "budget", "“much” is not a number that belongs here."),
        ({"budget": "1"}, "budget", "Enter 28.00 CNY or more."),
        ({"holdout": "51"}, "holdout", "Enter a number from 0 to 50."),
        ({"title_zh": ""}, "title_zh", "Write 1 to 60 visible characters on one line."),
        ({"link_en": "nowhere"}, "link_en", "A link begins with longan:// or https:// and has no spaces."),
        ({"benefit": "gone"}, "benefit", "Nobody can be granted a benefit of this code now."),
        ({"tiers": "TIN"}, "tiers", "Name some of these codes: BLACK, GOLD, LITE, PLATINUM, SILVER."),
    ],
)
async def test_what_is_wrong_stands_at_its_field(
    browser_of: NewBrowser, changes: dict[str, str], name: str, sentence: str
) -> None:
    marketer = await browser_of(Role.MARKETING)
    answer = await marketer.send(PAGE, form(**changes))
    assert answer.status_code == 400
    assert f'id="wrong-{name}">{sentence}<' in answer.text and answer.text.count(f">{sentence}<") == 1
    assert 'value="A film for 9.9"' in answer.text


async def test_how_many_people_is_told_beside_the_form(browser_of: NewBrowser, monkeypatch: pytest.MonkeyPatch) -> None:
    marketer = await browser_of(Role.MARKETING)
    crowd = await crowd_of(1)
    part = await marketer.send(f"{PAGE}/audience", {"plans": crowd.code}, htmx=True)
    assert words_of(part).startswith("People below 200 Can be told below 200 Counted at ")
    whole = await marketer.send(f"{PAGE}/audience", form(plans=crowd.code))
    assert "People below 200" in words_of(whole) and 'value="A film for 9.9"' in whole.text
    wrong = await marketer.send(f"{PAGE}/audience", {"days": "-1"}, htmx=True)
    assert words_of(wrong) == "“-1” is not a number that belongs here."
    monkeypatch.setattr(sizes, "ASKED_MAX", 1)
    beyond = await marketer.send(f"{PAGE}/audience", form(days="637"))
    assert beyond.status_code == 429 and "So many audiences were counted" in words_of(beyond)


async def test_what_is_not_there_is_no_page(browser_of: NewBrowser) -> None:
    marketer = await browser_of(Role.MARKETING)
    for path in (f"{PAGE}/{uuid4()}", f"{PAGE}/nonsense"):
        for whole in (path, f"{path}/certificate"):
            assert (await marketer.open(whole)).status_code == 404
    campaign = await made_by(marketer)
    assert await step(marketer, campaign, "nonsense") == 404
    assert await step(await browser_of(Role.VIEWER), campaign, "submit") == 403
