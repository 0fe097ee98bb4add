"""A request as RFC 6749 writes it, read to the letter, and the errors that it answers."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote_plus

from starlette.requests import Request

FORM = "application/x-www-form-urlencoded"
CREDENTIAL_LENGTH_MAX = 512

Form = Mapping[str, str]


class OAuthError(Exception):
    """An error of RFC 6749, section 5.2."""

    def __init__(
        self, error: str, description: str, status: int = 400, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(error)
        self.error = error
        self.description = description
        self.status = status
        self.headers = dict(headers or {})


@dataclass(frozen=True)
class ClientCredentials:
    client_id: str
    secret: str


async def form_of(request: Request) -> Form:
    """The form's parameters; one without a value counts as left out (RFC 6749, section 3.2). Duplicates are refused, and so is
    whatever stands in the address, which logs and histories keep.
    """
    if request.url.query:
        raise malformed("parameters belong in the body, never in the address")
    return parameters(request.headers.get("content-type", ""), await request.body())


def parameters(content_type: str, body: bytes) -> Form:
    if content_type.split(";")[0].strip().lower() != FORM:
        raise malformed(f"the body must be {FORM}")
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=bool(body), errors="strict")
    except ValueError:
        raise malformed("the body is not a form") from None
    if len({name for name, _ in pairs}) < len(pairs):
        raise malformed("a parameter is given twice")
    return {name: value for name, value in pairs if value}


def required(form: Form, name: str) -> str:
    """Raises OAuthError where the form does not have it."""
    if name not in form:
        raise malformed(f"{name} is missing")
    return form[name]


def credentials_of(headers: list[str], form: Form) -> ClientCredentials:
    """A client's credentials, by HTTP Basic or in the body, never both (section 2.3)."""
    if len(headers) > 1:
        raise malformed("Authorization is given twice")
    if not headers:
        if "client_id" not in form or "client_secret" not in form:
            raise unknown_client()
        return _bounded(form["client_id"], form["client_secret"])
    credentials = _basic(headers[0])
    if "client_secret" in form or form.get("client_id", credentials.client_id) != credentials.client_id:
        raise malformed("the client signs in by HTTP Basic or in the body, not both")
    return credentials


def _basic(header: str) -> ClientCredentials:
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        raise unknown_client()
    try:
        text = base64.b64decode(encoded.strip(), validate=True).decode()
    except (binascii.Error, ValueError):
        raise unknown_client() from None
    client_id, colon, secret = text.partition(":")
    if not colon:
        raise unknown_client()
    return _bounded(unquote_plus(client_id), unquote_plus(secret))


def _bounded(client_id: str, secret: str) -> ClientCredentials:
    if max(len(client_id), len(secret)) > CREDENTIAL_LENGTH_MAX or "\0" in client_id:
        raise unknown_client()
    return ClientCredentials(client_id, secret)


def malformed(description: str) -> OAuthError:
    return OAuthError("invalid_request", description)


def unknown_client() -> OAuthError:
    """The one answer to a client that is not known and to a secret that is wrong."""
    challenge = {"WWW-Authenticate": 'Basic realm="longan", charset="UTF-8"'}
    return OAuthError("invalid_client", "client authentication failed", 401, challenge)
