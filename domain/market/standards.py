"""The standards that every product meets, whether the catalogue brings it or a partner."""

import re
from decimal import Decimal

from domain.market import quoting, rule_inputs
from domain.market.kinds import ProductKind
from domain.market.products import Product
from domain.market.terms.cap import cost_cap
from domain.money import late_fees
from domain.money.cap import terms_cost_more
from domain.money.loans import Amortisation
from infra.errors import Faults, invalid
from infra.texts import is_line
from infra.words import N_

SKU_MAX, TITLE_MAX = 64, 80
SKU = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]*")
TERMS_MAX, MONTHS_MAX = 12, 84
MUCH = 10**15


def check(product: Product) -> None:
    """Refuses INVALID or COST_ABOVE_CAP what may not be offered, naming every field and what would be right."""
    faults = Faults()
    faults.of(lambda: check_sku(product.sku))
    faults.of(lambda: _check_title(product.title))
    faults.of(lambda: _check_amounts(product))
    faults.of(lambda: _check_terms(product.term_months))
    faults.of(lambda: _check_annual_rate(product))
    faults.of(lambda: check_rate(product.fee_rate, "input", "feeRate"))
    faults.of(lambda: _check_late_fee(product))
    faults.of(lambda: _check_goods(product))
    faults.of(lambda: _check_amortisation(product))
    faults.of(lambda: rule_inputs.check(product.rules))
    # What is reckoned from the others makes sense only once they are right.
    faults.refuse()
    _check_deposit(product)
    _check_costs(product)


def check_sku(sku: str) -> None:
    if len(sku) > SKU_MAX or not SKU.fullmatch(sku):
        raise invalid(
            N_("An SKU has 1 to {most} letters, digits and . _ / -, and begins with a letter or a digit."),
            ("input", "sku"),
            most=SKU_MAX,
        )


def _check_title(title: str) -> None:
    # A line break in a title would forge a line of the terms that a person signs.
    if not is_line(title, TITLE_MAX):
        raise invalid(
            N_("A title has 1 to {most} characters that can be written on one line."),
            ("input", "title"),
            most=TITLE_MAX,
        )


def _check_amounts(product: Product) -> None:
    if not 0 < product.amount_min <= product.amount_max:
        raise invalid(
            N_("The smallest amount must be above 0, and no higher than the largest."), ("input", "amountMin")
        )
    if not product.kind.terms.lends and product.amount_min != product.amount_max:
        raise invalid(
            N_("This kind of product has one monthly price: both amounts are the same."), ("input", "amountMax")
        )


def _check_terms(months: list[int]) -> None:
    if (
        not 1 <= len(months) <= TERMS_MAX
        or months != sorted(set(months))
        or not 1 <= months[0] <= months[-1] <= MONTHS_MAX
    ):
        raise invalid(
            N_("Terms are 1 to {most} different numbers of months, shortest first, the longest up to {longest}."),
            ("input", "termMonths"),
            most=TERMS_MAX,
            longest=MONTHS_MAX,
        )


def _check_annual_rate(product: Product) -> None:
    if not product.kind.terms.lends:
        if product.annual_rate is not None:
            raise invalid(N_("This kind of product lends no money, so it has no annual rate."), ("input", "annualRate"))
    elif product.annual_rate is None:
        raise invalid(N_("A product that lends money needs an annual rate; it may be 0."), ("input", "annualRate"))
    else:
        check_rate(product.annual_rate, "input", "annualRate")


def _check_late_fee(product: Product) -> None:
    field = ("input", "lateFeeRate")
    check_rate(product.late_fee_rate, *field)
    if product.late_fee_rate > late_fees.RATE_MAX:
        raise invalid(
            N_("A late fee is at most {most} of what is late of an instalment."), field, most=late_fees.RATE_MAX
        )
    if product.late_fee_rate and not product.kind.terms.lends:
        raise invalid(N_("This kind of product lends no money, so it has no late fee."), field)


def _check_goods(product: Product) -> None:
    if product.goods is not None and product.kind.terms.goods is None:
        raise invalid(N_("Only a RENTAL says here what is rented."), ("input", "goods"))


def _check_amortisation(product: Product) -> None:
    field = ("input", "amortisation")
    if product.amortisation not in (Amortisation.EQUAL, Amortisation.INTEREST_ONLY):
        raise invalid(N_("Products are paid back EQUAL or INTEREST_ONLY."), field)
    if product.amortisation is Amortisation.INTEREST_ONLY and (
        product.kind is not ProductKind.LOAN or not product.annual_rate
    ):
        raise invalid(N_("Only a LOAN with a rate above 0 can be INTEREST_ONLY."), field)


def check_rate(rate: Decimal, *field: str) -> None:
    if not rate.is_finite() or not 0 <= rate < 1 or rate != round(rate, 5):
        raise invalid(N_("A rate is a fraction from 0 to below 1 with at most five decimals, as 0.12."), field)


def _check_deposit(product: Product) -> None:
    if product.deposit < 0:
        raise invalid(N_("A deposit cannot be below 0."), ("input", "deposit"))
    # No grade waives anything here, so a kind that has deposits holds all of it.
    if quoting.quote(product, product.amount_min, product.term_months[0]).deposit != product.deposit:
        raise invalid(N_("Only a RENTAL has a deposit."), ("input", "deposit"))


def _check_costs(product: Product) -> None:
    """A person may take any of these amounts and terms, so each end of each keeps the cap, before and after cents are rounded."""
    field, cap = ("input", "annualRate"), cost_cap()
    for months in product.term_months:
        if product.annual_rate is not None and terms_cost_more(product.annual_rate, product.fee_rate, months, cap):
            # Of so much, the cents do not count.
            raise quoting.above_cap(quoting.quote(product, MUCH, months).yearly_return, field, cap)
        least, most = [quoting.quote(product, amount, months) for amount in (product.amount_min, product.amount_max)]
        quoting.refuse_uneven(least, months, ("input", "amountMin"))
        quoting.refuse_above_cap(least, field)
        quoting.refuse_above_cap(most, field)
