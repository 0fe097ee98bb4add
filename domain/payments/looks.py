"""When a cashier is asked again what became of money: soon at first, and ever more seldom."""

from datetime import datetime, timedelta

FIRST_LOOK, LAST_LOOK = timedelta(seconds=10), timedelta(hours=1)


def next_look(begun_at: datetime, now: datetime) -> datetime:
    """When to look again: as long from now as was waited so far, within bounds."""
    return now + max(FIRST_LOOK, min(now - begun_at, LAST_LOOK))
