"""What a person got, repaid by instalments with interest: how agreements of such kinds are worked out."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from domain.agreements.agreements import Agreement
from domain.market.products import PaymentOrder
from domain.money import lives
from domain.money.conventions import CHARGES_FIRST, LONGAN, LoanPart
from domain.money.lives import LoanLife, Payoff
from domain.money.loans import LoanEvent, LoanTerms

ORDERS = {
    PaymentOrder.CHARGES_FIRST: CHARGES_FIRST,
    PaymentOrder.PRINCIPAL_FIRST: (LoanPart.PRINCIPAL, LoanPart.INTEREST, LoanPart.FEE, LoanPart.PENALTY),
}


def live(agreement: Agreement, events: Sequence[LoanEvent], on: date) -> LoanLife:
    return lives.live(terms_of(agreement), events, on)


def payoff(agreement: Agreement, events: Sequence[LoanEvent], on: date) -> Payoff | None:
    return lives.payoff(terms_of(agreement), events, on)


def terms_of(agreement: Agreement) -> LoanTerms:
    order = ORDERS[agreement.payment_order]
    return LoanTerms(
        annual_rate=agreement.annual_rate,
        instalments=agreement.term_months,
        amortisation=agreement.amortisation,
        convention=replace(LONGAN, rounding=agreement.rounding, past_due=order, due=order, ahead=order),
        cap=agreement.cost_cap,
        late_fee_rate=agreement.late_fee_rate,
    )
