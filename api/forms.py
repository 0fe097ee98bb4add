"""Forms of pages: the proof that one was shown to the browser that sends it."""

import hmac

from starlette.datastructures import FormData

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
