"""A quote: what one amount over one term costs."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from domain.market.products import ProductKind
from domain.market.terms.cap import Flow, costs_more
from domain.market.terms.instalments import Instalment, yearly_return


class Priced(Protocol):
    """What a price is made of: a product as it is, or as it was when somebody applied."""

    @property
    def kind(self) -> ProductKind: ...
    @property
    def annual_rate(self) -> Decimal | None: ...
    @property
    def fee_rate(self) -> Decimal: ...
    @property
    def deposit(self) -> int: ...


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
