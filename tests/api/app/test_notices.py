"""Notices: what people are told of their things, when they are left in peace, and that nobody sees another's."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest
from sqlalchemy import func, select

from api.graphql.kept.answers import forget as forget_answers
from api.main import app
from domain.applications.applications import REFERRED
from domain.consent import consents
from domain.consent.consents import Consent, Purpose
from domain.notices import devices, words
from domain.notices.contacting import Contact
from domain.notices.deliveries import Delivery
from domain.notices.devices import PushDevice, PushToken
from domain.notices.preferences import ContactPreference
from domain.notices.telling import notify
from domain.people import changing_phone, payment_accounts
from domain.people.sessions import Session
from infra import outbox, pruning
from infra.clock import now as clock_now
from infra.database import reading, transaction
from infra.ids import global_id, new_id
from infra.settings import settings
from integrations.push import ports
from integrations.sms import kept
from tests.api.doors import operations
from tests.api.offering import close
from tests.api.people import open_shop
from tests.applying import AT_ONCE, BY_PARTNER, apply
from tests.clocks import Clock
from tests.phones import Answer, NewPhone, Phone, uuid_of
from tests.sockets import socket
from tests.statements import statements

UNREAD = "{ viewer { unreadNotices } }"
NOON = timedelta(hours=4)  # in Shanghai, by the universal time


async def noon(clock: Clock, days: int = 0) -> datetime:
    """The next noon in Shanghai, when nobody is asleep there."""
    now = await clock.now()
    today = datetime(now.year, now.month, now.day, tzinfo=UTC) + NOON
    at = today + timedelta(days=days + (today <= now))
    await clock.stand_at(at)
    return at


async def listed(person: Phone, **more: Any) -> list[Answer]:
    edges = (await person.send("MyNotices", **more))["notices"]["edges"]
    return [edge["node"] for edge in edges]


async def deliveries_of(person: Phone) -> list[Delivery]:
    async with reading() as db:
        mine = select(Delivery).where(Delivery.user_id == person.user_id).order_by(Delivery.id)
        return [*(await db.execute(mine)).scalars()]


async def texts(to: str) -> list[str]:
    """What was sent there that is no code, oldest first."""
    async with reading() as db:
        return [each.body for each in reversed(await kept.messages_to(db, to)) if each.code is None]


async def register(person: Phone, token: str, platform: str = "APNS") -> Answer:
    return await person.do("RegisterPush", platform=platform, token=token)


async def test_an_application_is_told_of_as_it_moves(shopper: Phone, clock: Clock) -> None:
    application = await apply(shopper, BY_PARTNER)
    await shopper.settle()
    (newest, *_) = await listed(shopper)
    assert newest["class"] == "SERVICE" and newest["readAt"] is None
    assert newest["title"] == "Your application is with 龙眼示范银行"
    assert newest["link"] == f"longan://applications/{application['id']}"
    assert ": 龙眼示范银行 has your application and answers by " in newest["body"]
    await shopper.do("WithdrawApplication", applicationId=application["id"])
    await shopper.settle()
    assert (await listed(shopper))[0]["title"] == "You took your application back"
    answer = await shopper.post(operations("app")["MyNotices"], None, **{"Accept-Language": "zh-CN"})
    assert answer.json()["data"]["viewer"]["notices"]["edges"][0]["node"]["title"] == "您已撤回申请"
    assert await deliveries_of(shopper) == []


async def test_what_was_answered_at_once_is_told_once(shopper: Phone, clock: Clock) -> None:
    await noon(clock)
    await shopper.renew()
    application = await apply(shopper, AT_ONCE)
    assert application["status"] == "APPROVED"
    await shopper.settle()
    titles = [each["title"] for each in await listed(shopper)]
    assert titles[0] == "Your application was approved" and "application is with" not in " ".join(titles)
    assert await texts(shopper.number) == ["Longan: There is an answer to your application. Open Longan to read it."]
    (delivery,) = await deliveries_of(shopper)
    assert (delivery.status, delivery.channel) == ("SENT", "SMS")


async def test_what_somebody_else_may_have_done_in_ones_name_is_told_of(member: Phone) -> None:
    events = (payment_accounts.REMOVED, changing_phone.CHANGED, changing_phone.STOPPED)
    async with transaction() as db:
        for event in events:
            await outbox.announce(db, event, user_id=member.user_id, subject_id=new_id())
    await member.settle()
    assert [(each["class"], each["title"]) for each in reversed(await listed(member))] == [
        ("SECURITY", "A payment account was removed"),
        ("SECURITY", "Your phone number was changed"),
        ("SECURITY", "The change of your phone number was stopped"),
    ]


async def test_a_consent_is_told_of_by_itself_where_no_application_tells_of_it(member: Phone) -> None:
    shop = await open_shop()
    async with transaction() as db:
        now = await clock_now(db)
        for application_id in (None, new_id()):
            lasts = {"granted_at": now, "updated_at": now, "expires_at": datetime(2027, 3, 1, 4, tzinfo=UTC)}
            consent = Consent(
                user_id=member.user_id,
                partner_id=shop.partner.id,
                purpose=Purpose.LENDING,
                scopes=["SCORE_CHECK"],
                application_id=application_id,
                **lasts,
            )
            db.add(consent)
            for event in (consents.GRANTED, consents.REVOKED):
                await outbox.announce(db, event, user_id=member.user_id, subject_id=consent.id)
    await member.settle()
    told = [(each["title"], each["body"]) for each in reversed(await listed(member))]
    assert told == [
        (
            "Shop can see what you chose to share",
            "They can see that and nothing else, until 1 Mar, 12:00. Each time they look is recorded for you.",
        ),
        ("Shop can no longer see your information", "Your consent has ended. What they saw before stays with them."),
    ]
    await close(shop)


async def test_reading_until_a_moment(member: Phone, shopper: Phone, clock: Clock) -> None:
    before = (await shopper.ask(UNREAD))["viewer"]["unreadNotices"]
    assert before == len(await listed(shopper)) > 1
    oldest = (await listed(shopper))[-1]
    await shopper.do("ReadNotices", until=oldest["at"])
    seen = await listed(shopper)
    read = [each for each in seen if each["readAt"] is not None]
    assert read and all(each["at"] <= oldest["at"] for each in read)
    assert (await shopper.ask(UNREAD))["viewer"]["unreadNotices"] == len(seen) - len(read)
    await shopper.do("ReadNotices", until=seen[0]["at"])
    again = {each["id"]: each["readAt"] for each in await listed(shopper)}
    assert (await shopper.ask(UNREAD))["viewer"]["unreadNotices"] == 0
    assert {each["id"]: again[each["id"]] for each in read} == {each["id"]: each["readAt"] for each in read}


async def test_nobody_sees_anothers(shopper: Phone, new_phone: NewPhone) -> None:
    other = await new_phone()
    await other.sign_in()
    assert await listed(other) == []
    theirs = (await listed(shopper))[0]["id"]
    found = await other.ask("query($id: ID!) { node(id: $id) { __typename } }", id=theirs)
    assert found["node"] is None
    mine = await shopper.ask("query($id: ID!) { node(id: $id) { __typename ... on Notice { title } } }", id=theirs)
    assert mine["node"]["__typename"] == "Notice"
    status, code = await Phone(other.http).error(
        'mutation { readNotices(input: {until: "2030-01-01T00:00:00Z"}) { __typename } }'
    )
    assert (status, code) == (401, "UNAUTHENTICATED")


async def test_a_new_device_is_told_of_and_one_that_is_ended(
    member: Phone, web: httpx2.AsyncClient, clock: Clock
) -> None:
    await member.settle()
    assert await listed(member) == []
    await register(member, "first-phone")
    await clock.forward(seconds=61)
    tablet = Phone(web, member.number)
    await tablet.sign_in()
    await member.settle()
    (told,) = await listed(member)
    assert (told["class"], told["title"]) == ("SECURITY", "A new device signed in")
    assert told["body"].startswith("a test's phone signed in to your account.")
    assert len(await texts("first-phone")) == 1, "by day and night"
    await tablet.do("EndDevice", deviceId=global_id("Device", uuid_of(member.session["id"])))
    await member.settle()
    assert [each["title"] for each in await listed(tablet)] == ["A device was signed out", "A new device signed in"]
    assert len(await texts("first-phone")) == 1, "who is signed out is told nothing there any more"
    for days, left in ((367, 1), (settings().refresh_days, 0)):  # one was ended, and nobody ended the other
        await clock.forward(days=days)
        async with transaction() as db:
            await pruning.one_batch(db, "prune_spent")
            theirs = select(func.count()).where(Session.user_id == member.user_id)
            assert (await db.execute(theirs)).scalar_one() == left, "nobody remembers where they were signed in"
    await tablet.sign_in()
    await tablet.settle()
    assert [each["title"] for each in await listed(tablet)][:1] == ["A new device signed in"]
    assert len(await listed(tablet)) == 3, "they were here before all the same"


async def test_what_comes_at_night_waits_for_the_morning_and_the_newest_alone_goes(
    shopper: Phone, clock: Clock
) -> None:
    await register(shopper, f"phone-of-{shopper.number[1:]}", "FCM")
    at = await noon(clock, days=1) + timedelta(hours=11)  # 23:00
    await clock.stand_at(at)
    await shopper.renew()
    await apply(shopper, AT_ONCE)
    await shopper.settle()
    (waiting,) = await deliveries_of(shopper)
    assert (waiting.status, waiting.channel, waiting.due_at) == (
        "WAITING",
        "PUSH",
        at.replace(hour=0) + timedelta(days=1),
    )
    assert await texts(f"phone-of-{shopper.number[1:]}") == await texts(shopper.number) == []
    await clock.stand_at(waiting.due_at)
    await shopper.settle()
    assert await texts(f"phone-of-{shopper.number[1:]}") == [
        "There is an answer to your application. Open Longan to read it."
    ]
    (sent,) = await deliveries_of(shopper)
    assert sent.status == "SENT"


async def test_what_is_handled_late_takes_the_place_of_nothing_newer(shopper: Phone, clock: Clock) -> None:
    """Workers may come to an event when a later one of the same application was told."""
    await clock.stand_at(await noon(clock, days=1) + timedelta(hours=11))
    await shopper.renew()
    id = uuid_of((await apply(shopper, AT_ONCE))["id"])
    await shopper.settle()
    before, (waiting,) = await listed(shopper), await deliveries_of(shopper)
    async with transaction() as db:
        await outbox.announce(db, REFERRED, user_id=shopper.user_id, subject_id=id, by="rules")
    await shopper.settle()
    assert await listed(shopper) == before
    assert [(each.id, each.status) for each in await deliveries_of(shopper)] == [(waiting.id, "WAITING")]


async def test_the_gate_is_asked_again_when_it_leaves(shopper: Phone, clock: Clock) -> None:
    at = await noon(clock, days=1) + timedelta(hours=11)
    await clock.stand_at(at)
    await shopper.renew()
    await apply(shopper, AT_ONCE)
    await shopper.settle()
    (waiting,) = await deliveries_of(shopper)
    assert (waiting.status, waiting.channel) == ("WAITING", "SMS")
    await shopper.do("SetContactPreferences", quietUntil="09:30")
    await clock.stand_at(waiting.due_at)
    await shopper.settle()
    (later,) = await deliveries_of(shopper)
    assert (later.status, later.due_at) == ("WAITING", waiting.due_at + timedelta(minutes=90))
    off = [{"class": "SERVICE", "channel": "SMS", "isAllowed": False}]
    await shopper.renew()
    await shopper.do("SetContactPreferences", preferences=off)
    await clock.stand_at(later.due_at)
    await shopper.settle()
    (dropped,) = await deliveries_of(shopper)
    assert (dropped.status, dropped.why) == ("DROPPED", ["NOT_ALLOWED", "PREFERENCE: house"])
    assert await texts(shopper.number) == []
    async with reading() as db:
        assert (await db.execute(select(Contact).where(Contact.user_id == shopper.user_id))).all() == []


async def test_each_is_heard_of_once_and_none_of_before(shopper: Phone) -> None:
    async with socket() as line:
        await line.sign_in(shopper.token, locale="en")
        await line.subscribe(operations("app")["Noticed"])
        await line.say(type="ping")
        assert (await line.hear())["type"] == "pong"
        application = await apply(shopper, BY_PARTNER)
        await shopper.settle()
        first = (await line.next())["noticed"]
        assert first["title"] == "Your application is with 龙眼示范银行"
        await shopper.do("WithdrawApplication", applicationId=application["id"])
        await shopper.settle()
        assert (await line.next())["noticed"]["title"] == "You took your application back"


class TestPreferences:
    ASKED = (
        "{ viewer { contactPreferences { preferences { class channel isAllowed } quietFrom quietUntil timeZone } } }"
    )

    async def test_at_first_all_but_advertisements(self, member: Phone) -> None:
        told = (await member.ask(self.ASKED))["viewer"]["contactPreferences"]
        assert (told["quietFrom"], told["quietUntil"], told["timeZone"]) == ("22:00", "08:00", "Asia/Shanghai")
        off = [(each["class"], each["channel"]) for each in told["preferences"] if not each["isAllowed"]]
        assert (len(told["preferences"]), off) == (15, [("MARKETING", "PUSH"), ("MARKETING", "SMS")])

    async def test_what_is_said_stays_and_the_rest_as_it_was(self, member: Phone) -> None:
        wish = [{"class": "SERVICE", "channel": "PUSH", "isAllowed": False}]
        answer = await member.do("SetContactPreferences", preferences=wish, timeZone="America/New_York")
        assert answer["__typename"] == "User"
        answer = await member.do("SetContactPreferences", quietFrom="23:30")
        told = answer["contactPreferences"]
        assert (told["quietFrom"], told["quietUntil"], told["timeZone"]) == ("23:30", "08:00", "America/New_York")
        assert wish[0] in told["preferences"]

    async def test_all_that_is_wrong_is_told_and_nothing_stays(self, member: Phone) -> None:
        security = [{"class": "SECURITY", "channel": "SMS", "isAllowed": False}]
        ask = "mutation($i: SetContactPreferencesInput!) { setContactPreferences(input: $i) { ... on Refused { code faults { field } } } }"
        for input, fields in (
            ({"quietFrom": "24:00", "timeZone": "Mars/Olympus"}, [["input", "quietFrom"], ["input", "timeZone"]]),
            ({"preferences": security, "quietFrom": "23:00"}, [["input", "preferences"]]),
            ({"timeZone": "Etc/Unknown"}, [["input", "timeZone"]]),
        ):
            refused = (await member.ask(ask, i=input))["setContactPreferences"]
            assert (refused["code"], [fault["field"] for fault in refused["faults"]]) == ("INVALID", fields)
        async with reading() as db:
            assert (
                await db.execute(
                    select(ContactPreference.quiet_from).where(ContactPreference.user_id == member.user_id)
                )
            ).all() == []

    @pytest.mark.parametrize(
        "token", ["", " ", "a b", "x" * 4097, "令牌", "a\u0000b", "..", "a/b", "a%2e", "a?b", "a#b"]
    )
    async def test_what_is_no_token_is_refused(self, regular: Phone, token: str) -> None:
        refused = await register(regular, token)
        assert (refused["__typename"], refused["code"], refused["field"]) == ("Refused", "INVALID", ["input", "token"])

    async def test_nobody_registers_where_nobody_sends(self, member: Phone, monkeypatch: pytest.MonkeyPatch) -> None:
        """Else nothing would come: no push, and no text in its place."""
        await register(member, "before")
        monkeypatch.setattr(ports, "port", lambda platform: None)
        refused = await register(member, "token", "FCM")
        assert (refused["code"], refused["field"]) == ("PROVIDER_UNAVAILABLE", ["input", "platform"])
        async with transaction() as db:
            (device,) = await db.scalars(select(PushDevice).where(PushDevice.user_id == member.user_id))
            assert (device.platform, await devices.ringing(db, member.user_id)) == ("APNS", [])
            await notify(db, member.user_id, words.DEVICE_COPIED, device.session_id, device="a tablet")
        (delivery,) = await deliveries_of(member)
        assert delivery.channel == "SMS"


async def test_a_phone_that_somebody_else_signs_in_on_tells_its_former_person_nothing(
    member: Phone, new_phone: NewPhone
) -> None:
    other = await new_phone()
    await other.sign_in()
    await register(member, "one-phone")
    await register(other, "one-phone")
    await register(other, "one-phone")
    async with reading() as db:
        theirs = (
            (
                await db.execute(
                    select(PushDevice.user_id).where(PushDevice.user_id.in_([member.user_id, other.user_id]))
                )
            )
            .scalars()
            .all()
        )
        owners = (
            (await db.execute(select(PushToken.user_id).where(PushToken.user_id.in_([member.user_id, other.user_id]))))
            .scalars()
            .all()
        )
    assert (theirs, owners) == ([other.user_id], [other.user_id])


async def test_two_tokens_of_one_device_at_once_leave_one(member: Phone) -> None:
    answers = await asyncio.gather(*(register(member, f"token-{number}-{member.number[1:]}") for number in range(6)))
    assert {answer["__typename"] for answer in answers} == {"User"}
    async with reading() as db:
        devices = select(PushDevice.token_index).where(PushDevice.user_id == member.user_id)
        tokens = select(PushToken.index).where(PushToken.user_id == member.user_id)
        (device,), (token,) = (await db.scalars(devices)).all(), (await db.scalars(tokens)).all()
    assert device == token


async def test_the_list_is_read_in_as_few_questions_however_long_it_is(shopper: Phone) -> None:
    costs = []
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://house") as house:
        shopper.http = house
        for first in (1, 20):
            await listed(shopper, first=first)
            forget_answers()
            with statements() as sent:
                seen = await listed(shopper, first=first)
            costs.append((len(seen), len(sent)))
    (one, few), (many, more) = costs
    assert one == 1 < many
    assert few == more <= 5, "the session, the person, the page, and the key that opens it"
