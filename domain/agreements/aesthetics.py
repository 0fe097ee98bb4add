"""AESTHETICS: a treatment, owed part by part as it is done, and repaid in instalments; what was not done can be cancelled."""

from datetime import date, timedelta

from domain.agreements import limits, repaid_by_instalments, treatments, words
from domain.agreements.agreements import PAUSES, Agreement, life_of
from domain.agreements.kind import AgreementKind, Books, Sentences
from domain.agreements.movements import MovementKind
from domain.ledger.kinds import AccountKind
from domain.money.lives import LoanLife
from domain.money.loans import BookingKind
from infra.database import Db
from infra.words import N_


def _settles_from(agreement: Agreement, life: LoanLife) -> date:
    """With the last part; or else when it is too late for another one, with the last instalment."""
    treated = sum(each.parts.principal for each in life.bookings if each.kind is BookingKind.ADVANCE)
    return life.on if treated == agreement.amount else life.rows[-1].due_on


async def _is_treated(db: Db, agreement: Agreement) -> bool:
    return bool(await treatments.of_agreement(db, agreement))


KIND = AgreementKind(
    life=life_of("aesthetics", *PAUSES),
    books=Books(AccountKind.PRINCIPAL, AccountKind.LENT, AccountKind.DRAWABLE, MovementKind.PRINCIPAL),
    sentences=Sentences(N_("Treated, as the partner confirms."), N_("Treated, as the partner confirms.")),
    begin=limits.begin,
    has_begun=_is_treated,
    live=repaid_by_instalments.live,
    payoff=repaid_by_instalments.payoff,
    settles_from=_settles_from,
    waits=timedelta(days=90),
    arrived=words.TREATMENT_CONFIRMED,
    is_treated=True,
    is_replanned=True,
)
