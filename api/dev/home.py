"""`/`: the house's page, with all that somebody needs who has just started it; embedded default only."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pyotp
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from api import health
from api.console.pages import rendering
from api.console.pages.visits import CONSOLE
from api.dev import clock as dev_clock
from api.dev.credentials import DevCredentials, NotSeeded, StaffCredentials, ready
from api.dev.past import making
from api.html import Pages, locale_of
from api.partner.pages.visits import PARTNERS
from api.visits import SignedPages
from domain.people import authenticators, invented, staff, staff_sessions
from domain.permissions import ROLE_NAMES, Role
from infra import clock, doorbell
from infra.database import reading, transaction
from infra.running import inventory
from infra.settings import settings
from infra.words import N_
from integrations.sandbox import answering
from integrations.sms import kept

HERE = Path(__file__).parent
README = HERE.parents[1] / "README.md"
PAGES = Pages(HERE, "/dev/static", shared=rendering.PAGES.static)
STEP_SECONDS = 30  # of a one-time code
MESSAGES = 8
LEAPS = {"PT15M": N_("15 minutes"), "PT2H": N_("2 hours"), "P1D": N_("a day"), "P30D": N_("30 days")}


@dataclass(frozen=True)
class StaffSignIn:
    """A member of staff as one needs them for signing in."""

    role: Role
    proofs: StaffCredentials
    code: str


async def home(request: Request) -> Response:
    credentials = await _credentials()
    async with reading() as db:
        now, real = await clock.now(db), await authenticators.authenticator_time(db)
        messages, made_up = await kept.newest(db, MESSAGES), await invented.standing(db)
    at = int(real.timestamp())
    return PAGES.page(
        request,
        "home.html",
        programs=await asyncio.to_thread(inventory.look, settings().var.resolve()),
        checks=orjson.loads(bytes((await health.readyz(request)).body))["checks"],
        people=answering.personas(locale_of(request)),
        partner=credentials.partner if credentials else None,
        staff=_staff(credentials, at) if credentials else [],
        role_names=ROLE_NAMES,
        seconds_left=STEP_SECONDS - at % STEP_SECONDS,
        messages=messages,
        now=now,
        ahead=now - real if now - real > timedelta(seconds=5) else None,
        leaps=LEAPS,
        invented=made_up,
        base=settings().public_url,
        has_readme=README.exists(),
    )


async def _credentials() -> DevCredentials | None:
    try:
        return await ready()
    except NotSeeded:
        return None


def _staff(credentials: DevCredentials, at: int) -> list[StaffSignIn]:
    return [
        StaffSignIn(role, proofs, pyotp.TOTP(proofs["totpSecret"]).at(at)) for role, proofs in credentials.staff.items()
    ]


async def sit_down(request: Request) -> Response:
    """Open the console as a member of staff in this role, without typing the proofs."""
    role = next((role for role in Role if role.value == request.path_params["role"]), None)
    credentials = await _credentials()
    if role is None or credentials is None:
        return PlainTextResponse("There is nobody in this role.\n", 404)
    return await _signed_in(CONSOLE, credentials.staff[role])


async def look_on(request: Request) -> Response:
    """Open a partner's pages as somebody of its own staff, without typing the proofs."""
    credentials = await _credentials()
    if credentials is None:
        return PlainTextResponse("There are no partners yet.\n", 404)
    return await _signed_in(PARTNERS, credentials.member)


async def _signed_in(pages: SignedPages[Any], proofs: StaffCredentials) -> Response:
    async with transaction() as db:
        member = await staff.find(db, proofs["email"], pages.workplace)
        assert member, "they were just let in"
        token, _ = await staff_sessions.begin(db, member)
    response = RedirectResponse(pages.address, 303)
    pages.set_cookie(response, pages.cookie, token)
    return response


async def leap(request: Request) -> Response:
    by = dev_clock.duration(str((await request.form()).get("advance", "")))
    if by is None:
        return PlainTextResponse("Send advance=PT1H, an ISO 8601 duration of up to ten years.\n", 400)
    async with transaction() as db:
        await clock.advance(db, by)
    await doorbell.ring_everywhere()
    return RedirectResponse("/#clock", 303)


async def take_in(request: Request) -> Response:
    """Count the invented people in the console, or leave them out."""
    await making.take_in((await request.form()).get("counted") == "yes")
    return RedirectResponse("/#invented", 303)


async def readme(request: Request) -> Response:
    return PlainTextResponse(await asyncio.to_thread(README.read_text, "utf-8"))


routes: list[Route] = [
    Route("/", home),
    Route("/dev/console/{role}", sit_down, methods=["POST"]),
    Route("/dev/partner", look_on, methods=["POST"]),
    Route("/dev/leap", leap, methods=["POST"]),
    Route("/dev/invented", take_in, methods=["POST"]),
    *([Route("/README.md", readme)] if README.exists() else []),
]
