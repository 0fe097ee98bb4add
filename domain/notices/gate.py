"""The gate: whether a person may be contacted, for what, by which way and when. Pure, over what is known of the person.

Whoever wants to tell somebody something asks here, and asks again when it really leaves. What is not known means no; only
what guards the account always passes, to a number that is theirs. A no names every rule that said it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time
from enum import StrEnum
from functools import partial
from zoneinfo import ZoneInfo

from domain.notices import calendars, hours
from domain.notices.classes import DISTURBING, Choice, NoticeChannel, NoticeClass, is_wanted
from domain.notices.rules import HOUSE, Hours, Limit, RuleSet, rules_of
from infra.clock import local_day

PRESSING = frozenset({NoticeClass.MARKETING, NoticeClass.COLLECTION})  # what nobody is told in a breathing space
QUIET_FROM, QUIET_UNTIL = time(22), time(8)


class GateRule(StrEnum):
    NOBODY = "NOBODY"  # there is no such person, or no more
    NO_NUMBER = "NO_NUMBER"  # the number that we know them by is somebody else's now
    PREFERENCE = "PREFERENCE"  # the person does not want this class by this way
    RESTRICTED = "RESTRICTED"  # nothing is offered to whoever is restricted
    UNKNOWN_RULES = "UNKNOWN_RULES"  # nobody knows what holds for this purpose where the person is
    UNKNOWN_ZONE = "UNKNOWN_ZONE"  # nobody knows what time it is where the person is
    BREATHING_SPACE = "BREATHING_SPACE"  # by law they are left alone for a while
    QUIET_HOURS = "QUIET_HOURS"  # the person's own
    HOURS = "HOURS"  # those of the law, or of the house
    LIMIT = "LIMIT"  # the person was contacted often enough


@dataclass(frozen=True)
class Contacted:
    """A contact that was made."""

    at: datetime
    purpose: NoticeClass
    channel: NoticeChannel


@dataclass(frozen=True)
class Contactable:
    """All that the gate asks of a person. `contacts` are those of the last week; `choices` only what they chose themselves.

    `breathes_until`: when a breathing space ends in which they are now; None outside of one.
    `has_number`: their number still leads to them; it does not where somebody new has it.
    """

    zone: ZoneInfo | None = None
    country: str | None = None
    quiet_from: time = QUIET_FROM
    quiet_until: time = QUIET_UNTIL
    choices: Mapping[Choice, bool] = field(default_factory=dict)
    contacts: tuple[Contacted, ...] = ()
    is_restricted: bool = False
    breathes_until: datetime | None = None
    has_number: bool = True


@dataclass(frozen=True)
class Objection:
    """A rule that said no, and from when on it might say yes; None: never by itself."""

    rule: GateRule
    source: str = HOUSE
    until: datetime | None = None


@dataclass(frozen=True)
class GateAnswer:
    """Yes, where nothing was objected."""

    objections: tuple[Objection, ...] = ()

    @property
    def is_allowed(self) -> bool:
        return not self.objections

    @property
    def until(self) -> datetime | None:
        """Before this it stays no."""
        moments = [each.until for each in self.objections if each.until is not None]
        return max(moments) if len(moments) == len(self.objections) and moments else None

    @property
    def words(self) -> list[str]:
        """Each rule with its source, for the record."""
        return [f"{each.rule}: {each.source}" for each in self.objections]


def may_contact(person: Contactable | None, purpose: NoticeClass, channel: NoticeChannel, at: datetime) -> GateAnswer:
    """Yes, or every rule that says no."""
    if person is None:
        return GateAnswer((Objection(GateRule.NOBODY),))
    if purpose is NoticeClass.SECURITY:
        return GateAnswer(tuple(_of_the_number(person, channel)))
    return GateAnswer(tuple(_objections(person, purpose, channel, at)))


def next_allowed(
    person: Contactable | None, purpose: NoticeClass, channel: NoticeChannel, at: datetime
) -> datetime | None:
    """The first moment from `at` on at which the gate says yes, as far as is known now; None where none comes in two weeks."""
    moment = at
    while not (verdict := may_contact(person, purpose, channel, moment)).is_allowed:
        if verdict.until is None or verdict.until > at + hours.FAR:
            return None
        moment = verdict.until
    return moment


def _of_the_number(person: Contactable, channel: NoticeChannel) -> Iterator[Objection]:
    """What is theirs is told to no stranger, whatever it guards."""
    if channel is NoticeChannel.SMS and not person.has_number:
        yield Objection(GateRule.NO_NUMBER)


def _objections(person: Contactable, purpose: NoticeClass, channel: NoticeChannel, at: datetime) -> Iterator[Objection]:
    yield from _of_the_number(person, channel)
    if not is_wanted(person.choices, (purpose, channel)):
        yield Objection(GateRule.PREFERENCE)
    if person.is_restricted and purpose is NoticeClass.MARKETING:
        yield Objection(GateRule.RESTRICTED)
    if purpose in PRESSING and person.breathes_until is not None and at < person.breathes_until:
        yield Objection(GateRule.BREATHING_SPACE, until=person.breathes_until)
    rules = rules_of(purpose, person.country)
    if rules is None:
        yield Objection(GateRule.UNKNOWN_RULES)
    if channel in DISTURBING:
        yield from _of_the_clock(person, rules, at)
        yield from _of_the_count(person, rules, at)


def _of_the_clock(person: Contactable, rules: RuleSet | None, at: datetime) -> Iterator[Objection]:
    zone = person.zone
    if zone is None:
        yield Objection(GateRule.UNKNOWN_ZONE)
        return
    wall = at.astimezone(zone)
    if _is_quiet(person, wall):
        turns = (person.quiet_from, person.quiet_until)
        ends = hours.first_moment(zone, at, turns, lambda shown: not _is_quiet(person, shown))
        yield Objection(GateRule.QUIET_HOURS, until=ends)
    for each in rules.hours if rules else ():
        if not _is_open(each, wall):
            opens = hours.first_moment(zone, at, (each.opens, each.closes), partial(_is_open, each))
            yield Objection(GateRule.HOURS, each.source, opens)


def _is_quiet(person: Contactable, wall: datetime) -> bool:
    return hours.lies_within(wall.time(), person.quiet_from, person.quiet_until)


def _is_open(rule: Hours, wall: datetime) -> bool:
    if wall.weekday() not in rule.weekdays or not hours.lies_within(wall.time(), rule.opens, rule.closes):
        return False
    return rule.holidays_of is None or calendars.is_working_day(rule.holidays_of, local_day(wall, _zone_of(wall)))


def _zone_of(wall: datetime) -> ZoneInfo:
    assert isinstance(wall.tzinfo, ZoneInfo), "a wall's clock shows the time of its own zone"
    return wall.tzinfo


def _of_the_count(person: Contactable, rules: RuleSet | None, at: datetime) -> Iterator[Objection]:
    for limit in rules.limits if rules else ():
        counted = _counted(person, limit, at)
        if len(counted) >= limit.times:
            # So many of them have to be past that one more fits.
            yield Objection(GateRule.LIMIT, limit.source, counted[-limit.times] + limit.within)


def _counted(person: Contactable, limit: Limit, at: datetime) -> list[datetime]:
    """When the contacts were that count against a limit, the oldest first; one that another's clock dates later counts too."""
    return sorted(
        each.at
        for each in person.contacts
        if each.purpose in limit.counts and each.channel in DISTURBING and each.at > at - limit.within
    )
