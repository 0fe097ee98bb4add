"""What falls in the middle of telling somebody something: nothing is lost, and nothing is told twice where that can be known."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, ClassVar

import pytest
from sqlalchemy import func, select, update

from domain.actors import UserActor
from domain.notices import application_words, contacting, devices, outcomes, preferences, sending, words
from domain.notices.classes import NoticeChannel, NoticeClass
from domain.notices.contacting import Contact
from domain.notices.deliveries import DELIVERY_DUE, Delivery
from domain.notices.devices import DevicePlatform
from domain.notices.preferences import ContactPreference
from domain.notices.telling import notify
from domain.people import phones, putting_away, sessions, users
from domain.people.users import User
from infra import reacting
from infra.database import Db, reading, transaction
from infra.ids import new_id
from infra.outbox import Event, EventReaction
from integrations import telling
from integrations.sms import kept
from integrations.sms.messages import NotSent, SmsFailure, TextMessage, Unsure
from tests.clocks import Clock
from tests.phones import Phone
from tests.working import work_off


class Fallen(BaseException):
    """The process was killed."""


async def copied(person: Phone) -> None:
    """Tell something that goes by text, by day and night."""
    async with transaction() as db:
        await notify(db, person.user_id, words.DEVICE_COPIED, new_id(), device="a tablet")


async def only(person: Phone) -> Delivery:
    async with reading() as db:
        return (await db.execute(select(Delivery).where(Delivery.user_id == person.user_id))).scalar_one()


async def texts(person: Phone) -> int:
    async with reading() as db:
        return len([each for each in await kept.messages_to(db, person.number) if each.code is None])


async def owed(person: Phone) -> list[tuple[Any, str]]:
    async with reading() as db:
        mine = select(EventReaction.event_id, EventReaction.reaction).join(Event, Event.id == EventReaction.event_id)
        due = mine.where(
            Event.user_id == person.user_id, Event.name == DELIVERY_DUE, EventReaction.handled_at.is_(None)
        )
        return [(row.event_id, row.reaction) for row in await db.execute(due)]


async def let_leases_end(person: Phone) -> None:
    """As time does after a process was killed that held them."""
    async with transaction() as db:
        mine = select(Event.id).where(Event.user_id == person.user_id)
        ended = update(EventReaction).where(EventReaction.event_id.in_(mine), EventReaction.handled_at.is_(None))
        await db.execute(ended.values(claimed_by=None, claimed_until=None, due_at=func.longan_now()))


async def test_who_falls_when_it_was_sent_sends_it_no_second_time(
    member: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    await copied(member)
    ((event_id, name),) = await owed(member)

    async def fall(*_: object) -> None:
        raise Fallen

    with monkeypatch.context() as killed:
        killed.setattr(outcomes, "was_sent", fall)
        with pytest.raises(Fallen):
            await reacting.react(event_id, name)
    assert (await texts(member), (await only(member)).status) == (1, "WAITING")
    await let_leases_end(member)
    await work_off(member.user_id)
    assert (await texts(member), (await only(member)).status) == (1, "SENT")


async def test_what_was_put_off_is_put_off_once_however_often_it_is_asked(member: Phone, clock: Clock) -> None:
    """The gate's next moment is written with the event that comes then, so whoever falls in between loses neither."""
    night = (await clock.now()).replace(hour=15, minute=0, second=0, microsecond=0) + timedelta(days=1)
    await clock.stand_at(night - timedelta(hours=3))
    async with transaction() as db:
        await notify(db, member.user_id, application_words.OFFER_ENDS_SOON, new_id(), product="a loan", by_at=night)
    ((event_id, name),) = await owed(member)
    await clock.stand_at(night)
    for _ in range(2):
        async with transaction() as db:
            taken = await sending.take(db, member.user_id, (await only(member)).id, lambda *_: True)
            assert taken is None
    delivery = await only(member)
    eight = night.replace(hour=0) + timedelta(days=1)
    assert (delivery.status.value, delivery.due_at) == ("WAITING", eight)
    assert len(await owed(member)) == 2, "the one that asked, and the one that comes in the morning"
    await reacting.react(event_id, name)
    await clock.stand_at(eight)
    await work_off(member.user_id)
    assert (await texts(member), (await only(member)).status, await owed(member)) == (1, "SENT", [])


async def put_away(db: Db, person: Phone) -> None:
    await putting_away.put_away(db, await db.get_one(User, person.user_id))


async def give_to_another(db: Db, person: Phone) -> None:
    """As a carrier tells it."""
    theirs = update(users.Phone).where(users.Phone.user_id == person.user_id)
    await db.execute(theirs.values(reassigned_at=func.longan_now()))


@pytest.mark.parametrize("lose", [put_away, give_to_another])
async def test_who_has_a_number_now_hears_nothing_of_whoever_had_it(
    member: Phone, lose: Callable[[Db, Phone], Awaitable[None]]
) -> None:
    await copied(member)
    async with transaction() as db:
        await lose(db, member)
    await work_off(member.user_id)
    dropped = await only(member)
    assert (await texts(member), dropped.status, dropped.why) == (0, "DROPPED", ["NOT_ALLOWED", "NO_NUMBER: house"])
    await copied(member)
    await work_off(member.user_id)
    assert (await texts(member), (await only(member)).id) == (0, dropped.id)
    async with reading() as db:
        assert (await contacting.may_be_sent_a_code(db, phones.index(member.number))).is_allowed


async def test_a_device_that_was_not_reached_gives_no_contact_back_that_another_made(member: Phone) -> None:
    async with transaction() as db:
        for name in ("a tablet", "a watch"):
            actor = UserActor(member.user_id, (await sessions.begin(db, member.user_id, name)).id)
            await devices.register(db, actor, DevicePlatform.APNS, f"{name[2:]}-of-{member.number[1:]}", "en")
        await notify(db, member.user_id, words.DEVICE_COPIED, new_id(), device="a phone")
    async with reading() as db:
        mine = select(Delivery.id).where(Delivery.user_id == member.user_id).order_by(Delivery.id)
        reached, missed = (await db.execute(mine)).scalars()
    for id in (reached, missed):
        async with transaction() as db:
            assert await sending.take(db, member.user_id, id, lambda *_: True) is not None
    async with transaction() as db:
        await outcomes.was_put_off(db, member.user_id, missed, "busy")
    async with transaction() as db:
        await outcomes.was_sent(db, member.user_id, reached)
        made = select(func.count()).where(Contact.user_id == member.user_id)
        assert (await db.execute(made)).scalar_one() == 1


class Gateway:
    """Cannot tell a repeat, and fails as it is told to."""

    drops_repeats: ClassVar[bool] = False

    def __init__(self, *fails: SmsFailure) -> None:
        self.fails, self.asked = [*fails], 0

    async def send(self, message: TextMessage) -> None:
        self.asked += 1
        if self.fails:
            raise self.fails.pop(0)


@pytest.mark.parametrize(
    ("failure", "asked", "status", "contacts"),
    [(NotSent("busy"), 2, "SENT", 1), (Unsure("no_answer"), 1, "DROPPED", 1)],
)
async def test_who_cannot_tell_a_repeat_is_asked_again_only_if_it_surely_was_not_sent(
    member: Phone,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    failure: SmsFailure,
    asked: int,
    status: str,
    contacts: int,
) -> None:
    gateway = Gateway(failure)
    monkeypatch.setattr(telling, "gateway", lambda: gateway)
    await copied(member)
    await work_off(member.user_id)
    await clock.forward(minutes=1)
    await work_off(member.user_id)
    assert (gateway.asked, (await only(member)).status) == (asked, status)
    async with reading() as db:
        made = select(func.count()).where(Contact.user_id == member.user_id)
        assert (await db.execute(made)).scalar_one() == contacts


async def test_fifty_at_once_make_as_many_contacts_as_are_allowed(member: Phone, clock: Clock) -> None:
    at = (await clock.now()).replace(hour=4, minute=0) + timedelta(days=1)
    await clock.stand_at(at)
    async with transaction() as db:
        wish = {"MARKETING:SMS": True}
        row = ContactPreference(user_id=member.user_id, choices=wish)
        await db.merge(row)

    at_once = asyncio.Semaphore(8)  # as many as there are connections for

    async def advertise() -> bool:
        async with at_once, transaction() as db:
            await preferences.lock(db, member.user_id)
            asked = member.user_id, NoticeClass.MARKETING, NoticeChannel.SMS
            if is_allowed := (await contacting.may_contact(db, *asked)).is_allowed:
                await contacting.reserve(db, member.user_id, new_id(), NoticeChannel.SMS, NoticeClass.MARKETING)
            return is_allowed

    assert sum(await asyncio.gather(*(advertise() for _ in range(50)))) == 2
