"""Phone numbers: E.164, one way of writing each, masked for showing, found by blind index."""

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat, PhoneNumberType

from infra.errors import Refusal, invalid
from infra.settings import settings
from infra.vault import blind_index
from infra.words import N_

FIELD = ("input", "phone")
NOWHERE = "001"  # satellites and other numbers of no country
MEXICO, ARGENTINA = 52, 54


def parse(text: str, field: tuple[str, ...] = FIELD) -> str:
    """E.164, of any country. Refuses INVALID what cannot be a phone number."""
    try:
        number = _modern_spelling(phonenumbers.parse(text, None))
    except NumberParseException:
        raise _no_number(field) from None
    if not phonenumbers.is_possible_number(number) or not phonenumbers.is_valid_number(number):
        raise _no_number(field)
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def _modern_spelling(number: PhoneNumber) -> PhoneNumber:
    """A number in the spelling that networks use today, where it has two: they would be two people."""
    digits = phonenumbers.national_significant_number(number)
    if number.country_code == MEXICO and len(digits) == 11 and digits.startswith("1"):
        return _with(number, digits[1:])  # until 2020 a 1 stood before mobile numbers
    if number.country_code == ARGENTINA and len(digits) == 10 and not digits.startswith("9"):
        return _with(number, f"9{digits}")  # the 9 is left out where people write for each other
    return number


def _with(number: PhoneNumber, digits: str) -> PhoneNumber:
    return PhoneNumber(country_code=number.country_code, national_number=int(digits))


def _no_number(field: tuple[str, ...]) -> Refusal:
    return invalid(N_("This is not a phone number. Write it with its country, as +86 138 0013 8000."), field)


def refuse_unreachable(phone: str, field: tuple[str, ...] = FIELD) -> None:
    """Refuses INVALID a number that no code is sent to: of a kind that costs a lot or reads no messages, or of a country
    that is not served.
    """
    limits, number = settings().code_numbers, phonenumbers.parse(phone)
    kind = PhoneNumberType.to_string(phonenumbers.number_type(number))
    region = phonenumbers.region_code_for_number(number)
    if kind not in limits.types or region in (None, NOWHERE):
        raise invalid(N_("We cannot send a code to this kind of number. Please use a mobile number."), field)
    if limits.countries and region not in limits.countries:
        raise invalid(N_("We do not send codes to this country yet."), field)


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
    digits = phonenumbers.national_significant_number(number)
    shown = digits[:3] if len(digits) >= 9 else digits[:1]
    return f"+{number.country_code} {shown}****{digits[-4:] if len(digits) >= 9 else digits[-2:]}"
