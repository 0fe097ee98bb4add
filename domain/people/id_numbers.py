"""Id numbers of mainland China: 18 characters of GB 11643, with a region, a birth date, and a digit that checks the others."""

import unicodedata
from dataclasses import dataclass, field
from datetime import date

from infra.errors import invalid
from infra.words import N_

FIELD = ("input", "idNumber")
LENGTH = 18
WEIGHTS = tuple(pow(2, 17 - place, 11) for place in range(17))  # ISO 7064, MOD 11-2
CHECKS = "10X98765432"
FIRST_YEAR = 1900
# GB/T 2260; 83 and 91 are of residents from Taiwan and from abroad, whose permits are numbered alike.
_RANGES = ((11, 15), (21, 23), (31, 37), (41, 46), (50, 54), (61, 65), (71, 71), (81, 83), (91, 91))
REGIONS = frozenset(str(region) for first, last in _RANGES for region in range(first, last + 1))


@dataclass(frozen=True)
class IdNumber:
    """A number that is well formed; whether it is anybody's is for a register to say."""

    text: str = field(repr=False)
    birth_date: date = field(repr=False)


def parse(text: str) -> IdNumber:
    """Refuses INVALID what cannot be an id number, and says what is wrong with it."""
    number = "".join(unicodedata.normalize("NFKC", text[:64]).split()).upper()
    digits = number[:-1]
    if len(number) != LENGTH or not (digits.isascii() and digits.isdigit()) or number[-1] not in CHECKS:
        raise invalid(N_("An id number has 17 digits, and then a digit or X."), FIELD)
    if number[-1] != check_digit(digits):
        raise invalid(N_("Please check this id number: its last character does not agree with the others."), FIELD)
    birth_date = _date(number[6:14])
    if birth_date is None or number[:2] not in REGIONS:
        raise invalid(N_("There is no such id number: its region or its birth date does not exist."), FIELD)
    return IdNumber(number, birth_date)


def check_digit(digits: str) -> str:
    """The last character for these seventeen."""
    return CHECKS[sum(int(digit) * weight for digit, weight in zip(digits, WEIGHTS, strict=True)) % 11]


def _date(text: str) -> date | None:
    try:
        found = date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return None
    return found if found.year >= FIRST_YEAR else None
