"""RENTAL: the use of a home or a device, for a rent each month, with a deposit that is held or waived."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from domain.agreements.agreements import OWING, TOO_LATE, UNWOUND, Agreement, AgreementStatus, life_of
from domain.agreements.kind import AgreementKind, Books, Sentences
from domain.agreements.movements import MovementKind
from domain.ledger.kinds import AccountKind
from domain.money import rents
from domain.money.conventions import LONGAN
from domain.money.lives import LoanLife, Payoff
from domain.money.loans import NOTHING, LoanEvent
from domain.money.rents import RentTerms
from infra.database import Db
from infra.lifecycle import Move
from infra.words import N_


def terms_of(agreement: Agreement, events: Sequence[LoanEvent], on: date) -> RentTerms | None:
    """The terms of the lease, as a notice until that day left them; None before the person has moved in."""
    known = [event for event in events if event.on <= on]
    convention = replace(LONGAN, rounding=agreement.rounding)
    return rents.terms_of(agreement.amount, agreement.term_months, known, convention)


def live(agreement: Agreement, events: Sequence[LoanEvent], on: date) -> LoanLife:
    terms = terms_of(agreement, events, on)
    return rents.live(terms, events, on) if terms else LoanLife(on, (), (), NOTHING, accrued=0, credit=0, next_on=None)


def payoff(agreement: Agreement, events: Sequence[LoanEvent], on: date) -> Payoff | None:
    terms = terms_of(agreement, events, on)
    return rents.payoff(terms, events, on) if terms else None


def _settles_from(agreement: Agreement, life: LoanLife) -> date:
    """A lease says by itself whether it is over, rent and deposit."""
    return life.on


async def _begin(db: Db, agreement: Agreement) -> None:
    """Nothing stands before the person has moved in."""


async def _has_begun(db: Db, agreement: Agreement) -> bool:
    """For its day it can be taken back, also by who has moved in."""
    return False


KIND = AgreementKind(
    life=life_of("a rental", Move(OWING, AgreementStatus.UNWOUND, UNWOUND, refused=TOO_LATE)),
    books=Books(AccountKind.RENT, AccountKind.RENT_EARNED, None, MovementKind.RENT, is_earned=True),
    sentences=Sentences(
        N_("Rent of month {number}, from {on}."),
        N_("Rent of month {number}, from {on}."),
        N_("Your payment, thank you: {principal} of rent."),
    ),
    begin=_begin,
    has_begun=_has_begun,
    live=live,
    payoff=payoff,
    settles_from=_settles_from,
    waits=timedelta(days=3),
    holds_deposit=True,
)
