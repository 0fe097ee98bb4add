"""How often codes are sent and compared: strictly by place, so that strangers use up what strangers have, and no more.

Every number has a budget of wrong answers in a day for each place, and three for many places: all that are strange to it, all
networks and all devices that have signed in before. Together the three stay within the hundred of NIST SP 800-63B-4, 3.2.2;
and whoever has signed in with this device before is never kept out by what others did, not even beside them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Row, and_, func, or_, select

from domain.people import phones, places, recoveries
from domain.people.challenges import Challenge
from domain.people.places import KNOWN_FOR, Place
from domain.people.sessions import Session
from domain.people.users import Phone
from infra import clock, counters
from infra.counters import Use, by_network
from infra.database import Db
from infra.errors import Refusal, RefusalCode
from infra.setting_parts import Rate
from infra.settings import settings
from infra.words import N_


async def place_of(db: Db, phone_index: bytes, address: str, device_token: str | None) -> Place:
    """Asked alike for numbers that nobody has."""
    device, network = places.device_of(device_token), places.network_mark(phone_index, address)
    now = await clock.now(db)
    since = now - KNOWN_FOR
    is_here = and_(Session.place == network, Session.renewed_at > since)
    mine = select(Session.id).join(Phone, Phone.user_id == Session.user_id).where(Phone.index == phone_index)
    mine = mine.where(recoveries.is_past(now))  # whoever only looks is no better known for it
    mine = mine.where(or_(is_here, Session.id == device.id) if device else is_here)
    found = set((await db.execute(mine.limit(2))).scalars())
    if device and device.id in found:
        return Place(device.mark, is_known=True, is_device=True)
    return Place(network, is_known=bool(found))


async def one_at_a_time(db: Db, phone_index: bytes) -> None:
    """Parallel requests for one phone wait for each other, so that none slips past the count."""
    lock = int.from_bytes(phone_index[:8], signed=True)
    await db.execute(select(func.pg_advisory_xact_lock(lock)))


async def refuse_too_many_codes(db: Db, phone: str, place: Place, address: str) -> None:
    """Refuses RATE_LIMITED. Counts the code that is about to be sent."""
    limits, index, now = settings().code_limits, phones.index(phone), await clock.now(db)
    asked = await _asked(db, index, now)
    here = [each for each in asked if each.place == place.mark]
    if here and here[-1].resend_at > now:
        raise _too_many_codes(here[-1].resend_at)
    _refuse_over(limits.per_phone, here, now)
    if not place.is_known:
        _refuse_over(limits.per_phone_of_strangers, [each for each in asked if not each.is_known_place], now)
    await refuse_too_many_failures(db, index, place)
    shared = [
        *by_network(limits.per_ip, f"code-ip-{place.sharers}", address),
        Use(limits.per_prefix, f"code-prefix-{place.sharers}", phones.prefix(phone)),
        Use(limits.per_country, f"code-country-{place.sharers}", phones.country(phone)),
    ]
    if retry_at := await counters.take(db, shared):
        raise _too_many_codes(retry_at)


async def _asked(db: Db, phone_index: bytes, now: datetime) -> list[Challenge]:
    """The codes asked for by this number, oldest first, as far back as any of the rates looks."""
    limits = settings().code_limits
    since = now - timedelta(seconds=max(limits.per_phone.seconds, limits.per_phone_of_strangers.seconds))
    # What comes by itself was asked for from nowhere; counted, it would tell of a number that it was changed.
    was_asked = (Challenge.phone_index == phone_index, Challenge.created_at > since, Challenge.place != b"")
    asked = select(Challenge).where(*was_asked)
    return list((await db.execute(asked.order_by(Challenge.created_at, Challenge.id))).scalars())


def _refuse_over(rate: Rate, asked: list[Challenge], now: datetime) -> None:
    window = timedelta(seconds=rate.seconds)
    recent = [each for each in asked if each.created_at > now - window]
    if len(recent) >= rate.times:
        raise _too_many_codes(recent[-rate.times].created_at + window if rate.times else now + window)


def _too_many_codes(retry_at: datetime) -> Refusal:
    sentence = N_("Too many codes were requested. Please try again later.")
    return Refusal(RefusalCode.RATE_LIMITED, sentence, field=phones.FIELD, retry_at=retry_at)


@dataclass(frozen=True)
class Failure:
    """A count of wrong answers to the code that was asked for then."""

    asked_at: datetime
    times: int


async def refuse_too_many_failures(db: Db, phone_index: bytes, place: Place) -> None:
    """Refuses RATE_LIMITED after so many wrong answers: asking for a new code resets nothing."""
    limits, now = settings().code_limits, await clock.now(db)
    group = {
        "strangers": limits.failures_of_strangers,
        "networks": limits.failures_of_networks,
        "devices": limits.failures_of_devices,
    }[place.sharers]
    rows = await _failures(
        db, phone_index, now - timedelta(seconds=max(limits.failures_per_phone.seconds, group.seconds))
    )
    failures = [(Place(row.place, row.is_known_place, row.is_known_device), row) for row in rows]
    here = [Failure(row.created_at, row.compared) for at, row in failures if at.mark == place.mark]
    alike = [Failure(row.created_at, row.compared) for at, row in failures if at.sharers == place.sharers]
    waits = [_until(limits.failures_per_phone, here, now), _until(group, alike, now)]
    if retry_at := max((wait for wait in waits if wait), default=None):
        sentence = N_("Too many wrong codes were entered. Please try again later.")
        raise Refusal(RefusalCode.RATE_LIMITED, sentence, field=phones.FIELD, retry_at=retry_at)


async def _failures(db: Db, phone_index: bytes, since: datetime) -> Sequence[Row[datetime, int, bytes, bool, bool]]:
    place = (Challenge.place, Challenge.is_known_place, Challenge.is_known_device)
    wrong = select(Challenge.created_at, Challenge.compared, *place).where(
        Challenge.phone_index == phone_index,
        Challenge.created_at > since,
        Challenge.compared > 0,
        Challenge.answered_at.is_(None),
        Challenge.half_at.is_(None),
    )
    return (await db.execute(wrong.order_by(Challenge.created_at))).all()


def _until(rate: Rate, failures: list[Failure], now: datetime) -> datetime | None:
    """When enough of them lie far enough back; None where there are not so many."""
    window = timedelta(seconds=rate.seconds)
    left = sum(each.times for each in failures if each.asked_at > now - window)
    if left < rate.times:
        return None
    for each in failures:
        if each.asked_at > now - window:
            left -= each.times
            if left < rate.times:
                return each.asked_at + window
    return now + window
