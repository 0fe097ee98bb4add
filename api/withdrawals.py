"""`/providers/...`: where a provider tells that somebody took their permission back there, and where they see what we did."""

from urllib.parse import parse_qsl

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from infra.settings import settings
from infra.words import N_, preferred_locale, say
from integrations import withdrawing
from integrations.providers.failures import ProviderRefused

BODY_BYTES_MAX = 16_000
log = structlog.get_logger()


async def deauthorized(request: Request) -> Response:
    return await _withdrawn(request, to_forget=False)


async def deletion(request: Request) -> Response:
    return await _withdrawn(request, to_forget=True)


async def _withdrawn(request: Request, *, to_forget: bool) -> Response:
    """Answer as Facebook wants it: the code, and the page on which a person can follow it."""
    provider = request.path_params["provider"]
    try:
        code = await withdrawing.withdraw(provider, _form(await request.body()), to_forget=to_forget)
    except ProviderRefused as refused:
        log.warning("withdrawal.not_believed", reason=refused.reason)
        return JSONResponse({"error": "not believed"}, 400)
    url = f"{settings().public_url}/providers/{provider}/deletions/{code}"
    return JSONResponse({"url": url, "confirmation_code": code} if to_forget else {})


async def done(request: Request) -> Response:
    """What became of a deletion; it says nothing of whose it was."""
    at = withdrawing.of_code(request.path_params["provider"], request.path_params["code"])
    locale = preferred_locale(request.headers.get("accept-language"))
    if at is None:
        text = say(N_("There is no deletion of this code."), locale)
    else:
        name = say(at.provider.name, locale)
        text = say(N_("It is done: Longan keeps nothing any more that {provider} told of you."), locale, provider=name)
    headers = {"Content-Language": locale, "Cache-Control": "no-store"}
    return PlainTextResponse(f"{text}\n", 200 if at else 404, headers=headers)


def _form(body: bytes) -> dict[str, str]:
    try:
        return dict(parse_qsl(body.decode("ascii"), errors="strict", max_num_fields=10))
    except ValueError:
        return {}


routes: list[BaseRoute] = [
    Route("/providers/{provider}/deauthorization", deauthorized, methods=["POST"], max_body_size=BODY_BYTES_MAX),
    Route("/providers/{provider}/deletion", deletion, methods=["POST"], max_body_size=BODY_BYTES_MAX),
    Route("/providers/{provider}/deletions/{code}", done),
]
