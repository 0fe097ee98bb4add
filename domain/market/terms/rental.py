"""RENTAL: the same rent each month, and a deposit that a good grade waives in part or whole."""

from decimal import Decimal

from domain.credit.grades import Grade
from domain.market.goods import Goods
from domain.market.terms.deposits import split
from domain.market.terms.quote import KindTerms, Priced, Quote
from domain.money.instalments import Instalment
from infra.words import N_


def quote(priced: Priced, amount: int, months: int, annual_rate: Decimal | None, grade: Grade | None) -> Quote:
    """`amount` is the monthly rent. Nothing is lent, so nothing is owed for the use of money."""
    held, waived = split(priced.deposit, grade)
    return Quote(
        instalments=tuple(Instalment(number, amount, amount, 0) for number in range(1, months + 1)),
        monthly_payment=amount,
        total_cost=amount * months,
        annual_rate=None,
        annual_cost=Decimal(0),
        deposit=held,
        deposit_waived=waived,
    )


TERMS = KindTerms(
    N_("Rental"),
    N_("Rent each month"),
    "A home or a device to rent, with a deposit that good grades need not pay.",
    quote,
    usual_amount=3200,
    lends=False,
    goods=Goods.HOME,
)
