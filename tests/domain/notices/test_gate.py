"""The gate says what a judge says who was written apart: on many histories, in many zones, when clocks are moved, on holidays.

LONGAN_GATE_HISTORIES asks for more of them than `make test` does.
"""

import os
import random
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from domain.notices import calendars, gate
from domain.notices.classes import CHOICES, NoticeChannel, NoticeClass, is_always_on
from domain.notices.gate import Contactable, Contacted, GateRule
from tests.domain.notices.judge import History, first_yes, judge

HISTORIES = int(os.environ.get("LONGAN_GATE_HISTORIES", "2000"))
ZONES = """Asia/Shanghai Asia/Jakarta Asia/Makassar America/New_York America/Los_Angeles Europe/London Europe/Berlin
    Australia/Lord_Howe America/Santiago Africa/Cairo Asia/Beirut Pacific/Apia Asia/Kathmandu Africa/Casablanca
    America/Havana America/St_Johns Pacific/Chatham America/Asuncion Pacific/Kiritimati UTC""".split()
BEGIN, DAYS = datetime(2024, 1, 1, tzinfo=UTC), 3 * 365 + 300


def moves(zone: str) -> list[datetime]:
    """The days on which clocks are moved there."""
    place = ZoneInfo(zone)
    offsets = [(BEGIN + timedelta(days=day)).astimezone(place).utcoffset() for day in range(DAYS)]
    return [BEGIN + timedelta(days=day) for day in range(DAYS - 1) if offsets[day] != offsets[day + 1]]


MOVES = {zone: moves(zone) for zone in ZONES}
HOLIDAYS = [
    datetime(day.year, day.month, day.day, tzinfo=UTC)
    for year in (2024, 2025, 2026, 2027)
    for day in calendars._holidays("ID", year) or ()
]


def some_moment(lot: random.Random, zone: str | None) -> datetime:
    """On a whole minute: often near to where clocks are moved, to midnight or to a holiday."""
    near = lot.random()
    if near < 0.4 and zone and MOVES[zone]:
        return lot.choice(MOVES[zone]) + timedelta(minutes=lot.randrange(-6 * 60, 30 * 60))
    if near < 0.6:
        return lot.choice(sorted(HOLIDAYS)) + timedelta(minutes=lot.randrange(-36 * 60, 36 * 60))
    at = BEGIN + timedelta(days=lot.randrange(DAYS))
    if near < 0.7 and zone:
        midnight = at.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
        return midnight + timedelta(minutes=lot.randrange(-2, 3))
    return at + timedelta(minutes=lot.randrange(1440))


def some_history(lot: random.Random, zone: str | None, at: datetime) -> History:
    often = lot.choice((0, 1, 2, 4, 12, 30))
    kinds = lot.sample([each.value for each in NoticeClass], lot.randrange(1, 4))
    contacts = (
        (
            at - timedelta(minutes=lot.randrange(lot.choice((1440, 1441, 8 * 1440)))),
            lot.choice(kinds),
            lot.choice(["PUSH", "SMS", "APP"]),
        )
        for _ in range(often)
    )
    quiet = (22 * 60, 8 * 60) if lot.random() < 0.3 else (lot.randrange(1440), lot.randrange(1440))
    return History(
        zone=zone,
        country=lot.choice(["CN", "ID", "ID", "US", "FR", None]),
        quiet=(quiet[0], quiet[0]) if lot.random() < 0.1 else quiet,
        said={
            (c.value, w.value): lot.random() < 0.8
            for c, w in CHOICES
            if lot.random() < 0.5 and not is_always_on((c, w))
        },
        contacts=tuple(contacts),
        is_restricted=lot.random() < 0.1,
        has_number=lot.random() < 0.9,
    )


def as_facts(who: History) -> Contactable:
    return Contactable(
        zone=ZoneInfo(who.zone) if who.zone else None,
        country=who.country,
        quiet_from=time(*divmod(who.quiet[0], 60)),
        quiet_until=time(*divmod(who.quiet[1], 60)),
        choices={(NoticeClass(c), NoticeChannel(w)): is_ for (c, w), is_ in who.said.items()},
        contacts=tuple(Contacted(at, NoticeClass(c), NoticeChannel(w)) for at, c, w in who.contacts),
        is_restricted=who.is_restricted,
        has_number=who.has_number,
    )


@pytest.mark.parametrize("part", range(4))
def test_the_gate_says_what_the_judge_says(part: int) -> None:
    wrong = []
    for number in range(part, HISTORIES, 4):
        lot = random.Random(number)
        zone = lot.choice([*ZONES, None])
        at = some_moment(lot, zone)
        who = some_history(lot, zone, at)
        purpose, channel = lot.choice([*NoticeClass]), lot.choice([*NoticeChannel, NoticeChannel.PUSH])
        facts = as_facts(who)
        said = {each.rule.value for each in gate.may_contact(facts, purpose, channel, at).objections}
        then = gate.next_allowed(facts, purpose, channel, at)
        wanted = judge(who, purpose, channel, at), first_yes(who, purpose, channel, at)
        if (said, then) != wanted:
            wrong.append((number, who, purpose, channel, at, (said, then), wanted))
    assert wrong[:3] == []


NOON = datetime(2026, 11, 28, 4, tzinfo=UTC)  # in Shanghai
NIGHT = NOON + timedelta(hours=12)
SHANGHAI = Contactable(zone=ZoneInfo("Asia/Shanghai"), country="CN")


def test_nobody_is_told_nothing_whatever_it_is() -> None:
    for purpose, channel in CHOICES:
        (objection,) = gate.may_contact(None, purpose, channel, NOON).objections
        assert objection.rule is GateRule.NOBODY
    assert gate.next_allowed(None, NoticeClass.SECURITY, NoticeChannel.SMS, NOON) is None


def test_what_guards_the_account_always_passes() -> None:
    unknown = Contactable(choices=dict.fromkeys(CHOICES, False), is_restricted=True)
    for channel in NoticeChannel:
        assert gate.may_contact(unknown, NoticeClass.SECURITY, channel, NIGHT).is_allowed


def test_a_no_names_every_rule_with_its_source_and_its_end() -> None:
    yesterday = NIGHT - timedelta(hours=20)
    asked = tuple(Contacted(yesterday, NoticeClass.COLLECTION, NoticeChannel.SMS) for _ in range(3))
    person = Contactable(
        zone=ZoneInfo("Asia/Shanghai"),
        country="CN",
        contacts=asked,
        choices={(NoticeClass.COLLECTION, NoticeChannel.SMS): False},
    )
    verdict = gate.may_contact(person, NoticeClass.COLLECTION, NoticeChannel.SMS, NIGHT)
    eight = datetime(2026, 11, 29, 0, tzinfo=UTC)
    assert [(each.rule.value, each.source, each.until) for each in verdict.objections] == [
        ("PREFERENCE", "house", None),
        ("QUIET_HOURS", "house", eight),
        ("HOURS", "GB/T 45251-2025", eight),
        ("LIMIT", "GB/T 45251-2025", yesterday + timedelta(hours=24)),
    ]
    assert verdict.until is None
    assert verdict.words[-1] == "LIMIT: GB/T 45251-2025"


def test_a_window_that_ends_where_clocks_jump_ends_when_they_have_jumped() -> None:
    """In New York it is never 02:30 on 14 March 2027: after 01:59 comes 03:00."""
    person = Contactable(zone=ZoneInfo("America/New_York"), quiet_from=time(22), quiet_until=time(2, 30))
    at = datetime(2027, 3, 14, 6, 59, tzinfo=UTC)
    assert gate.next_allowed(person, NoticeClass.SERVICE, NoticeChannel.PUSH, at) == datetime(
        2027, 3, 14, 7, tzinfo=UTC
    )


def test_holidays_that_nobody_knows_are_no_working_days() -> None:
    person = Contactable(zone=ZoneInfo("Asia/Jakarta"), country="ID")
    at = datetime(2150, 6, 3, 5, tzinfo=UTC)
    (objection,) = gate.may_contact(person, NoticeClass.COLLECTION, NoticeChannel.PUSH, at).objections
    assert (objection.rule, objection.until) == (GateRule.HOURS, None)
