"""A year at the terminal: days come in turn for whoever waits for them, and a story is lived through the open doors."""

import asyncio
import io
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import httpx2
import pytest
from rich.console import Console

from api.cli.demo import figures
from api.cli.demo.desks import CashierDesk, PartnerDesk, ReviewDesk
from api.cli.demo.year.calendar import YearCalendar
from api.cli.demo.year.life import YearDesks, YearLife, YearStory
from api.cli.demo.year.person import YearPerson
from api.cli.demo.year.stories import STORIES, belonging, returning
from api.cli.demo.year.year import arrive, outcome_of
from api.cli.demo.year.year_paper import STATUSES, YearOutcome, YearPaper
from api.dev import credentials
from domain.agreements.agreements import AgreementStatus
from domain.payments import looks
from infra.background import end
from infra.database import reading
from infra.settings import settings
from membership import benefits, catalogue
from membership.plans import plans
from tests.clocks import Clock
from tests.stories.test_tour import named_in
from tests.visiting import visitor
from tests.working import work_off

DAY = timedelta(days=1)


async def nothing() -> None:
    """What a morning brings to those who have no tokens."""


async def test_days_come_in_turn_and_one_story_goes_on_at_a_time(web: httpx2.AsyncClient, clock: Clock) -> None:
    told, calendar = list[tuple[str, date]](), YearCalendar(web, nothing)
    await calendar.read()
    today = calendar.today

    async def live(name: str, *days: int) -> None:
        for day in days:
            await calendar.until(today + DAY * day)
            await asyncio.sleep(0)
            told.append((name, calendar.today))

    await calendar.run(partial(live, "ann", 0, 3, 40), partial(live, "bob", 3, 5), partial(live, "eve"))
    days = [(name, (day - today).days) for name, day in told]
    assert days == [("ann", 0), ("ann", 3), ("bob", 3), ("bob", 5), ("ann", 40)]
    assert (await calendar.read()).date() - today in (DAY * 40, DAY * 39), "in the morning, by the product's clocks"


async def test_what_breaks_in_one_story_ends_all_of_them(web: httpx2.AsyncClient, clock: Clock) -> None:
    calendar, ended = YearCalendar(web, nothing), list[str]()
    await calendar.read()

    async def wait() -> None:
        try:
            await calendar.until(calendar.today + DAY * 9)
        finally:
            ended.append("waited")

    async def break_off() -> None:
        await calendar.until(calendar.today + DAY)
        raise LookupError("there is no such product")

    with pytest.raises(LookupError):
        await calendar.run(wait, break_off)
    await asyncio.sleep(0)
    assert ended == ["waited"]


@asynccontextmanager
async def app_and_worker() -> AsyncIterator[httpx2.AsyncClient]:
    """The app's address; meanwhile the worker does what is due for all that the answers name."""
    about: set[UUID] = set()

    async def hear(answer: httpx2.Response) -> None:
        about.update(named_in((await answer.aread()).decode()))

    async def work() -> None:
        while True:
            await work_off(*about)
            await asyncio.sleep(0.05)

    headers, hooks = {"Accept-Language": "en"}, {"response": [hear]}
    async with visitor(settings().public_url, headers=headers, event_hooks=hooks) as http:
        worker = asyncio.create_task(work())
        try:
            yield http
        finally:
            await end(worker)


@dataclass(frozen=True)
class LivedYear:
    """What was told of one story, on one line and in lines of a terminal of 80 columns, and what became of its person."""

    told: str
    lines: list[str]
    life: YearLife
    outcome: YearOutcome

    @property
    def figures(self) -> dict[str, Any]:
        return figures.of_year(self.outcome)


async def lived(story: YearStory, name: str) -> LivedYear:
    kept = credentials.read_credentials(settings().var / "dev-credentials.json")
    await credentials.let_in(kept)
    proofs: dict[str, Any] = kept.as_json()
    written = io.StringIO()
    paper = YearPaper("en", Console(file=written, width=80))
    async with app_and_worker() as http:
        person = YearPerson(http, settings().public_url, story.persona, name, "en")
        calendar = YearCalendar(http, person.renew)
        await calendar.read()
        shop, landlord = PartnerDesk(http, proofs), PartnerDesk(http, {"partner": proofs["landlord"]})
        desks = YearDesks(shop, landlord, ReviewDesk(http, proofs), CashierDesk(http))
        life = YearLife(person, calendar, desks, paper)
        await arrive(story, person, calendar, paper)
        await calendar.run(partial(story.live, life))
        outcome = await outcome_of(life, story)
    paper.closing([outcome], calendar.today, 1.5)
    return LivedYear(" ".join(written.getvalue().split()), written.getvalue().splitlines(), life, outcome)


async def test_a_phone_is_bought_and_returned_and_what_is_told_was_read(longan: None, clock: Clock) -> None:
    year = await lived(returning.STORY, "唐昕")
    agreement = year.figures["agreement"]
    assert (agreement["status"], agreement["owed"]["amount"]) == ("UNWOUND", "0.00")
    assert re.search(r"唐昕 comes with a phone and accounts: \d{3} points, grade [A-D]", year.told)
    assert "buys a phone in 6 instalments; it comes, and 3,000.00 CNY is owed" in year.told
    assert "unwound as if it had never been, 0.00 CNY owed" in year.told
    assert "唐昕 returns a phone within a week unwound 0.00 CNY" in year.told
    assert max(map(len, year.lines)) <= 80 and "…" not in year.told


async def test_a_member_uses_exactly_what_they_were_promised_and_has_back_what_it_did_not_save(
    longan: None, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beside what the catalogue of the house alone says: how much is held at each time, used, saved and given back."""
    monkeypatch.setattr(looks, "FIRST_LOOK", timedelta(0))  # the cashier is asked at once, for it is alone here
    year = await lived(belonging.STORY, "苏晚")
    known = {benefit.code: benefit for benefit in catalogue.BENEFITS}
    used = {code: min(wished, known[code].quota or wished) for code, wished in (*belonging.AT_FIRST, *belonging.LATER)}
    plan = next(each for each in catalogue.PLANS if each.code == "vip-year")
    saved = sum(known[code].cost * times for code, times in used.items())
    names = {known[code].name: times for code, times in used.items()}
    assert "苏晚 comes with a phone, and nothing else is known of them" in year.told
    assert (year.figures["used"], year.figures["tier"]["code"]) == (names, "GOLD")
    assert sum(used.values()) == next(tier for tier in catalogue.TIERS if tier.code == "PLATINUM").activity_at_least
    assert [year.figures[name]["amount"] for name in ("paid", "saved", "refunded")] == [
        f"{amount}.00" for amount in (plan.price, saved, plan.price - saved)
    ]
    held = [await held_by(*sources) for sources in PHASES]
    assert [int(count) for count in re.findall(r"(\d+) benefits(?! and)", year.told)] == held
    assert max(map(len, year.lines)) <= 80 and "…" not in year.told


# What grants benefits: who joins, who buys, who rose, who lost the plan, and who fell.
PHASES = (("tier:LITE",), ("tier:LITE", "plan"), ("tier:PLATINUM", "plan"), ("tier:PLATINUM",), ("tier:GOLD",))


async def held_by(*sources: str) -> int:
    async with reading() as db:
        sold = await plans.find(db, "vip-year")
        assert sold is not None
        granted = await benefits.granted_by(db, {sold.source if each == "plan" else each for each in sources})
    return len({each.code for every in granted.values() for each in every})


def test_each_state_and_each_story_has_words() -> None:
    assert {*STATUSES} == {status.value for status in AgreementStatus} - {"PENDING", "RETURNING"}
    assert len({story.name for story in STORIES}) == len(STORIES)
