"""How interest is counted, rounded, dated and paid off. Each convention is data; Longan's own stand at the end."""

from dataclasses import dataclass
from enum import StrEnum


class Rounding(StrEnum):
    HALF_UP = "half_up"
    HALF_EVEN = "half_even"
    DOWN = "down"


class DayCount(StrEnum):
    """What part of a year some days are."""

    PERIOD_30_360 = "30/360-period"  # k whole months are k twelfths; a part of them is its days over theirs
    THIRTY_360 = "30/360-bond-basis"
    THIRTY_E_360 = "30E/360"
    THIRTY_E_360_ISDA = "30E/360-ISDA"
    ACT_365 = "act/365"
    ACT_360 = "act/360"
    ACT_ACT_ISDA = "act/act-isda"
    ACT_ACT_JAN1 = "act/act-year-split-jan1"  # another name of ISDA's
    ACT_ACT_DEC31 = "act/act-year-split-dec31"
    ACT_ACT_FEB29 = "act/act-feb29-period"
    ANY = "any"


class MonthEnd(StrEnum):
    """What is due where a month has no such day."""

    LAST_DAY = "same_day_else_month_end"
    NEXT_FIRST = "same_day_else_first_of_next_month"


class Unit(StrEnum):
    DAYS = "DAYS"
    WEEKS = "WEEKS"
    MONTHS = "MONTHS"


class Recalculation(StrEnum):
    """Whether payments change what is due."""

    DAILY = "daily_on_actual_balance"
    NONE = "none_schedule_fixed"


class LoanPart(StrEnum):
    """What an amount is for."""

    PENALTY = "PENALTY"
    FEE = "FEE"
    INTEREST = "INTEREST"
    PRINCIPAL = "PRINCIPAL"


Order = tuple[LoanPart, ...]
CHARGES_FIRST: Order = (LoanPart.PENALTY, LoanPart.FEE, LoanPart.INTEREST, LoanPart.PRINCIPAL)


@dataclass(frozen=True)
class Convention:
    """Rows are paid oldest due first; the orders are those of the parts within a row that is past due, due, or ahead.

    `after_term` says whether what is still owed after the last due day goes on bearing interest. `smooths` spreads what the
    last instalment differs by over all of them. Instalments are multiples of so many minor units.
    """

    day_count: DayCount = DayCount.PERIOD_30_360
    rounding: Rounding = Rounding.HALF_UP
    month_end: MonthEnd = MonthEnd.LAST_DAY
    every: int = 1
    unit: Unit = Unit.MONTHS
    recalculation: Recalculation = Recalculation.DAILY
    past_due: Order = CHARGES_FIRST
    due: Order = CHARGES_FIRST
    ahead: Order = CHARGES_FIRST
    multiple: int = 1
    smooths: bool = False
    after_term: bool = True


LONGAN = Convention()
