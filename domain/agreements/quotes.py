"""Payoff quotes: what settles everything on a day, to the cent. A quote is worked out and sealed; nothing of it is stored."""

import base64
import binascii
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from domain.agreements.agreements import OWING
from domain.agreements.standings import AgreementStanding
from domain.money.loans import Parts
from infra import clock, vault
from infra.errors import invalid
from infra.words import N_

DAYS_AHEAD = 30
PURPOSE = "payoff-quote"


@dataclass(frozen=True)
class QuotedPayoff:
    """What its sealed id says. `acts` is how many it counted: they only grow, so with another one it is stale."""

    agreement_id: UUID
    on: date
    amount: int
    acts: int

    @property
    def honoured_until(self) -> datetime:
        """The end of its day: it counts by the time of the repayment, whenever the money arrives."""
        return clock.begins(self.on + timedelta(days=1))


@dataclass(frozen=True)
class PayoffQuote:
    quoted: QuotedPayoff
    parts: Parts
    currency: str

    @property
    def token(self) -> str:
        """What names this quote to clients; the same for the same quote."""
        quoted = self.quoted
        said = orjson.dumps([str(quoted.agreement_id), quoted.on, quoted.amount, quoted.acts])
        return base64.urlsafe_b64encode(_cipher().encrypt(said, [PURPOSE.encode()])).rstrip(b"=").decode()


def quote(standing: AgreementStanding, on: date | None = None) -> PayoffQuote | None:
    """None when nothing is owed. Refuses INVALID a day before today, and one too far ahead."""
    day = on or standing.on
    if not standing.on <= day <= standing.on + timedelta(days=DAYS_AHEAD):
        raise invalid(N_("Ask for a day from today to {most} days ahead."), "on", most=DAYS_AHEAD)
    payoff = standing.payoff(day) if standing.agreement.status in OWING else None
    if payoff is None:
        return None
    quoted = QuotedPayoff(standing.agreement.id, day, payoff.amount, len(standing.acts))
    return PayoffQuote(quoted, payoff.parts, standing.agreement.currency)


def opened(token: str) -> QuotedPayoff | None:
    """What a quote's id says; None where it is none of ours."""
    try:
        sealed = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        agreement_id, on, amount, acts = orjson.loads(_cipher().decrypt(sealed, [PURPOSE.encode()]))
    except (ValueError, binascii.Error, InvalidTag):
        return None
    return QuotedPayoff(UUID(agreement_id), date.fromisoformat(on), amount, acts)


def is_stale(quoted: QuotedPayoff, standing: AgreementStanding) -> bool:
    """Whether something happened since, its day is over, or it is for a later day and less settles everything now."""
    if len(standing.acts) != quoted.acts or standing.on > quoted.on:
        return True
    payoff = standing.payoff(standing.on)
    return payoff is None or payoff.amount != quoted.amount


def _cipher() -> AESSIV:
    return AESSIV(vault.mac(PURPOSE, b""))
