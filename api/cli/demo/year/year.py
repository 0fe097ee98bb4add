"""The year: six people arrive, each lives their story, and the clock moves from one day to the next that somebody waits for."""

import asyncio
import time
from collections.abc import Sequence
from functools import partial

import httpx2

from api.cli.demo.desks import CashierDesk, PartnerDesk, ReviewDesk, ready_credentials
from api.cli.demo.doors import RefusedAtDoor
from api.cli.demo.tour import TIMEOUT_SECONDS, Interrupted, personas
from api.cli.demo.year.calendar import YearCalendar
from api.cli.demo.year.life import YearDesks, YearLife, YearStory
from api.cli.demo.year.person import YearPerson
from api.cli.demo.year.stories import STORIES
from api.cli.demo.year.year_paper import YearOutcome, YearPaper
from infra.words import N_

ELSEWHERE = "A year needs a shop, a landlord and risk, whom only the machine that Longan runs on lets in. Run it there."


async def year(address: str, paper: YearPaper) -> list[YearOutcome]:
    """What became of each. Raises `Unreachable` and `Interrupted`."""
    headers = {"Accept-Language": "zh-CN" if paper.locale == "zh" else "en"}
    # What this drives is on this machine; a proxy that the environment names is not asked.
    async with httpx2.AsyncClient(base_url=address, headers=headers, timeout=TIMEOUT_SECONDS, trust_env=False) as http:
        await personas(http, address)
        credentials = await ready_credentials(address)
        if credentials is None:
            raise Interrupted(ELSEWHERE)
        shop = PartnerDesk(http, credentials)
        landlord = PartnerDesk(http, {"partner": credentials["landlord"]})
        desks = YearDesks(shop, landlord, ReviewDesk(http, credentials), CashierDesk(http))
        try:
            return await _everybody(http, address, paper, desks)
        except RefusedAtDoor as refusal:
            raise Interrupted(f"The year broke off, for Longan said: {refusal}") from None
        except TimeoutError:
            raise Interrupted("The year broke off: what was waited for did not come. Does the worker run?") from None
        except (httpx2.HTTPError, OSError) as error:
            raise Interrupted(f"The year broke off: {address} stopped answering ({type(error).__name__}).") from None


async def _everybody(http: httpx2.AsyncClient, address: str, paper: YearPaper, desks: YearDesks) -> list[YearOutcome]:
    paper.opening(address)
    began = time.monotonic()
    people = [YearPerson(http, address, story.persona, paper.words(story.name), paper.locale) for story in STORIES]

    async def morning() -> None:
        await asyncio.gather(*(person.renew() for person in people))

    calendar = YearCalendar(http, morning)
    await calendar.read()
    with paper.timed(paper.words(N_("They come, and link their accounts."))):
        await asyncio.gather(
            *(arrive(story, person, calendar, paper) for story, person in zip(STORIES, people, strict=True))
        )
    lives = [YearLife(person, calendar, desks, paper) for person in people]
    await calendar.run(*(partial(story.live, life) for story, life in zip(STORIES, lives, strict=True)))
    told = await _outcomes(lives)
    paper.closing(told, calendar.today, time.monotonic() - began)
    return told


async def arrive(story: YearStory, person: YearPerson, calendar: YearCalendar, paper: YearPaper) -> None:
    """Let one of them come, and tell it as soon as they are there."""
    await story.arrive(person)
    paper.arrived(calendar.today, person.name, person.score)


async def _outcomes(lives: Sequence[YearLife]) -> list[YearOutcome]:
    return await asyncio.gather(*(outcome_of(life, story) for life, story in zip(lives, STORIES, strict=True)))


async def outcome_of(life: YearLife, story: YearStory) -> YearOutcome:
    agreement = await life.person.look() if life.person.agreement_id else None
    return YearOutcome(life.person.name, story.title, agreement, life.figures)
