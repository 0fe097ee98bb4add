"""Days and moments as people write them, within the years that we reckon with: there is always a day before and after."""

from datetime import date, datetime
from typing import TypeVar

Day = TypeVar("Day", date, datetime)
YEAR_MIN, YEAR_MAX = 1800, 2300


def read_day(text: str) -> date:
    """Read a day as 2000-12-31. Raises ValueError."""
    return within_reach(date.fromisoformat(text))


def read_local_moment(text: str) -> datetime:
    """Read a moment as 2000-12-31T08:00, of whatever zone the page has said. Raises ValueError."""
    return within_reach(datetime.fromisoformat(text))


def within_reach(day: Day) -> Day:
    """The day itself. Raises ValueError for one of other years."""
    if not YEAR_MIN <= day.year <= YEAR_MAX:
        raise ValueError
    return day
