"""Forms of pages: the proof that one was shown to the browser that sends it, and what was typed into it, kept until it is taken."""

import hmac
from collections.abc import Callable

from starlette.datastructures import FormData
from starlette.requests import Request

from infra import vault


def form_token(secret: str) -> str:
    """Only who knows the cookie's secret can make it, and it tells nothing of it."""
    return vault.mac("console-form", secret.encode()).hex()


def is_own_form(form: FormData, secret: str | None) -> bool:
    """Whether it has that proof; and no NUL, which nobody types and Postgres does not keep."""
    said = form.get("form_token")
    if not secret or not isinstance(said, str) or any("\0" in each for each in form.values() if isinstance(each, str)):
        return False
    return hmac.compare_digest(said.encode(), form_token(secret).encode())


def keep_typed(request: Request, form: FormData) -> None:
    """What a form of ours says stands in it again where it is refused, so that nobody types it twice."""
    request.state.typed = form


def typed_in(request: Request) -> Callable[[str], FormData]:
    """What was typed into the form that is sent to an address: nothing, unless this answers that form."""
    form = getattr(request.state, "typed", None) or FormData()
    return lambda address: form if address == request.url.path else FormData()
