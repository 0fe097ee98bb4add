"""Calendars: the public holidays of a country, for as many years as they are known."""

from datetime import date
from functools import lru_cache

import holidays


def is_working_day(country: str, day: date) -> bool:
    """Whether it surely is no holiday. A year whose holidays nobody knows has no such day."""
    off = _holidays(country, day.year)
    return off is not None and day not in off


@lru_cache(64)
def _holidays(country: str, year: int) -> frozenset[date] | None:
    calendar = holidays.country_holidays(country)
    if not calendar.start_year <= year <= calendar.end_year:
        return None
    return frozenset(holidays.country_holidays(country, years=year))
