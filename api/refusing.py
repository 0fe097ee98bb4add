"""What a page does with a refusal: its sentence in the reader's language, and the status of the answer."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.graphql.errors import PublicError
from api.html import locale_of
from infra.database import Db, transact
from infra.errors import Refusal, RefusalCode
from infra.words import N_, say

NO_SUCH_PAGE = N_("There is no such page.")
AWAY = N_("This is not available just now. Please try again in a moment.")
BROKEN = N_("Something went wrong on our side. Please try again; if it stays, tell us when it happened.")
STATUSES: Mapping[RefusalCode, int] = {
    RefusalCode.NOT_FOUND: 404,
    RefusalCode.INVALID: 400,
    RefusalCode.COST_ABOVE_CAP: 400,
    RefusalCode.CODE_WRONG: 400,
    RefusalCode.NOT_ALLOWED: 403,
    RefusalCode.RATE_LIMITED: 429,
}


def sentence_of(request: Request, refusal: Refusal) -> str:
    return say(refusal.message, locale_of(request), **refusal.values)


def error_of(request: Request, refusal: Refusal | None) -> str | None:
    """The sentence of what was refused; None where nothing was."""
    return sentence_of(request, refusal) if refusal else None


def status_of(refusal: Refusal | None) -> int:
    """200 where nothing was refused; 409 where it does not go as things are."""
    return 200 if refusal is None else STATUSES.get(refusal.code, 409)


def why_failed(error: PublicError) -> str:
    """What a page says that cannot be shown."""
    return AWAY if error.http_status in {429, 503} else BROKEN


async def carry_out(
    verb: Callable[[Db], Awaitable[Any]], then: str, show: Callable[[Refusal], Awaitable[Response]]
) -> Response:
    """Do what a form asks for, in one transaction, and lead on to the address `then`; a refusal is shown instead."""
    try:
        await transact(verb)
    except Refusal as refusal:
        return await show(refusal)
    return RedirectResponse(then, 303)
