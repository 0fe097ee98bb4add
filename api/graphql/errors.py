"""Top-level errors: what a client may read of them, and what it may not."""

import re

import structlog
from graphql import GraphQLError
from strawberry.extensions import MaskErrors

from infra import database
from infra.errors import Refusal
from infra.settings import settings
from infra.telemetry import request_id
from infra.words import Locale, say

# That a refusal of one more takes: whoever goes on asking waits where it costs nobody anything.
REFUSED_SECONDS = 0.2
log = structlog.get_logger()
SUGGESTION = re.compile(r" Did you mean [^?]+\?")
# The library quotes what was sent, which may be a person's.
QUOTED = re.compile(r"(?:, found|; found|,? but encountered error '.*?'; found|\. Found): .*", re.DOTALL)


class PublicError(GraphQLError):
    """An error whose words are meant for the client. `http_status` is what the request ends with."""

    code = "BAD_REQUEST"
    sentence = "This request cannot be answered."
    http_status = 400

    def __init__(self, sentence: str | None = None) -> None:
        # Here already, since what an extension raises is never masked.
        super().__init__(sentence or self.sentence, extensions={"code": self.code, "requestId": request_id.get()})


class BadRequest(PublicError):
    pass


class Unauthenticated(PublicError):
    code, sentence, http_status = "UNAUTHENTICATED", "Please sign in.", 401


class SessionEnded(PublicError):
    code, sentence, http_status = "SESSION_ENDED", "You were signed out. Please sign in again.", 401


class Forbidden(PublicError):
    code, sentence, http_status = "FORBIDDEN", "This is not yours to do.", 403


class RateLimited(PublicError):
    code, sentence, http_status = "RATE_LIMITED", "Too many requests. Please try again later.", 429


class Unavailable(PublicError):
    code, sentence, http_status = "UNAVAILABLE", "This is not available just now. Please try again in a moment.", 503


class CostExceeded(PublicError):
    code, sentence = "COST_EXCEEDED", "This request asks for too much at once."


class NotMethod(PublicError):
    code, sentence, http_status = "BAD_REQUEST", "Ask by POST, or by GET for queries.", 405


class UnknownDocument(PublicError):
    code, sentence, http_status = "PERSISTED_QUERY_NOT_FOUND", "PersistedQueryNotFound", 200


class Failed(PublicError):
    code, sentence, http_status = "INTERNAL", "Something went wrong on our side.", 500


class Masking(MaskErrors):
    """Lets through what was meant for the client, gives every error a code and the request's id, hides the rest."""

    def __init__(self) -> None:
        super().__init__()

    def _process_errors(self, errors: list[GraphQLError]) -> list[GraphQLError]:
        return [public(error, self.execution_context.context.locale) for error in errors]


def public(error: GraphQLError, locale: Locale) -> GraphQLError:
    """The error as a client may read it. Doing it twice changes nothing."""
    original = error.original_error
    if original is not None and not isinstance(original, GraphQLError | Refusal):
        original = failure(original)
    if isinstance(original, PublicError):
        error = GraphQLError(original.message, error.nodes, path=error.path, extensions=dict(original.extensions or {}))
    elif isinstance(original, Refusal):
        # A refusal outside a mutation, as an argument of a field that cannot be: it is the client's to mend.
        sentence = say(original.message, locale, **original.values)
        error = GraphQLError(sentence, error.nodes, path=error.path, extensions={"code": "BAD_REQUEST"})
    if not settings().shows_schema:
        error.message = SUGGESTION.sub("", error.message)
    error.message = QUOTED.sub(".", error.message)
    error.extensions = {"code": "BAD_REQUEST", **(error.extensions or {}), "requestId": request_id.get()}
    return error


def failure(error: Exception) -> PublicError:
    """What a client may know of a failure of ours; the log knows more."""
    if database.is_away(error):
        log.warning("operation.unavailable", error=type(error).__name__)
        return Unavailable()
    log.error("operation.failed", exc_info=error)
    return Failed()


def formatted(error: PublicError) -> dict[str, object]:
    return {"errors": [{"message": error.message, "extensions": {"code": error.code, "requestId": request_id.get()}}]}
