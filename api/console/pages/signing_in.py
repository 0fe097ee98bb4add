"""Signing in and out: the same two proofs as `POST /console/session`, kept in a cookie that no script reads."""

import asyncio
import re
import secrets
from datetime import timedelta

from starlette.endpoints import HTTPEndpoint
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.addresses import client_address
from api.asking import asks
from api.console.pages.rendering import page
from api.console.pages.visits import (
    COOKIE,
    SIGN_IN,
    StaffVisit,
    drop,
    is_simulated,
    requires,
    set_cookie,
    visit_of,
)
from api.console.sessions import FIELD_LENGTH_MAX
from api.forms import form_token, is_own_form
from api.graphql.errors import REFUSED_SECONDS
from api.html import locale_of
from domain.people import staff_sessions, staff_signing_in
from domain.permissions import Permission
from infra.database import transaction
from infra.errors import Refusal, RefusalCode, invalid
from infra.words import N_, say

# Before anybody has signed in, a form is proven by a cookie of its own.
FORM_COOKIE = "longan_console_form"
# Stays after signing out: somebody has signed in with this browser before.
DEVICE_COOKIE = "longan_console_device"
DEVICE_LASTS = timedelta(days=365)
OWN_PAGE = re.compile(r"/console(/[a-z]+)*")
STATUS = {RefusalCode.INVALID: 400, RefusalCode.NOT_ALLOWED: 401, RefusalCode.RATE_LIMITED: 429}


@asks(Permission.PUBLIC)
class SignIn(HTTPEndpoint):
    async def get(self, request: Request) -> Response:
        if await visit_of(request):
            return RedirectResponse("/console", 303)
        return await _show(request)

    async def post(self, request: Request) -> Response:
        form = await request.form()
        if not is_own_form(form, request.cookies.get(FORM_COOKIE)):
            return await _show(request, 403, N_("This form is no longer valid. Please open the page again."))
        said = {name: str(form.get(name, "")) for name in ("email", "password", "totp")}
        try:
            return await _signed_in(request, said, str(form.get("next", "")))
        except Refusal as refusal:
            if refusal.code is RefusalCode.RATE_LIMITED:
                await asyncio.sleep(REFUSED_SECONDS)
            sentence = say(refusal.message, locale_of(request), **refusal.values)
            return await _show(request, STATUS[refusal.code], sentence, email=said["email"])


async def _signed_in(request: Request, said: dict[str, str], after: str) -> Response:
    if not all(0 < len(proof.strip()) <= FIELD_LENGTH_MAX for proof in said.values()):
        raise invalid(N_("Fill in e-mail address, password and code."), ())
    ip = client_address(request.scope)
    session = await staff_signing_in.sign_in(
        email=said["email"],
        password=said["password"],
        code=said["totp"],
        ip=ip,
        device_token=request.cookies.get(DEVICE_COOKIE),
    )
    response = RedirectResponse(after if OWN_PAGE.fullmatch(after) else "/console", 303)
    set_cookie(response, COOKIE, session.token)
    set_cookie(response, DEVICE_COOKIE, session.device_token, lasts=DEVICE_LASTS)
    drop(response, FORM_COOKIE)
    return response


async def _show(request: Request, status: int = 200, error: str | None = None, email: str = "") -> Response:
    secret = request.cookies.get(FORM_COOKIE) or secrets.token_urlsafe(24)
    request.state.simulated = await is_simulated()
    after = request.query_params.get("next", "")
    response = page(
        request, "sign_in.html", status, error=error, email=email, after=after, form_token=form_token(secret)
    )
    set_cookie(response, FORM_COOKIE, secret)
    return response


@requires(Permission.SIGNED_IN)
async def sign_out(request: Request, visit: StaffVisit) -> Response:
    async with transaction() as db:
        await staff_sessions.end(db, visit.token)
    response = RedirectResponse(SIGN_IN, 303)
    drop(response, COOKIE)
    return response
