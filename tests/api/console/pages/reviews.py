"""What the tests of the review pages share: a case that waits, and the two steps of an answer."""

import re
from datetime import timedelta
from html import unescape
from typing import Any
from uuid import uuid4

import httpx2
from sqlalchemy import func, select

from domain.applications.applications import Application, ApplicationStatus
from domain.applications.decisions import Decision, DecisionOutcome
from infra import clock
from infra.database import reading, transaction
from tests.api.console.pages.conftest import Browser
from tests.api.people import Shop, apply_at, open_shop, shown_id

LONG_AGO = timedelta(days=-4000)


async def referred(promised_in: timedelta = LONG_AGO, shop: Shop | None = None, **more: Any) -> Application:
    """First in the queue, because nobody has waited as long."""
    shop = shop or await open_shop()
    application = await apply_at(shop, status=ApplicationStatus.IN_REVIEW, promised_in=promised_in, **more)
    async with transaction() as db:
        db.add(
            Decision(
                user_id=application.user_id,
                application_id=application.id,
                outcome=DecisionOutcome.REFER,
                decided_at=await clock.now(db),
                decided_by="rules",
                reasons_told=[["AMOUNT_LARGE", "More than {share} of a year's income.", {"share": "<30%>"}]],
                rule_version="test",
                model_version=None,
                vector_sealed=None,
            )
        )
    return application


def path_of(application: Application) -> str:
    return f"/console/reviews/{shown_id(application)}"


async def ask(browser: Browser, application: Application, **said: str) -> httpx2.Response:
    """The first step: the form of the case, as it was just shown."""
    shown = (await browser.open(path_of(application))).text
    fields = {"outcome": "decline", "reasons": "We looked.", **hidden(shown, "seen"), **said}
    return await browser.send(path_of(application), fields)


async def answer(browser: Browser, application: Application, **said: str) -> httpx2.Response:
    """Both steps, as they are for whoever has no script; `said` goes into the second too."""
    asked = await ask(browser, application, **said)
    if asked.status_code != 200:
        return asked
    fields = hidden(asked.text, "outcome", "reasons", "seen", "key")
    return await browser.send(path_of(application), {**fields, "final": "yes", **said})


def hidden(page: str, *names: str) -> dict[str, str]:
    found = {name: re.search(rf'name="{name}" value="([^"]*)"', page) for name in names}
    return {name: unescape(match[1]) for name, match in found.items() if match}


def new_key() -> str:
    return uuid4().hex


async def stands(application: Application) -> tuple[ApplicationStatus, int]:
    """Its status, and how many final decisions there are."""
    final = (Decision.application_id == application.id, Decision.outcome != DecisionOutcome.REFER)
    async with reading() as db:
        kept = await db.get_one(Application, (application.user_id, application.id))
        return kept.status, (await db.execute(select(func.count()).where(*final))).scalar_one()
