"""LOAN: money in hand less a fee, paid back in equal instalments, or with the last one after interest each month."""

from decimal import Decimal

from domain.credit.grades import Grade
from domain.market.terms.cap import cost_cap
from domain.market.terms.quote import KindTerms, Priced, Quote
from domain.money.conventions import Rounding
from domain.money.instalments import annual_cost, plan, to_minor
from infra.words import N_


def quote(priced: Priced, amount: int, months: int, annual_rate: Decimal | None, grade: Grade | None) -> Quote:
    rate = annual_rate if annual_rate is not None else priced.annual_rate or Decimal(0)
    usual = _rounded(priced, amount, rate, months, Rounding.HALF_UP)
    cap = cost_cap()
    if usual.annual_cost == cap and usual.costs_more_than(cap):
        # Only the cents pass the cap, by less than anybody is shown. Rounded down, they cannot.
        return _rounded(priced, amount, rate, months, Rounding.DOWN)
    return usual


def _rounded(priced: Priced, amount: int, rate: Decimal, months: int, rounding: Rounding) -> Quote:
    fee = to_minor(amount * priced.fee_rate, rounding)
    instalments = plan(amount, rate, months, rounding, priced.amortisation)
    payments = [instalment.due for instalment in instalments]
    return Quote(
        instalments=instalments,
        monthly_payment=payments[0],
        total_cost=sum(payments) + fee,
        annual_rate=rate,
        annual_cost=annual_cost(amount - fee, payments),
        received=amount - fee,
        amortisation=priced.amortisation,
    )


TERMS = KindTerms(
    N_("Loan"), N_("Most that you can draw"), "Money, repaid in monthly instalments.", quote, usual_amount=8000
)
