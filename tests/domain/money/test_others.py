"""Events of another system, which its schedule files do not have: later draws, payments ahead, a part of a month day by day.

The figures are those of apache/fineract (Apache-2.0), `ProgressiveEMICalculatorTest`, where a loan of 100 or more begins on
2024-01-01 and comes back in six instalments; a yearly plan that is overpaid each year is zinsen-berechnen.de's.
"""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from domain.money import lives
from domain.money.conventions import Convention, DayCount, Rounding, Unit
from domain.money.loans import Act, LoanEvent, LoanTerms, PlannedRow

FIRST = date(2024, 1, 1)
Rows = list[tuple[int, int]]  # principal and interest, in cents


def terms(percent: str, number: int = 6, **convention: object) -> LoanTerms:
    return LoanTerms(Decimal(percent) / 100, number, convention=Convention(rounding=Rounding.HALF_EVEN, **convention))  # type: ignore[arg-type]


def got(day: date, amount: int) -> LoanEvent:
    return LoanEvent(Act.ADVANCE, day, amount * 100)


def paid(day: date, minor: int) -> LoanEvent:
    return LoanEvent(Act.PAYMENT, day, minor)


def parts(rows: tuple[PlannedRow, ...]) -> Rows:
    return [(row.due.principal, row.due.interest) for row in rows]


@pytest.mark.parametrize(
    ("draws", "expected"),
    [
        (
            [(date(2024, 3, 1), 100)],
            [(16_34, 79), (16_47, 66), (41_31, 1_32), (41_64, 99), (41_96, 67), (42_28, 33)],
        ),
        (
            [(date(2024, 1, 8), 200)],
            # Theirs is 2.02 first, of parts that were rounded before: 0.18 and 1.84. A row's interest is rounded once: 2.0137.
            [(49_32, 2_01), (49_35, 1_98), (49_74, 1_59), (50_13, 1_20), (50_53, 80), (50_93, 40)],
        ),
        (
            [(date(2024, 2, 15), 100)],
            [(16_34, 79), (36_46, 1_07), (36_37, 1_16), (36_65, 88), (36_94, 59), (37_24, 29)],
        ),
    ],
)
def test_a_later_draw_is_spread_over_what_is_still_to_come(draws: list[tuple[date, int]], expected: Rows) -> None:
    advances = [got(FIRST, 100), *(got(*draw) for draw in draws)]
    assert parts(lives.plan(terms("9.4822"), advances)) == expected


def test_a_draw_in_the_middle_of_its_only_month_bears_interest_for_its_days() -> None:
    advances = [got(FIRST, 1_000), got(date(2024, 1, 15), 1_000)]
    assert parts(lives.plan(terms("7", 1), advances)) == [(2_000_00, 9_03)]


@pytest.mark.parametrize(
    ("start", "convention", "expected"),
    [
        (
            FIRST,
            {"day_count": DayCount.ACT_360, "unit": Unit.DAYS, "every": 15},
            [(16_50, 40), (16_57, 33), (16_64, 26), (16_70, 20), (16_77, 13), (16_82, 7)],
        ),
        (
            date(2023, 12, 12),
            {"day_count": DayCount.ACT_ACT_DEC31},
            [(16_33, 80), (16_46, 67), (16_63, 50), (16_72, 41), (16_87, 26), (16_99, 14)],
        ),
    ],
)
def test_other_periods_and_day_counts(start: date, convention: dict[str, Any], expected: Rows) -> None:
    assert parts(lives.plan(terms("9.4822", **convention), [got(start, 100)])) == expected


def test_of_a_month_each_day_adds_its_part() -> None:
    by_day = [
        19,
        38,
        56,
        75,
        94,
        1_13,
        1_32,
        1_50,
        1_69,
        1_88,
        2_07,
        2_26,
        2_44,
        2_63,
        2_82,
        3_01,
        3_20,
        3_39,
        3_57,
        3_76,
    ]
    by_day += [3_95, 4_14, 4_33, 4_51, 4_70, 4_89, 5_08, 5_27, 5_45, 5_64, 5_83]
    lived = [lives.live(terms("7", 1), [got(FIRST, 1_000)], FIRST + timedelta(days=each)) for each in range(1, 32)]
    ours = [each.accrued + each.owed.interest for each in lived]
    assert ours == [round(Fraction(7 * 1_000_00 * each, 12 * 100 * 31)) for each in range(1, 32)]
    # Theirs adds days that were rounded before.
    assert max(abs(one - other) for one, other in zip(ours, by_day, strict=True)) <= 1


def test_whoever_pays_ahead_pays_interest_until_then_and_less_afterwards() -> None:
    events = [got(FIRST, 100), paid(date(2024, 2, 1), 17_01), paid(date(2024, 2, 15), 17_01)]
    life = lives.live(terms("7"), events, date(2024, 2, 15))
    assert parts(life.rows) == [(16_43, 58), (16_77, 24), (16_42, 59), (16_72, 29), (16_81, 20), (16_85, 10)]


def test_five_instalments_at_once_leave_the_last_and_its_interest() -> None:
    day = date(2024, 1, 15)
    life = lives.live(terms("7"), [got(FIRST, 100), paid(day, 5 * 17_01)], day)
    assert parts(life.rows) == [(16_75, 26), *[(17_01, 0)] * 4, (15_21, 50)]
    assert lives.live(terms("7"), [got(FIRST, 100), paid(day, 100_26)], day).is_settled


def test_a_year_that_is_overpaid_leaves_what_the_table_says() -> None:
    """500,000 at 4 %, 30,000 a year, as its first six years are printed, whose cents it never rounds."""
    begin = date(2020, 12, 31)
    loan = LoanTerms(Decimal("0.04"), 40, convention=Convention(every=12))
    events, left = [got(begin, 500_000)], list[int]()
    for year in range(2021, 2027):
        events.append(paid(date(year, 12, 31), 30_000_00))
        left.append(lives.live(loan, events, date(year, 12, 31)).owed.principal)
    printed = [490_000_00, 479_600_00, 468_784_00, 457_535_36, 445_836_77, 433_670_25]
    assert max(abs(ours - theirs) for ours, theirs in zip(left, printed, strict=True)) <= 1
