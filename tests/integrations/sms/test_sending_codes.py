"""A code is sent once per challenge, however often its event is delivered."""

import asyncio
from typing import ClassVar
from uuid import uuid4

import pytest
from sqlalchemy import select

from domain.people import challenges, signing_in
from domain.people.challenges import Challenge
from infra.database import reading, transaction
from infra.outbox import Event, EventReaction
from infra.reacting import react
from infra.words import Locale
from integrations import tasks
from integrations.sms.kept import KeptMessage, messages_to
from integrations.sms.messages import NotSent, Rejected, SmsFailure, TextMessage, Unsure
from tests.clocks import Clock
from tests.patience import SECONDS_MAX


class Recorder:
    """A gateway that cannot tell a repeat, and fails as it is told."""

    drops_repeats: ClassVar[bool] = False

    def __init__(self, *failures: SmsFailure) -> None:
        self.failures = list(failures)
        self.sent: list[TextMessage] = []

    async def send(self, message: TextMessage) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.sent.append(message)


class Slow(Recorder):
    """Thinks long over the first message, and then says that it was not sent."""

    def __init__(self) -> None:
        super().__init__(NotSent("busy"))
        self.is_called, self.may_answer = asyncio.Event(), asyncio.Event()

    async def send(self, message: TextMessage) -> None:
        self.is_called.set()
        await self.may_answer.wait()
        await super().send(message)


async def owed(event: Event) -> EventReaction:
    async with reading() as db:
        return await db.get_one(EventReaction, (event.id, "send_code"))


async def asked(locale: Locale = "zh") -> tuple[Challenge, Event, str]:
    phone = f"+86138{uuid4().int % 10**8:08}"
    async with transaction() as db:
        challenge = await signing_in.request_code(db, phone=phone, ip="192.0.2.1", locale=locale)
    async with reading() as db:
        event = (await db.execute(select(Event).where(Event.subject_id == challenge.id))).scalar_one()
    return challenge, event, phone


async def kept(phone: str) -> list[KeptMessage]:
    async with reading() as db:
        return await messages_to(db, phone)


def using(monkeypatch: pytest.MonkeyPatch, gateway: Recorder) -> Recorder:
    monkeypatch.setattr(tasks, "gateway", lambda: gateway)
    return gateway


async def test_the_embedded_default_keeps_the_message_once() -> None:
    challenge, event, phone = await asked()
    await tasks.send_code(event)
    await tasks.send_code(event)
    (message,) = await kept(phone)
    code = challenges.code_of(challenge)
    assert message.code == code
    assert message.body == f"【龙眼】验证码 {code}，5 分钟内有效。请勿告诉任何人，包括我们的工作人员。"
    assert await kept("+8613900000000") == []


async def test_a_crash_before_the_mark_neither_loses_nor_doubles_a_kept_message(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _, event, phone = await asked()

    async def crash(*_: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr(tasks, "_mark", crash)
        with pytest.raises(RuntimeError):
            await tasks.send_code(event)
    await tasks.send_code(event)
    assert len(await kept(phone)) == 1


async def test_the_message_is_in_the_persons_language(monkeypatch: pytest.MonkeyPatch) -> None:
    gateway = using(monkeypatch, Recorder())
    challenge, event, phone = await asked("en")
    await tasks.send_code(event)
    code = challenges.code_of(challenge)
    assert [(message.to, message.body) for message in gateway.sent] == [
        (phone, f"{code} is your Longan code, valid for 5 minutes. Share it with nobody, not even with us.")
    ]


async def test_a_gateway_is_called_once_though_the_event_comes_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    gateway = using(monkeypatch, Recorder())
    _, event, _ = await asked()
    await tasks.send_code(event)
    await tasks.send_code(event)
    assert len(gateway.sent) == 1


async def test_what_was_surely_not_sent_is_sent_by_the_next_delivery(monkeypatch: pytest.MonkeyPatch) -> None:
    gateway = using(monkeypatch, Recorder(NotSent("busy")))
    _, event, _ = await asked()
    with pytest.raises(NotSent):
        await tasks.send_code(event)
    await tasks.send_code(event)
    assert len(gateway.sent) == 1


async def test_a_second_delivery_leaves_the_code_to_who_waits_for_a_slow_gateway(
    monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    gateway = Slow()
    monkeypatch.setattr(tasks, "gateway", lambda: gateway)
    _, event, _ = await asked()
    first = asyncio.create_task(react(event.id, "send_code"))
    async with asyncio.timeout(SECONDS_MAX):
        await gateway.is_called.wait()
    await clock.forward(minutes=1)  # far past the lease with which it was handed over
    await react(event.id, "send_code")
    assert (await owed(event)).handled_at is None, "nobody knows yet whether it was sent"
    gateway.may_answer.set()
    await first
    refused = await owed(event)
    assert (refused.handled_at, refused.last_error, gateway.sent) == (None, "NotSent", [])
    await react(event.id, "send_code")
    assert ((await owed(event)).handled_at is None, len(gateway.sent)) == (False, 1)


@pytest.mark.parametrize("failure", [Unsure("no_answer"), Rejected("wrong_number")])
async def test_what_may_have_left_is_not_sent_again(monkeypatch: pytest.MonkeyPatch, failure: SmsFailure) -> None:
    gateway = using(monkeypatch, Recorder(failure))
    _, event, _ = await asked()
    await tasks.send_code(event)
    await tasks.send_code(event)
    assert gateway.sent == []
