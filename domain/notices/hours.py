"""Hours: what the clock on a person's wall shows, and when it next shows what is wanted, however clocks are moved."""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from infra.clock import local_day

DAY = timedelta(days=1)
NEAR, FAR = 2 * DAY, 14 * DAY
STEP = timedelta(hours=6)  # no zone moves its clocks twice in this
SECOND = timedelta(seconds=1)
Wanted = Callable[[datetime], bool]  # of a moment, as the wall shows it


def lies_within(shown: time, begins: time, ends: time) -> bool:
    """From `begins` until before `ends`, over midnight where that comes first; never, where they are the same."""
    return begins <= shown < ends if begins <= ends else shown >= begins or shown < ends


def first_moment(zone: ZoneInfo, at: datetime, turns: Iterable[time], is_wanted: Wanted) -> datetime | None:
    """The first moment from `at` on whose clock is wanted; None where two weeks bring none.

    Whether it is wanted may change at these `turns` of the day, at midnight, and where the clocks are moved.
    """
    if is_wanted(at.astimezone(zone)):
        return at
    times = {*turns, time.min}
    for horizon in (NEAR, FAR):
        for moment in sorted(_moments(zone, at, at + horizon, times)):
            if is_wanted(moment.astimezone(zone)):
                return moment
    return None


def _moments(zone: ZoneInfo, at: datetime, end: datetime, times: set[time]) -> Iterator[datetime]:
    """All moments up to `end` at which a clock of this zone shows one of the times, or is moved."""
    yield from _moves(zone, at, end)
    day = local_day(at, zone)
    while day <= local_day(end, zone):
        for shown in times:
            # A time that comes twice on this day is two moments; one that is left out is two that show another time.
            for fold in (0, 1):
                moment = datetime.combine(day, shown.replace(fold=fold), zone).astimezone(UTC)
                if at <= moment <= end:
                    yield moment
        day += DAY


def _moves(zone: ZoneInfo, at: datetime, end: datetime) -> Iterator[datetime]:
    before = at
    while before < end:
        after = before + STEP
        if _offset(zone, before) != _offset(zone, after):
            yield _moved_between(zone, before, after)
        before = after


def _moved_between(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """The first second of the new time."""
    old = _offset(zone, before)
    low, high = 0, int((after - before) / SECOND)
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(zone, before + middle * SECOND) == old:
            low = middle
        else:
            high = middle
    return (before + high * SECOND).replace(microsecond=0)


def _offset(zone: ZoneInfo, moment: datetime) -> timedelta | None:
    return moment.astimezone(zone).utcoffset()
