"""A quote: what one amount over one term costs."""

from dataclasses import dataclass
from decimal import Decimal

from domain.market.terms.instalments import Instalment


@dataclass(frozen=True)
class Quote:
    """Money in minor units; rates as fractions of a year. `deposit` is asked for, `deposit_waived` is not, by grade."""

    instalments: tuple[Instalment, ...]
    monthly_payment: int
    total_cost: int
    annual_rate: Decimal | None
    annual_cost: Decimal
    deposit: int = 0
    deposit_waived: int = 0
