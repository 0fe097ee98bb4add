"""Pushes: each dialect as its maker reads it, each refusal as what it means, and one message on a device however often it is sent."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar
from uuid import UUID

import orjson
import pytest
from sqlalchemy import select
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from domain.actors import UserActor
from domain.notices import backlog, devices, words
from domain.notices.contacting import Contact
from domain.notices.deliveries import Delivery
from domain.notices.devices import DevicePlatform, PushDevice
from domain.notices.kinds import NoticeKind
from domain.notices.telling import notify
from infra.database import reading, transaction
from infra.ids import new_id
from infra.setting_credentials import PushCredentials
from infra.settings import Settings
from integrations.push import apns, ports
from integrations.push.apns import Apns
from integrations.push.fcm import Fcm
from integrations.push.messages import (
    ConsentSpent,
    PushFailure,
    PushMessage,
    PushNotSent,
    PushPort,
    PushRejected,
    PushUnsure,
    TokenGone,
)
from integrations.push.wechat import WeChatMessages
from tests.clocks import Clock
from tests.integrations.push.h2_server import Said, serving
from tests.integrations.push.stand_ins import Apple, Google, WeChat, fcm_error, over_tls
from tests.integrations.serving import served
from tests.logs import Lines
from tests.phones import Phone, uuid_of
from tests.working import work_off

GOES_AWAY_WITH_IT, GOES_AWAY = Said(200, hangs_up=True), Said(0, hangs_up=True)
MESSAGE = PushMessage(
    id=UUID(int=7),
    token="t-1",
    title="Longan",
    body="There is news.",
    link="longan://devices",
    collapse_key=f"application:{UUID(int=8)}",
    expires_at=datetime.now(UTC) + timedelta(days=3),
    is_urgent=True,
    locale="zh",
)


@asynccontextmanager
async def apple() -> AsyncIterator[tuple[Apple, Apns]]:
    stand_in = Apple()
    async with serving(stand_in) as at:
        port = Apns(stand_in.key, stand_in.key_id, stand_in.team, stand_in.topic, f"http://{at}", frozenset([at]))
        yield stand_in, port
        await port._connection().aclose()


@asynccontextmanager
async def google() -> AsyncIterator[tuple[Google, Fcm]]:
    stand_in = Google()

    async def token(request: Request) -> Response:
        said = stand_in.token(await request.body())
        return JSONResponse(said.body, said.status)

    async with serving(stand_in) as at, served([Route("/token", token, methods=["POST"])]) as tokens:
        stand_in.audience = f"{tokens}/token"
        account = {
            "project_id": stand_in.project,
            "client_email": stand_in.email,
            "private_key": stand_in.key,
            "token_uri": stand_in.audience,
        }
        port = Fcm(account, f"http://{at}", frozenset([at, tokens.removeprefix("http://")]))
        yield stand_in, port
        await port._connection().aclose()


@asynccontextmanager
async def wechat() -> AsyncIterator[tuple[WeChat, WeChatMessages]]:
    stand_in = WeChat()

    async def answer(request: Request) -> Response:
        return JSONResponse(stand_in(request.url.path, dict(request.query_params), await request.body()))

    async with served([Route("/{path:path}", answer, methods=["POST"])]) as at:
        allow = frozenset([at.removeprefix("http://")])
        yield stand_in, WeChatMessages(stand_in.app_id, stand_in.secret, stand_in.template, at, allow)


async def failure(port: PushPort, message: PushMessage = MESSAGE) -> PushFailure:
    with pytest.raises(PushFailure) as failed:
        await port.send(message)
    return failed.value


class TestApple:
    async def test_a_message_is_taken_as_it_was_meant_and_a_token_signed_once(self) -> None:
        async with apple() as (stand_in, port):
            await port.send(MESSAGE)
            await port.send(replace(MESSAGE, id=UUID(int=9), is_urgent=False))
        assert stand_in.shown == {("t-1", MESSAGE.collapse_key): [str(UUID(int=7)), str(UUID(int=9))]}
        alert = {"title": "Longan", "body": "There is news."}
        aps = {"alert": alert, "sound": "default", "thread-id": MESSAGE.collapse_key}
        assert stand_in.bodies[0] == {"aps": aps, "link": "longan://devices"}
        assert len(stand_in.tokens) == 1, "a token that changes too often is refused"

    @pytest.mark.parametrize(
        ("said", "kind", "reason"),
        [
            (Said(410, {"reason": "Unregistered", "timestamp": 1_790_000_000_000}), TokenGone, "apns:Unregistered"),
            (Said(429, {"reason": "TooManyRequests"}, {"retry-after": "7"}), PushNotSent, "apns:TooManyRequests"),
            (Said(503, {"reason": "ServiceUnavailable"}), PushNotSent, "apns:ServiceUnavailable"),
            (Said(400, {"reason": "BadDeviceToken"}), PushRejected, "apns:BadDeviceToken"),
            (Said(403, {"reason": "ExpiredProviderToken"}), PushNotSent, "apns:ExpiredProviderToken"),
            (GOES_AWAY, PushUnsure, "no_answer"),
            (GOES_AWAY_WITH_IT, PushUnsure, "no_answer"),
        ],
    )
    async def test_a_refusal_is_what_it_means(self, said: Said, kind: type[PushFailure], reason: str) -> None:
        async with apple() as (stand_in, port):
            stand_in.says["t-1"] = [said]
            failed = await failure(port)
            assert (type(failed), failed.reason) == (kind, reason)
            if isinstance(failed, TokenGone):
                assert failed.since == datetime.fromtimestamp(1_790_000_000, UTC)
            if said.status == 429:
                assert failed.after_seconds == 7.0  # type: ignore[attr-defined]
            await port.send(MESSAGE)
        assert stand_in.shown == {("t-1", MESSAGE.collapse_key): [str(MESSAGE.id)]}, "and the next time it goes, once"

    async def test_a_token_is_signed_anew_when_it_is_old_and_another_key_is_refused(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async with apple() as (stand_in, port):
            await port.send(MESSAGE)
            later = time.time() + apns.RENEWED_AFTER_SECONDS + 1
            monkeypatch.setattr("integrations.push.apns.time.time", lambda: later)
            await port.send(MESSAGE)
            assert len(stand_in.tokens) == 2
            port.key, port._token = Apple().key, None
            assert (await failure(port)).reason == "apns:InvalidProviderToken"

    async def test_a_token_leads_to_no_other_path(self) -> None:
        """Such as were registered when anybody might write what they liked: one of dots goes a folder up."""
        async with apple() as (stand_in, port):
            for token in ("..", "../device/t-1", "t-1?x", "%2e%2e", ""):
                failed = await failure(port, replace(MESSAGE, token=token))
                assert (type(failed), failed.reason) == (PushRejected, "apns:no_token")
        assert (stand_in.shown, stand_in.bodies) == ({}, [])

    async def test_nobody_there_is_not_sent(self) -> None:
        port = Apns(Apple().key, "k", "t", "app.longan", "http://127.0.0.1:9", frozenset(["127.0.0.1:9"]))
        assert type(await failure(port)) is PushNotSent

    async def test_a_certificate_that_is_over_gets_nothing(self, tmp_path: Path) -> None:
        stand_in = Apple()
        async with serving(stand_in, over_tls(tmp_path)) as at:
            port = Apns(stand_in.key, stand_in.key_id, stand_in.team, stand_in.topic, f"https://{at}", frozenset([at]))
            failed = await failure(port)
        assert (type(failed), failed.reason) == (PushNotSent, "no_connection")
        assert stand_in.tokens == set(), "our token was shown to nobody"


class TestGoogle:
    async def test_a_message_is_taken_with_a_token_that_is_had_once(self) -> None:
        async with google() as (stand_in, port):
            await port.send(MESSAGE)
            await port.send(MESSAGE)
        assert stand_in.shown == {("t-1", MESSAGE.collapse_key): [str(MESSAGE.id)]}
        assert stand_in.given == ["ya29.0"]

    @pytest.mark.parametrize(
        ("said", "kind", "reason"),
        [
            (fcm_error(404, "UNREGISTERED"), TokenGone, "fcm:UNREGISTERED"),
            (fcm_error(400, "INVALID_ARGUMENT"), PushRejected, "fcm:INVALID_ARGUMENT"),
            (fcm_error(403, "SENDER_ID_MISMATCH"), PushRejected, "fcm:SENDER_ID_MISMATCH"),
            (fcm_error(429, "QUOTA_EXCEEDED", **{"retry-after": "11"}), PushNotSent, "fcm:QUOTA_EXCEEDED"),
            (fcm_error(503, "UNAVAILABLE"), PushNotSent, "fcm:UNAVAILABLE"),
            (Said(404, {}), PushRejected, "fcm:404"),
            (GOES_AWAY, PushUnsure, "no_answer"),
        ],
    )
    async def test_a_refusal_is_what_it_means(self, said: Said, kind: type[PushFailure], reason: str) -> None:
        async with google() as (stand_in, port):
            stand_in.says["t-1"] = [said]
            failed = await failure(port)
            assert (type(failed), failed.reason) == (kind, reason)
            if isinstance(failed, PushNotSent):
                assert failed.after_seconds == (11.0 if said.status == 429 else 60.0)

    async def test_a_token_that_was_taken_back_is_had_anew(self) -> None:
        async with google() as (stand_in, port):
            await port.send(MESSAGE)
            stand_in.given.append("another")
            assert (await failure(port)).reason == "fcm:UNAUTHENTICATED"
            await port.send(MESSAGE)
            assert stand_in.given[-1] == "ya29.2"

    async def test_another_key_gets_no_token(self) -> None:
        async with google() as (stand_in, port):
            port.account["private_key"] = Google().key
            failed = await failure(port)
            assert (type(failed), failed.reason, stand_in.given) == (PushNotSent, "fcm:invalid_grant", [])


class TestWeChat:
    async def test_one_consent_lets_one_message_through(self) -> None:
        async with wechat() as (stand_in, port):
            stand_in.consents["t-1"] = 1
            await port.send(MESSAGE)
            assert type(await failure(port)) is ConsentSpent
        assert stand_in.shown == {"t-1": ["您在龙眼有一条新消息"]}

    @pytest.mark.parametrize(
        ("code", "kind"),
        [
            (43101, ConsentSpent),
            (40003, TokenGone),
            (45009, PushNotSent),
            (-1, PushNotSent),
            (42001, PushNotSent),
            (47003, PushRejected),
        ],
    )
    async def test_a_refusal_is_what_it_means(self, code: int, kind: type[PushFailure]) -> None:
        async with wechat() as (stand_in, port):
            stand_in.consents["t-1"] = 1
            stand_in.says = [code]
            failed = await failure(port)
            assert (type(failed), failed.reason) == (kind, f"wechat:{code}")
            await port.send(MESSAGE)

    async def test_a_wrong_secret_gets_no_token(self) -> None:
        async with wechat() as (_, port):
            port.app_secret = "another"
            assert (await failure(port)).reason == "wechat:40125"


class Away:
    """Sends by this port once it is back."""

    drops_repeats: ClassVar[bool] = True

    def __init__(self, port: PushPort) -> None:
        self.port, self.asked, self.is_back = port, 0, False

    async def send(self, message: PushMessage) -> None:
        self.asked += 1
        if not self.is_back:
            raise PushNotSent("away")
        await self.port.send(message)


def use(monkeypatch: pytest.MonkeyPatch, platform: DevicePlatform, port: PushPort) -> None:
    monkeypatch.setattr(ports, "_ports", lambda: {platform: port})


async def register(person: Phone, platform: DevicePlatform, token: str) -> None:
    actor = UserActor(person.user_id, uuid_of(person.session["id"]))
    async with transaction() as db:
        await devices.register(db, actor, platform, token, "en")


async def tell(person: Phone, kind: NoticeKind = words.DEVICE_SIGNED_IN) -> None:
    """Something that comes by day and night."""
    async with transaction() as db:
        await notify(db, person.user_id, kind, new_id(), device="a tablet")
    await work_off(person.user_id)


async def outcome(person: Phone) -> list[tuple[str, list[str] | None]]:
    async with reading() as db:
        mine = select(Delivery).where(Delivery.user_id == person.user_id).order_by(Delivery.id)
        return [(each.status.value, each.why) for each in (await db.execute(mine)).scalars()]


async def rows(entity: Any, person: Phone) -> list[Any]:
    async with reading() as db:
        return [*(await db.execute(select(entity).where(entity.user_id == person.user_id))).scalars()]


async def once_more(person: Phone, clock: Clock) -> None:
    """What waits is tried again when its lease is over."""
    await clock.forward(minutes=1)
    await work_off(person.user_id)


class TestOnItsWay:
    """From a notice to a device, with what goes wrong between."""

    async def test_a_line_that_breaks_when_it_was_taken_shows_it_once(
        self, member: Phone, clock: Clock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async with apple() as (stand_in, port):
            use(monkeypatch, DevicePlatform.APNS, port)
            await register(member, DevicePlatform.APNS, "t-broken")
            stand_in.says["t-broken"] = [GOES_AWAY_WITH_IT, GOES_AWAY]
            await tell(member)
            for _ in range(2):
                await once_more(member, clock)
        ((_, shown),) = stand_in.shown.items()
        assert len(shown) == 1
        assert await outcome(member) == [("SENT", None)]
        assert len(await rows(Contact, member)) == 1

    @pytest.mark.parametrize("seconds", [-60, 60])
    async def test_a_token_is_forgotten_that_is_gone_since_it_was_registered(
        self, member: Phone, clock: Clock, monkeypatch: pytest.MonkeyPatch, seconds: int
    ) -> None:
        async with apple() as (stand_in, port):
            use(monkeypatch, DevicePlatform.APNS, port)
            await register(member, DevicePlatform.APNS, f"t-gone{seconds}")
            since = await clock.now() + timedelta(seconds=seconds)
            gone = Said(410, {"reason": "Unregistered", "timestamp": int(since.timestamp() * 1000)})
            stand_in.says[f"t-gone{seconds}"] = [gone]
            await tell(member)
            await once_more(member, clock)
        if seconds > 0:
            assert await outcome(member) == [("DROPPED", ["NO_DEVICE", "apns:Unregistered"])]
            assert await rows(PushDevice, member) == await rows(Contact, member) == []
        else:
            assert await outcome(member) == [("SENT", None)], "who registered later has the app again"
            assert len(await rows(PushDevice, member)) == 1

    async def test_who_asks_for_a_pause_gets_it(
        self, member: Phone, clock: Clock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async with google() as (stand_in, port):
            use(monkeypatch, DevicePlatform.FCM, port)
            await register(member, DevicePlatform.FCM, "t-busy")
            stand_in.says["t-busy"] = [fcm_error(429, "QUOTA_EXCEEDED", **{"retry-after": "600"})]
            await tell(member)
            assert stand_in.shown == {}
        (waiting,) = await rows(Delivery, member)
        wait = (waiting.due_at - await clock.now()).total_seconds()
        assert waiting.status == "WAITING" and 300 < wait <= 600
        assert await rows(Contact, member) == []

    async def test_who_is_away_for_hours_gets_it_when_they_are_back(
        self, member: Phone, clock: Clock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async with google() as (stand_in, port):
            away = Away(port)
            use(monkeypatch, DevicePlatform.FCM, away)
            await register(member, DevicePlatform.FCM, "t-away")
            await tell(member)
            for _ in range(17):
                await clock.stand_at((await rows(Delivery, member))[0].due_at)
                await work_off(member.user_id)
            (waiting,) = await rows(Delivery, member)
            assert (waiting.status, waiting.tries, away.asked) == ("WAITING", 18, 18)
            assert await clock.now() - waiting.tried_at > timedelta(hours=2)
            async with reading() as db:
                now = await backlog.look(db)
            assert (now.pushes >= 1, now.oldest_seconds > 7_200) == (True, True)
            away.is_back = True
            await clock.stand_at(waiting.due_at)
            await work_off(member.user_id)
            assert len(stand_in.shown) == 1
        assert await outcome(member) == [("SENT", None)]

    async def test_what_is_of_no_use_any_more_is_given_up_and_that_is_said(
        self, member: Phone, clock: Clock, monkeypatch: pytest.MonkeyPatch, lines: Lines
    ) -> None:
        async with google() as (_, port):
            away = Away(port)
            use(monkeypatch, DevicePlatform.FCM, away)
            await register(member, DevicePlatform.FCM, "t-away-for-good")
            await tell(member)
            (waiting,) = await rows(Delivery, member)
            await clock.stand_at(waiting.expires_at - timedelta(seconds=1))
            await work_off(member.user_id)
            (waiting,) = await rows(Delivery, member)
            assert waiting.due_at == waiting.expires_at
            mark = lines.mark()
            await clock.stand_at(waiting.expires_at)
            await work_off(member.user_id)
        assert (await outcome(member), away.asked) == ([("DROPPED", ["LATE"])], 2)
        assert await rows(Contact, member) == []
        assert "notice.given_up" in lines.since(mark)

    async def test_a_text_goes_instead_where_its_kind_asks_for_that_once_for_all_devices(
        self, member: Phone, clock: Clock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async with google() as (_, port):
            away = Away(port)
            monkeypatch.setattr(ports, "_ports", lambda: dict.fromkeys(DevicePlatform, away))
            for platform in (DevicePlatform.FCM, DevicePlatform.APNS):
                await register(member, platform, f"t-{platform}")
            await tell(member, words.DEVICE_COPIED)
            for _ in range(12):
                waiting = [each.due_at for each in await rows(Delivery, member) if each.status == "WAITING"]
                if waiting:
                    await clock.stand_at(max(waiting))
                    await work_off(member.user_id)
        assert sorted(await outcome(member), key=str) == [
            ("DROPPED", ["TEXTED", "away"]),
            ("DROPPED", ["TEXTED", "away"]),
            ("SENT", None),
        ]
        (contact,) = await rows(Contact, member)
        assert contact.channel == "SMS"

    async def test_a_text_goes_at_once_where_the_last_device_is_gone(
        self, member: Phone, clock: Clock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async with google() as (stand_in, port):
            monkeypatch.setattr(ports, "_ports", lambda: dict.fromkeys(DevicePlatform, port))
            for platform in (DevicePlatform.FCM, DevicePlatform.APNS):
                await register(member, platform, f"t-lost-{platform}")
                stand_in.says[f"t-lost-{platform}"] = [fcm_error(404, "UNREGISTERED")]
            await tell(member, words.DEVICE_COPIED)
        gone = ("DROPPED", ["NO_DEVICE", "fcm:UNREGISTERED"])
        assert sorted(await outcome(member), key=str) == [gone, gone, ("SENT", None)]

    async def test_a_consent_is_used_once(self, member: Phone, monkeypatch: pytest.MonkeyPatch) -> None:
        async with wechat() as (stand_in, port):
            use(monkeypatch, DevicePlatform.WECHAT, port)
            stand_in.consents["openid-1"] = 1
            await register(member, DevicePlatform.WECHAT, "openid-1")
            await tell(member)
            await tell(member)
            assert await outcome(member) == [("SENT", None)], "where no message is left, none is tried"
            await register(member, DevicePlatform.WECHAT, "openid-1")
            await tell(member)
        assert stand_in.shown == {"openid-1": ["News in Longan"]}
        assert (await outcome(member))[1:] == [("DROPPED", ["NO_DEVICE", "wechat:43101"])]

    async def test_who_registers_while_we_ask_has_the_app_again(
        self, member: Phone, clock: Clock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Google does not tell since when a token is gone."""
        async with google() as (stand_in, port):
            use(monkeypatch, DevicePlatform.FCM, port)
            await register(member, DevicePlatform.FCM, "t-again")
            stand_in.says["t-again"] = [fcm_error(404, "UNREGISTERED")]
            forget = devices.forget

            async def registered_meanwhile(*given: Any) -> bool:
                monkeypatch.setattr(devices, "forget", forget)
                await register(member, DevicePlatform.FCM, "t-again")
                return await forget(*given)

            monkeypatch.setattr(devices, "forget", registered_meanwhile)
            await tell(member)
            await once_more(member, clock)
            assert await outcome(member) == [("SENT", None)]
            stand_in.says["t-again"] = [fcm_error(404, "UNREGISTERED")]
            await tell(member)
        assert await rows(PushDevice, member) == []

    async def test_what_is_no_more_configured_is_dropped(self, member: Phone, monkeypatch: pytest.MonkeyPatch) -> None:
        await register(member, DevicePlatform.APNS, "t-nobody")
        async with transaction() as db:
            await notify(db, member.user_id, words.DEVICE_COPIED, new_id(), device="a tablet")
        monkeypatch.setattr(ports, "port", lambda platform: None)
        await work_off(member.user_id)
        assert await outcome(member) == [("DROPPED", ["NO_DEVICE"]), ("SENT", None)], "and a text goes instead"


def test_the_settings_make_the_ports(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ports._ports() == {}
    given = {
        "apns_key": Apple().key,
        "apns_key_id": "k",
        "apns_team_id": "t",
        "apns_topic": "app.longan",
        "fcm_account": orjson.dumps({"project_id": "p", "client_email": "e", "private_key": Google().key}).decode(),
        "wechat_app_id": "wx",
        "wechat_app_secret": "s",
        "wechat_template_id": "t",
    }
    configuration = Settings(push=PushCredentials.model_validate(given))
    monkeypatch.setattr(ports, "settings", lambda: configuration)
    made = ports._ports.__wrapped__()
    assert {platform: type(port) for platform, port in made.items()} == {
        DevicePlatform.APNS: Apns,
        DevicePlatform.FCM: Fcm,
        DevicePlatform.WECHAT: WeChatMessages,
    }
    for wrong in ({"apns_key": Google().key}, {"apns_key": "x"}, {"fcm_account": "{}"}, {"fcm_account": "[]"}):
        with pytest.raises(ValueError, match="should be"):
            PushCredentials.model_validate(given | wrong)
    for missing in ("apns_key_id", "wechat_app_secret"):
        with pytest.raises(ValueError, match=f"LONGAN_PUSH__{missing.upper()} is missing"):
            Settings(push=PushCredentials.model_validate({k: v for k, v in given.items() if k != missing}))
