"""The pages of `/oauth/authorize` in their frame: who asks, for what, until when, and what they would be told."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from api.console.pages.rendering import PAGES as CONSOLE
from api.forms import form_token
from api.html import POLICY, Pages, locale_of
from api.oauth.seats import Seat, page_of
from domain.actors import UserActor
from domain.consent import previewing
from domain.consent.consents import ConsentScope, Purpose
from domain.people import phones, second_signing, users
from domain.people.challenges import Challenge
from domain.people.partners import Partner
from domain.people.signing_in import DEVICE_NAME_MAX
from domain.people.users import User
from domain.sharing import answering
from infra import clock, vault
from infra.database import Db
from infra.words import N_, say
from integrations.sandbox.personas import PERSONAS

# The console may be closed to the world: its look is served here too.
PAGES = Pages(Path(__file__).parent, "/oauth/static", CONSOLE.static_folder)
NO_STORE = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
# Browsers hold a form's redirects to this too: the answer goes to the client's address, and from there wherever it leads.
ANSWERED = {**POLICY, "form-action": "'self' https:"}

PURPOSES: Mapping[Purpose, str] = {
    Purpose.LENDING: N_("Lending you money"),
    Purpose.RENTING: N_("Renting something to you"),
    Purpose.SHOPPING: N_("Selling something to you"),
    Purpose.INSURANCE: N_("Insuring you"),
    Purpose.EMPLOYMENT: N_("Employing you"),
}
SCOPES: Mapping[ConsentScope, str] = {
    ConsentScope.SCORE_CHECK: N_("Ask whether your grade is at least A, B, C or D: yes or no"),
    ConsentScope.SCORE_REPORT: N_("See your grade, your points and what weighs most"),
    ConsentScope.CONTRIBUTE_FACTS: N_("Tell us facts about you"),
}
assert PURPOSES.keys() == set(Purpose) and SCOPES.keys() == set(ConsentScope), "each has its words"


async def asking(db: Db, request: Request, seat: Seat, status: int = 200, error: str | None = None) -> Response:
    """What is asked, with the step that is next."""
    asked, now = seat.request, await clock.now(db)
    partner = await db.get_one(Partner, asked.partner_id)
    actor = await answering.seated(db, seat.browser)
    mine = await _of(db, request, seat, actor) if actor else await _step(db, partner, seat, now)
    return _page(
        request,
        "asking.html",
        status,
        error=error,
        partner=partner.name,
        website=urlsplit(asked.redirect_uri).netloc,
        purpose=PURPOSES[asked.purpose],
        scopes=[SCOPES[ConsentScope(scope)] for scope in asked.scopes],
        days=asked.days,
        until=now + timedelta(days=asked.days),
        here=page_of(asked),
        form_token=form_token(seat.form_secret),
        policy=_policy(asked.redirect_uri),
        **mine,
    )


async def _step(db: Db, partner: Partner, seat: Seat, now: datetime) -> dict[str, Any]:
    if seat.request.is_answered:
        return {"step": "answered"}
    if partner.is_test:
        return {"step": "persona", "personas": PERSONAS.values()}
    id = seat.request.challenge_id
    challenge = await db.get(Challenge, id) if id else None
    if challenge is None or challenge.expires_at <= now or challenge.answered_at is not None:
        return {"step": "phone"}
    half = await second_signing.still_asked(db, challenge) if challenge.half_at is not None else None
    return {"step": "factor", "options": half.options, "methods": half.methods} if half else {"step": "code"}


async def _of(db: Db, request: Request, seat: Seat, actor: UserActor) -> dict[str, Any]:
    user = await db.get_one(User, actor.user_id)
    phone = users.phone_of(user, await vault.seal_of(db, user.id))
    preview = await previewing.preview(db, actor.user_id, seat.request.scopes, locale_of(request))
    return {"step": "answer", "phone": phones.masked(phone), "preview": preview}


async def device_name(db: Db, request: Request, seat: Seat) -> str:
    """What the person finds this browser by among their devices."""
    partner = await db.get_one(Partner, seat.request.partner_id)
    return say(N_("Browser at {partner}"), locale_of(request), partner=partner.name)[:DEVICE_NAME_MAX]


def over(request: Request, status: int, sentence: str) -> Response:
    """Why it does not go on here."""
    return _page(request, "over.html", status, sentence=sentence)


def _policy(redirect_uri: str) -> Mapping[str, str]:
    parts = urlsplit(redirect_uri)
    own = f" {parts.scheme}://{parts.netloc}" if parts.scheme == "http" else ""
    return {**ANSWERED, "form-action": ANSWERED["form-action"] + own}


def _page(request: Request, template: str, status: int, policy: Mapping[str, str] = POLICY, **shown: Any) -> Response:
    page = PAGES.page(request, template, status, policy=policy, **shown)
    page.headers.update({**NO_STORE, "X-Frame-Options": "DENY"})
    return page
