"""What is checked of everything that marketing writes: its code, its money, and the version that was seen."""

import re

from infra.errors import Refusal, RefusalCode, invalid, not_found
from infra.money import Money
from infra.settings import settings
from infra.words import N_

CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}")
COMMENT_LENGTH_MAX = 1_000
VERSION = ("input", "expectedVersion")
STALE = N_("Somebody has changed this since. Please look at it again.")


def refuse_other_version(known: int | None, expected: int | None) -> None:
    """Refuses NOT_FOUND a version of what is not there, and STALE what is there and was not seen as it is."""
    if known is None and expected is not None:
        raise not_found(N_("There is nothing of this code yet."), ("input", "code"))
    if known != expected:
        raise Refusal(RefusalCode.STALE, STALE, field=VERSION)


def check_code(code: str) -> None:
    if not CODE.fullmatch(code):
        raise invalid(N_("Write 1 to 60 letters, digits, dots, dashes and underscores."), ("input", "code"))


def check_comment(comment: str) -> None:
    if len(comment) > COMMENT_LENGTH_MAX:
        raise invalid(N_("Write up to {most} characters."), ("input", "comment"), most=COMMENT_LENGTH_MAX)


def check_money(money: Money, field: str) -> None:
    """Refuses INVALID another currency than the house's, and less than nothing."""
    currency = settings().currency
    if money.currency != currency or money.minor < 0:
        raise invalid(N_("Enter an amount of 0 or more in {currency}."), ("input", field), currency=currency)
