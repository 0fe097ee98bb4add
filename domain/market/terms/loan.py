"""LOAN: money in hand less a fee, paid back in equal instalments."""

from decimal import ROUND_HALF_UP, Decimal

from domain.credit.grades import Grade
from domain.market.products import Product
from domain.market.terms.instalments import annual_cost, plan
from domain.market.terms.quote import Quote


def quote(product: Product, amount: int, months: int, annual_rate: Decimal | None, grade: Grade | None) -> Quote:
    rate = annual_rate if annual_rate is not None else product.annual_rate or Decimal(0)
    fee = int((amount * product.fee_rate).quantize(Decimal(1), rounding=ROUND_HALF_UP))
    instalments = plan(amount, rate, months)
    payments = [instalment.due for instalment in instalments]
    return Quote(
        instalments=instalments,
        monthly_payment=payments[0],
        total_cost=sum(payments) + fee,
        annual_rate=rate,
        annual_cost=annual_cost(amount - fee, payments),
    )
