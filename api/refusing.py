"""What a page says of a refusal: its sentence in the reader's language, and the status of the answer."""

from collections.abc import Mapping

from starlette.requests import Request

from api.html import locale_of
from infra.errors import Refusal, RefusalCode
from infra.words import say

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


def status_of(refusal: Refusal | None) -> int:
    """200 where nothing was refused; 409 where it does not go as things are."""
    return 200 if refusal is None else STATUSES.get(refusal.code, 409)
