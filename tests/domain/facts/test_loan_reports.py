"""How a loan elsewhere went within its first year, by what was told of it and when."""

from datetime import date, timedelta

import pytest

from domain.facts.loan_reports import LoanReport, OutcomeKind, outcome_of
from infra.clock import begins
from tests.nothing import NOBODYS

OPENED = date(2025, 3, 1)
PAID, LATE, SETTLED, DEFAULTED = OutcomeKind


@pytest.mark.parametrize(
    ("told", "how"),
    [
        ([(30, PAID)], None),
        ([(364, PAID)], None),
        ([(365, PAID)], PAID),
        ([(30, SETTLED)], SETTLED),
        ([(200, LATE)], None),
        ([(200, LATE), (400, PAID)], PAID),  # the newest word takes the place of all before it
        ([(400, LATE)], LATE),
        ([(120, DEFAULTED)], DEFAULTED),
        ([(120, DEFAULTED), (420, DEFAULTED)], DEFAULTED),  # it is since the first of them
        ([(120, DEFAULTED), (130, PAID)], None),  # put right
        ([(370, LATE), (420, DEFAULTED)], LATE),  # after the year
        ([(340, LATE), (420, DEFAULTED)], LATE),  # rather after it than within
        ([(300, LATE), (420, DEFAULTED)], DEFAULTED),  # rather within
        ([(120, DEFAULTED), (130, PAID), (420, DEFAULTED)], DEFAULTED),
        ([(729, DEFAULTED)], DEFAULTED),
        ([(730, DEFAULTED), (900, DEFAULTED)], LATE),
        ([(120, DEFAULTED), (120, LATE)], None),  # told anew of the same time
        ([(120, LATE), (120, DEFAULTED)], DEFAULTED),
    ],
)
def test_the_newest_word_counts_once_the_year_is_known(
    told: list[tuple[int, OutcomeKind]], how: OutcomeKind | None
) -> None:
    reports = [
        LoanReport(
            user_id=NOBODYS,
            partner_id=NOBODYS,
            consent_id=NOBODYS,
            loan="7",
            opened_on=OPENED,
            how=each,
            observed_at=begins(OPENED) + timedelta(days=days),
            told_at=begins(OPENED) + timedelta(days=500, minutes=place),
        )
        for place, (days, each) in enumerate(told)
    ]
    assert outcome_of(reports) is how
