"""What comes of an agreement by itself: the day of the next thing, and how late it is by then."""

from collections.abc import Iterator
from datetime import date, timedelta

from domain.agreements.agreements import OWING, Agreement, AgreementStatus
from domain.agreements.kinds import KINDS
from domain.agreements.standings import AgreementStanding
from infra import clock

FORETOLD = timedelta(days=3)  # before an instalment is due, it is told
BUCKETS = (1, 8, 31, 61, 91)  # days for which the oldest instalment that is open is late


def next_on(standing: AgreementStanding) -> date | None:
    """The next day after this one that does something to it: something falls due, is late, or lapses; None where none does."""
    tomorrow = standing.on + timedelta(days=1)
    coming = [max(day, tomorrow) for day in _coming(standing)]
    return min(coming, default=None)


def due_soon(standing: AgreementStanding) -> date | None:
    """When the next instalment is due, if that is soon and was not told yet; None otherwise."""
    row, agreement = standing.life.next_due, standing.agreement
    if row is None or agreement.status not in OWING or row.due_on == agreement.foretold_on:
        return None
    return row.due_on if standing.on < row.due_on <= standing.on + FORETOLD else None


def bucket_of(days: int) -> int:
    """The last bucket that so many days of being late have reached; 0 before the first."""
    return max((bucket for bucket in BUCKETS if bucket <= days), default=0)


def waits_until(agreement: Agreement) -> date | None:
    """The day on which it is over, if it has not begun by then: nothing was drawn or delivered, or no deposit paid; None where none is."""
    waits = KINDS[agreement.kind].waits
    return clock.local_day(agreement.signed_at) + waits if waits else None


def lapses_on(standing: AgreementStanding) -> date | None:
    """The day on which it is over because it did not begin; None where that cannot be."""
    is_waiting = standing.agreement.status is AgreementStatus.PENDING and not standing.is_on_its_way
    return waits_until(standing.agreement) if is_waiting else None


def _coming(standing: AgreementStanding) -> Iterator[date]:
    if (day := lapses_on(standing)) is not None:
        yield day
    if standing.is_owed_after_all and standing.life.next_on is not None:
        yield standing.life.next_on
    if standing.agreement.status not in OWING:
        return
    settles_from = standing.kind.settles_from(standing.agreement, standing.life)
    if standing.life.is_settled and settles_from is not None and settles_from > standing.on:
        yield settles_from
    if (paused_until := standing.paused_until) is not None:
        yield paused_until + timedelta(days=1)
    if standing.life.next_on is not None:
        yield standing.life.next_on
    if (row := standing.life.next_due) is not None:
        begins, late = max(row.due_on, standing.on), standing.overdue_days
        reached = (begins + timedelta(days=bucket - late) for bucket in BUCKETS if bucket > late)
        looked_at = [row.due_on - FORETOLD, *reached]
        yield from (day for day in looked_at if day > standing.on)
    if (draws_on := standing.agreement.draws_on) is not None and draws_on > standing.on:
        yield draws_on
