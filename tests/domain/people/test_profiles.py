"""What a profile may say, and how old somebody is."""

from datetime import date

import pytest

from domain.people import profiles


@pytest.mark.parametrize(
    ("born", "today", "age"),
    [
        (date(2000, 2, 29), date(2018, 2, 28), 17),
        (date(2000, 2, 29), date(2018, 3, 1), 18),
        (date(2000, 11, 22), date(2018, 11, 21), 17),
        (date(2000, 11, 22), date(2018, 11, 22), 18),
    ],
)
def test_a_birthday_counts_on_its_day(born: date, today: date, age: int) -> None:
    assert profiles.age_on(born, today) == age


def test_a_profile_has_no_other_parts() -> None:
    with pytest.raises(AssertionError, match="not part of a profile"):
        profiles._checked("star_sign", "x", date(2026, 1, 1))
