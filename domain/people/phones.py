"""Phone numbers: E.164, masked for showing, found by blind index."""

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat

from infra.errors import invalid
from infra.vault import blind_index
from infra.words import N_


def parse(text: str, field: tuple[str, ...] = ("input", "phone")) -> str:
    """E.164, of any country. Refuses INVALID what cannot be a phone number."""
    try:
        number = phonenumbers.parse(text, None)
    except NumberParseException:
        number = None
    if number is None or not phonenumbers.is_possible_number(number) or not phonenumbers.is_valid_number(number):
        raise invalid(N_("This is not a phone number. Write it with its country, as +86 138 0013 8000."), field)
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def index(phone: str) -> bytes:
    return blind_index("phone", phone)


def country(phone: str) -> str:
    return str(phonenumbers.parse(phone).country_code)


def prefix(phone: str) -> str:
    """The range that a number lies in: all but its last four digits."""
    return phone[:-4]


def masked(phone: str) -> str:
    """+86 138****8000: enough to know one's own number by, too little to learn another's."""
    number = phonenumbers.parse(phone)
    digits = str(number.national_number)
    shown = digits[:3] if len(digits) >= 9 else digits[:1]
    return f"+{number.country_code} {shown}****{digits[-4:] if len(digits) >= 9 else digits[-2:]}"
