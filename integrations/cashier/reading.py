"""Reading what cashiers say of money: strictly, since it decides. What cannot be believed to the letter was not said."""

import re
from datetime import UTC, datetime
from uuid import UUID

from domain.payments.cashiers import CashierAway
from infra.money import MINOR_MAX, Money, decimals

DECIMAL = re.compile(r"[0-9]{1,15}(\.[0-9]{1,4})?")
ORDER_ID_MAX = 100
HEX = re.compile(r"[0-9a-f]{32}")


class NotBelieved(Exception):
    """A notification that the cashier did not send to us, or not now. `reason` is a short code for logs."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def decimal_amount(text: object, currency: str) -> Money:
    """An amount that is written as 88.00. Raises CashierAway for what is none."""
    try:
        if not isinstance(text, str) or not DECIMAL.fullmatch(text):
            raise ValueError
        return _positive(Money.of(text, currency))
    except ValueError:
        raise CashierAway("odd_amount") from None


def minor_amount(value: object, currency: object) -> Money:
    """An amount in minor units. Raises CashierAway for what is none."""
    try:
        if not isinstance(value, int) or isinstance(value, bool) or value > MINOR_MAX or not isinstance(currency, str):
            raise ValueError
        decimals(currency)
        return _positive(Money(value, currency))
    except ValueError:
        raise CashierAway("odd_amount") from None


def _positive(money: Money) -> Money:
    if money.minor <= 0:
        raise ValueError
    return money


def moment(text: object) -> datetime:
    """A time with its zone; now, where it can't be read: money is not refused for the cashier's calendar."""
    try:
        read = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        read = None
    return datetime.now(UTC) if read is None or read.tzinfo is None else read


def order_id(text: str) -> UUID | str:
    """Our own id, as we give it to cashiers; of what was never one, so much as can be written down."""
    if HEX.fullmatch(text):
        return UUID(hex=text)
    return "".join(char if char.isprintable() else "?" for char in text[:ORDER_ID_MAX])
