"""Signing in and out by browser: the same two proofs as `POST /console/session`, kept in a cookie that no script reads."""

import asyncio
import re
import secrets
from datetime import timedelta
from typing import Any, ClassVar

from starlette.endpoints import HTTPEndpoint
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.addresses import client_address
from api.asking import asks
from api.forms import form_token, is_own_form
from api.graphql.errors import REFUSED_SECONDS
from api.refusing import sentence_of
from api.visits import OLD_FORM, PageVisit, SignedPages
from domain.people import staff_sessions, staff_signing_in
from domain.people.staff_signing_in import PROOF_LENGTH_MAX
from domain.permissions import Permission
from infra.database import transaction
from infra.errors import Refusal, RefusalCode, invalid
from infra.words import N_

DEVICE_LASTS = timedelta(days=365)
STATUS = {RefusalCode.INVALID: 400, RefusalCode.NOT_ALLOWED: 401, RefusalCode.RATE_LIMITED: 429}


@asks(Permission.PUBLIC)
class SigningIn(HTTPEndpoint):
    """The page of those who work at one place: a subclass says whose pages it opens."""

    pages: ClassVar[SignedPages[Any]]

    async def get(self, request: Request) -> Response:
        if await self.pages.visit_of(request):
            return RedirectResponse(self.pages.address, 303)
        return await self._show(request)

    async def post(self, request: Request) -> Response:
        form = await request.form()
        if not is_own_form(form, request.cookies.get(self._form_cookie)):
            return await self._show(request, 403, OLD_FORM)
        said = {name: str(form.get(name, "")) for name in ("email", "password", "totp")}
        try:
            return await self._signed_in(request, said, str(form.get("next", "")))
        except Refusal as refusal:
            if refusal.code is RefusalCode.RATE_LIMITED:
                await asyncio.sleep(REFUSED_SECONDS)
            sentence = sentence_of(request, refusal)
            return await self._show(request, STATUS[refusal.code], sentence, email=said["email"])

    async def _signed_in(self, request: Request, said: dict[str, str], after: str) -> Response:
        if not all(0 < len(proof.strip()) <= PROOF_LENGTH_MAX for proof in said.values()):
            raise invalid(N_("Fill in e-mail address, password and code."), ())
        session = await staff_signing_in.sign_in(
            email=said["email"],
            password=said["password"],
            code=said["totp"],
            ip=client_address(request.scope),
            device_token=request.cookies.get(self._device_cookie),
            at=self.pages.workplace,
        )
        is_ours = re.fullmatch(rf"{self.pages.address}(/[a-z]+)*", after)
        response = RedirectResponse(after if is_ours else self.pages.address, 303)
        self.pages.set_cookie(response, self.pages.cookie, session.token)
        self.pages.set_cookie(response, self._device_cookie, session.device_token, lasts=DEVICE_LASTS)
        self.pages.drop(response, self._form_cookie)
        return response

    async def _show(self, request: Request, status: int = 200, error: str | None = None, email: str = "") -> Response:
        secret = request.cookies.get(self._form_cookie) or secrets.token_urlsafe(24)
        await self.pages.prepare(request)
        after = request.query_params.get("next", "")
        shown = {"error": error, "email": email, "after": after, "form_token": form_token(secret)}
        response = self.pages.page(request, "sign_in.html", status, **shown)
        self.pages.set_cookie(response, self._form_cookie, secret)
        return response

    @property
    def _form_cookie(self) -> str:
        """Proves a form before anybody has signed in."""
        return f"{self.pages.cookie}_form"

    @property
    def _device_cookie(self) -> str:
        """Stays after signing out: somebody has signed in with this browser before."""
        return f"{self.pages.cookie}_device"


async def end_visit(pages: SignedPages[Any], visit: PageVisit[Any]) -> Response:
    async with transaction() as db:
        await staff_sessions.end(db, visit.token)
    response = RedirectResponse(pages.sign_in, 303)
    pages.drop(response, pages.cookie)
    return response
