"""Refusals: everything that a person or a program can do wrong, said in words that help."""

from collections.abc import Callable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from infra.words import N_

T = TypeVar("T")


class RefusalCode(StrEnum):
    INVALID = "INVALID"
    NOT_FOUND = "NOT_FOUND"
    NOT_ALLOWED = "NOT_ALLOWED"
    RATE_LIMITED = "RATE_LIMITED"
    IDEMPOTENCY_MISMATCH = "IDEMPOTENCY_MISMATCH"
    IN_PROGRESS = "IN_PROGRESS"
    STALE = "STALE"
    STEP_UP_REQUIRED = "STEP_UP_REQUIRED"
    CODE_WRONG = "CODE_WRONG"
    CODE_EXPIRED = "CODE_EXPIRED"
    SESSION_ENDED = "SESSION_ENDED"
    ACCOUNT_LINKED_ELSEWHERE = "ACCOUNT_LINKED_ELSEWHERE"
    PROVIDER_REFUSED = "PROVIDER_REFUSED"
    PROVIDER_UNAVAILABLE = "PROVIDER_UNAVAILABLE"
    NOT_ENOUGH_KNOWN = "NOT_ENOUGH_KNOWN"
    NOT_ELIGIBLE = "NOT_ELIGIBLE"
    LIMIT_EXCEEDED = "LIMIT_EXCEEDED"
    OFFER_EXPIRED = "OFFER_EXPIRED"
    NOT_OPEN = "NOT_OPEN"
    QUOTA_SPENT = "QUOTA_SPENT"
    CONSENT_NOT_LIVE = "CONSENT_NOT_LIVE"
    SECOND_PERSON_REQUIRED = "SECOND_PERSON_REQUIRED"
    UNSAFE_URL = "UNSAFE_URL"
    COST_ABOVE_CAP = "COST_ABOVE_CAP"


class Refusal(Exception):
    """A refusal, as an exception (raising rolls back) or as a returned value (what was written stays).

    `message` is a msgid that `values` fill in; `field` is the path of the input that was wrong, in the client's names.
    `faults` are all that was wrong, where more was; the refusal itself is the first of them.
    """

    def __init__(
        self,
        code: RefusalCode,
        message: str,
        *,
        field: str | Sequence[str] | None = None,
        retry_at: datetime | None = None,
        **values: object,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.message = message
        self.field: tuple[str, ...] | None = (
            (field,) if isinstance(field, str) else None if field is None else tuple(field)
        )
        self.retry_at = retry_at
        self.values = values
        self.faults: tuple[Refusal, ...] = (self,)


def together(faults: Sequence[Refusal]) -> Refusal:
    """One refusal that tells all of them; there must be one."""
    first = faults[0]
    first.faults = tuple(each for fault in faults for each in fault.faults)
    return first


class Faults:
    """Gathers what is wrong with an input, so that all of it is told at once."""

    def __init__(self) -> None:
        self._found: list[Refusal] = []

    def of(self, check: Callable[[], T]) -> T | None:
        """What `check` answers; None where it refuses."""
        try:
            return check()
        except Refusal as refusal:
            self._found.append(refusal)
            return None

    def refuse(self) -> None:
        """Raises one refusal for all that was found, if anything was."""
        if self._found:
            raise together(self._found)


def invalid(message: str, field: str | Sequence[str], **values: object) -> Refusal:
    return Refusal(RefusalCode.INVALID, message, field=field, retry_at=None, **values)


def not_found(message: str, field: str | Sequence[str] | None = None) -> Refusal:
    return Refusal(RefusalCode.NOT_FOUND, message, field=field)


def in_progress() -> Refusal:
    return Refusal(RefusalCode.IN_PROGRESS, N_("We are still working on this request. Please ask again in a moment."))
