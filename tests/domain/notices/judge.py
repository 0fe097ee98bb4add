"""A judge written apart from the gate: it knows the rules by heart, reads a clock minute by minute, and counts on its fingers."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import holidays

MINUTE = timedelta(minutes=1)
TWO_WEEKS = 14 * 24 * 60
INDONESIAN = {year: set(holidays.country_holidays("ID", years=year)) for year in range(2023, 2029)}


@dataclass(frozen=True)
class History:
    """A person as the judge hears of them: everything in plain words and minutes."""

    zone: str | None
    country: str | None
    quiet: tuple[int, int]  # minutes of the day
    said: dict[tuple[str, str], bool]
    contacts: tuple[tuple[datetime, str, str], ...]
    is_restricted: bool
    has_number: bool


def judge(who: History, purpose: str, channel: str, at: datetime) -> set[str]:
    """The rules that say no, each as often as it is written down."""
    return set(_noes(who, purpose, channel, at))


def first_yes(who: History, purpose: str, channel: str, at: datetime) -> datetime | None:
    """Looked for minute by minute."""
    lasting = {"NO_NUMBER", "PREFERENCE", "RESTRICTED", "UNKNOWN_RULES", "UNKNOWN_ZONE"}
    if judge(who, purpose, channel, at) & lasting:
        return None
    for minutes in range(TWO_WEEKS + 1):
        if not any(_noes(who, purpose, channel, at + minutes * MINUTE)):
            return at + minutes * MINUTE
    return None


def _noes(who: History, purpose: str, channel: str, at: datetime) -> Iterator[str]:
    if channel == "SMS" and not who.has_number:
        yield "NO_NUMBER"
    if purpose == "SECURITY":
        return
    if not _wants(who, purpose, channel):
        yield "PREFERENCE"
    if purpose == "MARKETING" and who.is_restricted:
        yield "RESTRICTED"
    is_known = purpose in ("MONEY", "SERVICE") or who.country in ("CN", "ID", "US")
    if not is_known:
        yield "UNKNOWN_RULES"
    if channel == "APP":
        return
    if who.zone is None:
        yield "UNKNOWN_ZONE"
    else:
        day, minute = _clock(who.zone, at)
        begins, ends = who.quiet
        if (minute - begins) % 1440 < (ends - begins) % 1440:
            yield "QUIET_HOURS"
        if is_known and not _lawful(purpose, who.country, day, minute):
            yield "HOURS"
    if is_known and _too_often(who, purpose, at):
        yield "LIMIT"


def _wants(who: History, purpose: str, channel: str) -> bool:
    if channel == "APP" and purpose != "MARKETING":
        return True
    if (purpose, channel) in who.said:
        return who.said[purpose, channel]
    return not (purpose == "MARKETING" and channel in ("PUSH", "SMS"))


def _clock(zone: str, at: datetime) -> tuple[date, int]:
    """The day and the minute that a wall there shows."""
    offset = ZoneInfo(zone).utcoffset(at.astimezone(ZoneInfo(zone)))
    assert offset is not None
    shown = at.astimezone(UTC).replace(tzinfo=None) + offset
    return shown.date(), shown.hour * 60 + shown.minute


def _lawful(purpose: str, country: str | None, day: date, minute: int) -> bool:
    hour = minute / 60
    if purpose == "MARKETING":
        return 9 <= hour < 20
    if purpose != "COLLECTION":
        return True
    if country == "ID":
        return 8 <= hour < 20 and day.isoweekday() != 7 and day not in INDONESIAN[day.year]
    return 8 <= hour < (22 if country == "CN" else 21)


def _too_often(who: History, purpose: str, at: datetime) -> bool:
    def heard(hours: int, *purposes: str) -> int:
        return sum(
            what in purposes and way != "APP" and timedelta(0) <= at - when < timedelta(hours=hours)
            for when, what, way in who.contacts
        )

    match purpose:
        case "MONEY":
            return heard(24, "MONEY") >= 20
        case "SERVICE":
            return heard(24, "SERVICE") >= 10
        case "MARKETING":
            everything = heard(24, "MONEY", "SERVICE", "MARKETING", "COLLECTION")
            return heard(24, "MARKETING") >= 2 or heard(7 * 24, "MARKETING") >= 5 or everything >= 10
    often = heard(24, "COLLECTION") >= 3
    return often or (who.country == "US" and heard(7 * 24, "COLLECTION") >= 7)
