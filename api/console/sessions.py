"""`/console/session`: POST begins a working day with password and TOTP, DELETE ends it."""

import asyncio
from datetime import datetime

import orjson
from starlette.endpoints import HTTPEndpoint
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from api.addresses import client_address
from api.asking import asks
from api.graphql.errors import REFUSED_SECONDS
from domain.people import staff_sessions, staff_signing_in
from domain.people.staff_signing_in import PROOF_LENGTH_MAX
from domain.permissions import Permission
from infra.database import transaction
from infra.errors import Refusal, RefusalCode, invalid
from infra.words import N_, preferred_locale, say

BODY_BYTES_MAX = 10_000
DEVICE_HEADER = "X-Longan-Device"  # says what its answer said the last time
NO_STORE = {"Cache-Control": "no-store"}
ANSWERS = {
    RefusalCode.INVALID: (400, "BAD_REQUEST"),
    RefusalCode.NOT_ALLOWED: (401, "UNAUTHENTICATED"),
    RefusalCode.RATE_LIMITED: (429, "RATE_LIMITED"),
}


@asks(Permission.PUBLIC)
class ConsoleSession(HTTPEndpoint):
    async def post(self, request: Request) -> Response:
        return await begin(request)

    async def delete(self, request: Request) -> Response:
        return await end(request)


async def begin(request: Request) -> Response:
    try:
        email, password, totp = _proofs(request.headers.get("content-type", ""), await request.body())
        ip, device = client_address(request.scope), request.headers.get(DEVICE_HEADER)
        session = await staff_signing_in.sign_in(email=email, password=password, code=totp, ip=ip, device_token=device)
    except Refusal as refusal:
        if refusal.code is RefusalCode.RATE_LIMITED:
            await asyncio.sleep(REFUSED_SECONDS)
        return _refused(request, refusal)
    answer = {"token": session.token, "expiresAt": _iso(session.expires_at)}
    return JSONResponse(answer, headers={**NO_STORE, DEVICE_HEADER: session.device_token})


def _proofs(content_type: str, body: bytes) -> tuple[str, str, str]:
    # Only JSON: another site's form can send anything else with a browser's help.
    if content_type.split(";")[0].strip().lower() != "application/json":
        raise invalid(N_("Send JSON, with Content-Type: application/json."), ())
    try:
        said = orjson.loads(body)
    except orjson.JSONDecodeError:
        said = None
    proofs = [said.get(name) for name in ("email", "password", "totp")] if isinstance(said, dict) else []
    texts = [proof for proof in proofs if isinstance(proof, str) and 0 < len(proof) <= PROOF_LENGTH_MAX]
    if len(texts) != 3:
        raise invalid(N_("Send email, password and totp, all of them text."), ())
    return texts[0], texts[1], texts[2]


async def end(request: Request) -> Response:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    async with transaction() as db:
        was_live = scheme.lower() == "bearer" and await staff_sessions.end(db, token.strip())
    if not was_live:
        return _refused(request, Refusal(RefusalCode.NOT_ALLOWED, N_("You were signed out. Please sign in again.")))
    return Response(status_code=204, headers=NO_STORE)


def _refused(request: Request, refusal: Refusal) -> Response:
    status, code = ANSWERS[refusal.code]
    locale = preferred_locale(request.headers.get("accept-language"))
    error = {"code": code, "message": say(refusal.message, locale, **refusal.values)}
    if refusal.retry_at is not None:
        error["retryAt"] = _iso(refusal.retry_at)
    headers = {**NO_STORE, "WWW-Authenticate": "Bearer"} if status == 401 else NO_STORE
    return JSONResponse({"error": error}, status, headers=headers)


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


routes: list[BaseRoute] = [Route("/console/session", ConsoleSession, max_body_size=BODY_BYTES_MAX)]
