"""A quote: what one amount over one term costs. KindTerms: how a kind of product makes one, and its words."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from domain.credit.grades import Grade
from domain.market.goods import Goods
from domain.money.cap import Flow, costs_more
from domain.money.instalments import Instalment, is_even, yearly_return
from domain.money.loans import Amortisation


class Priced(Protocol):
    """What a price is made of: a product as it is, or as it was when somebody applied."""

    @property
    def annual_rate(self) -> Decimal | None: ...
    @property
    def fee_rate(self) -> Decimal: ...
    @property
    def deposit(self) -> int: ...
    @property
    def amortisation(self) -> Amortisation: ...


@dataclass(frozen=True)
class Quote:
    """Money in minor units; rates as fractions of a year. `deposit` is asked for, `deposit_waived` is not, by grade.

    `received` is what the person has in hand at the start; None where nothing is lent.
    """

    instalments: tuple[Instalment, ...]
    monthly_payment: int
    total_cost: int
    annual_rate: Decimal | None
    annual_cost: Decimal
    received: int | None = None
    deposit: int = 0
    deposit_waived: int = 0
    amortisation: Amortisation = Amortisation.EQUAL

    @property
    def monthly_burden(self) -> int:
        """What has to be found for it each month; of a last instalment that repays all, a month's part."""
        if self.amortisation is not Amortisation.INTEREST_ONLY:
            return self.monthly_payment
        return -(-sum(row.due for row in self.instalments) // len(self.instalments))

    @property
    def is_even(self) -> bool:
        """Whether something is due each month, and of equal instalments each repays something, and the last is no lump."""
        if self.amortisation is Amortisation.INTEREST_ONLY:
            return min(row.due for row in self.instalments) > 0
        return is_even(self.instalments)

    @property
    def yearly_return(self) -> Decimal:
        """`annual_cost` before it is rounded."""
        return (
            Decimal(0) if self.received is None else yearly_return(self.received, [row.due for row in self.instalments])
        )

    def costs_more_than(self, cap: Decimal) -> bool:
        """Whether it costs more than this a year, to the cent, exactly. A deposit does not count: it is given back."""
        if self.received is None:
            return False
        return costs_more([Flow(-self.received, 0), *(Flow(row.due, row.number) for row in self.instalments)], cap)


@dataclass(frozen=True)
class KindTerms:
    """What tells one kind of product from the others. `name` is what people read, `amount` what its amount is called in its
    papers, `meaning` what the schemas say of it.

    `quote` takes the product, an amount in minor units, months, another annual rate than the product's, and a grade.
    `usual_amount`, in whole units of a currency, is what most products of the kind are about; invented markets are made of it.
    A kind that lends nothing has one price, its monthly amount, and no annual rate. `goods` is what is rented where nobody says;
    None for a kind that rents nothing.
    """

    name: str
    amount: str
    meaning: str
    quote: Callable[[Priced, int, int, Decimal | None, Grade | None], Quote]
    usual_amount: int
    lends: bool = True
    goods: Goods | None = None
