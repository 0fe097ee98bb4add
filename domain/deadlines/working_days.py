"""Working days of China: without weekends and public holidays, with the weekends that are worked instead of them."""

from datetime import date, datetime, time, timedelta
from functools import lru_cache

import holidays

from infra import clock

COUNTRY = "CN"
DAY = timedelta(days=1)


def is_working_day(day: date) -> bool:
    """Whether people work on a day; where holidays are not decreed yet, on Mondays to Fridays but for those of each year."""
    return bool(_calendar().is_working_day(day))


def after(day: date, count: int) -> date:
    """The working day that is so many after this one, which counts as none itself."""
    while count > 0:
        day += DAY
        count -= is_working_day(day)
    return day


def end_after(moment: datetime, count: int) -> datetime:
    """The end of that day by the product's clocks."""
    return clock.local_moment(after(clock.local_day(moment), count) + DAY, time.min)


@lru_cache(1)
def _calendar() -> holidays.HolidayBase:
    return holidays.country_holidays(COUNTRY)
