"""What a product costs, by the terms of its kind; and what may be asked of it."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from domain.credit.grades import Grade
from domain.market.kinds import ProductKind
from domain.market.products import Product
from domain.market.terms.cap import cost_cap
from domain.market.terms.quote import Priced, Quote
from domain.money.cap import terms_cost_more
from infra.errors import Faults, Refusal, RefusalCode, invalid
from infra.money import Money, unit
from infra.words import N_


class PricedOfKind(Priced, Protocol):
    @property
    def kind(self) -> ProductKind: ...


@dataclass(frozen=True)
class Illustration:
    """The amount and term that a match's costs are shown for."""

    amount: int
    currency: str
    term_months: int
    quote: Quote


def quote(
    priced: PricedOfKind, amount: int, months: int, *, grade: Grade | None = None, annual_rate: Decimal | None = None
) -> Quote:
    """The binding figures for this amount (minor units) and term. `annual_rate` where a partner decided on another."""
    return priced.kind.terms.quote(priced, amount, months, annual_rate, grade)


def check(product: Product, amount: Money, months: int) -> None:
    """Refuses INVALID what this product does not offer, naming what it does."""
    faults = Faults()
    faults.of(lambda: _check_amount(product, amount))
    faults.of(lambda: _check_term(product, months))
    faults.refuse()


def _check_amount(product: Product, amount: Money) -> None:
    if amount.currency != product.currency:
        raise invalid(N_("This product is in {currency}."), ("input", "amount"), currency=product.currency)
    if not product.amount_min <= amount.minor <= product.amount_max:
        raise invalid(
            N_("Choose an amount from {low} to {high} {currency}."),
            ("input", "amount"),
            low=str(Money(product.amount_min, product.currency)),
            high=str(Money(product.amount_max, product.currency)),
            currency=product.currency,
        )


def _check_term(product: Product, months: int) -> None:
    if months not in product.term_months:
        offered = ", ".join(str(term) for term in product.term_months)
        raise invalid(N_("Choose a term of {offered} months."), ("input", "termMonths"), offered=offered)


def is_within_cap(product: Product) -> bool:
    """Whether it may be offered under the cap of today: fees weigh most over the shortest of its terms."""
    return product.annual_rate is None or not terms_cost_more(
        product.annual_rate, product.fee_rate, min(product.term_months), cost_cap()
    )


def refuse_above_cap(quoted: Quote, field: tuple[str, ...], cap: Decimal | None = None) -> None:
    """Refuses COST_ABOVE_CAP what costs more than the cap of today, or another one."""
    cap = cost_cap() if cap is None else cap
    if quoted.costs_more_than(cap):
        raise above_cap(quoted.yearly_return, field, cap)


def above_cap(yearly_return: Decimal, field: tuple[str, ...], cap: Decimal) -> Refusal:
    # With as many decimals as it takes to see that it is more.
    shown = [f"{yearly_return:.{places}%}" for places in range(2, 9) if round(yearly_return, places + 2) > cap]
    return Refusal(
        RefusalCode.COST_ABOVE_CAP,
        N_("All told, this would cost {cost} a year; the law allows up to {cap}."),
        field=field,
        cost=shown[0] if shown else f"{yearly_return:.9%}",
        cap=f"{(100 * cap).normalize():f}%",
    )


def refuse_uneven(quoted: Quote, months: int, field: tuple[str, ...]) -> None:
    """Refuses INVALID what is so little that its instalments would round to nothing, or leave most of it to the last."""
    if not quoted.is_even:
        raise invalid(
            N_("This amount is too small for {months} monthly payments. Choose a larger amount or a shorter term."),
            field,
            months=months,
        )


def illustrate(product: Product, grade: Grade | None, monthly_income: int | None) -> Illustration:
    """The amount and term that this person most likely means: about a month's income, over about a year."""
    wanted = monthly_income if monthly_income is not None else (product.amount_min + product.amount_max) // 2
    round_to = step(product.currency)
    amount = max(product.amount_min, min(product.amount_max, wanted // round_to * round_to))
    months = usual_term(product)
    return Illustration(amount, product.currency, months, quote(product, amount, months, grade=grade))


def step(currency: str) -> int:
    """Amounts are illustrated in hundreds of their currency; in minor units."""
    return 100 * unit(currency)


def usual_term(product: Product) -> int:
    """The term that is nearest to a year."""
    return min(product.term_months, key=lambda term: (abs(term - 12), term))
