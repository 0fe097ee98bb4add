"""A socket lives no longer than its session: each operation on it is asked by one that lives at that moment."""

from collections.abc import Awaitable, Callable

import pytest

from infra import doorbell
from infra.settings import settings
from tests.api.doors import operations
from tests.applying import left_behind, wish
from tests.clocks import Clock
from tests.phones import Answer, NewPhone, Phone, new_key
from tests.sockets import Socket, socket

APP = operations("app")
VIEWER = "{ viewer { id profile { region } } }"
End = Callable[[Phone, Clock], Awaitable[None]]


async def sign_out(person: Phone, clock: Clock) -> None:
    await person.send("SignOut")


async def wait_fifteen_minutes(person: Phone, clock: Clock) -> None:
    await clock.forward(minutes=settings().access_minutes)


async def wait_sixty_one_days(person: Phone, clock: Clock) -> None:
    await clock.forward(days=61)


async def be_robbed(person: Phone, clock: Clock) -> None:
    """The old refresh token is shown after the new tokens were used: two hold it."""
    old, thief = person.session["refreshToken"], Phone(person.http)
    thief.session = await person.do("RefreshSession", refreshToken=old, idempotencyKey=new_key())
    await thief.ask(VIEWER)
    answer = await person.do("RefreshSession", refreshToken=old, idempotencyKey=new_key())
    assert answer["code"] == "SESSION_ENDED"


@pytest.fixture(autouse=True)
def silent_bell(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing here may depend on the bell, which Valkey can lose, or on how often a socket looks by itself."""
    monkeypatch.setattr(doorbell, "CHANNEL", "longan:nobody-listens")
    monkeypatch.setattr(settings().socket_limits, "look_again_seconds", 3600)


ENDS: list[tuple[End, str]] = [
    (sign_out, "SESSION_ENDED"),
    (wait_fifteen_minutes, "UNAUTHENTICATED"),
    (wait_sixty_one_days, "UNAUTHENTICATED"),
    (be_robbed, "SESSION_ENDED"),
]
OPERATIONS: list[tuple[str, Answer]] = [
    (VIEWER, {}),
    (APP["UpdateProfile"], {"input": {"region": "CN-BJ"}}),
    (APP["Apply"], {"input": wish()}),
    (APP["ScoreChanged"], {}),
]


@pytest.mark.parametrize(("end", "reason"), ENDS)
@pytest.mark.parametrize(("query", "variables"), OPERATIONS)
async def test_nothing_is_answered_after_the_end(
    member: Phone, clock: Clock, end: End, reason: str, query: str, variables: Answer
) -> None:
    async with socket() as line:
        await line.sign_in(member.token)
        await line.subscribe(VIEWER)
        assert (await line.next())["viewer"]["profile"]["region"] is None
        assert await line.hear() == {"type": "complete", "id": "1"}
        await end(member, clock)
        await line.subscribe(query, variables, id="2")
        assert await line.closed_with() == 4401
        assert line.connection.close_reason == reason
    await nothing_was_done(member, clock)


async def nothing_was_done(person: Phone, clock: Clock) -> None:
    assert await left_behind(person.user_id) == (0, 0, 0)
    again = Phone(person.http, person.number)
    await clock.forward(hours=1)
    await again.sign_in()
    assert (await again.ask(VIEWER))["viewer"]["profile"]["region"] is None


@pytest.mark.parametrize(("end", "reason"), ENDS)
async def test_a_running_subscription_ends_with_its_socket(
    member: Phone, clock: Clock, monkeypatch: pytest.MonkeyPatch, end: End, reason: str
) -> None:
    monkeypatch.setattr("api.app.subscriptions.LOOK_AGAIN_SECONDS", 0.2)
    async with socket() as line:
        await line.sign_in(member.token)
        await line.subscribe(APP["ScoreChanged"])
        await line.next()
        await end(member, clock)
        assert await line.closed_with() == 4401
        assert line.connection.close_reason == reason


@pytest.mark.parametrize(("end", "reason"), ENDS)
async def test_an_idle_socket_is_closed_soon(
    member: Phone, clock: Clock, monkeypatch: pytest.MonkeyPatch, end: End, reason: str
) -> None:
    monkeypatch.setattr(settings().socket_limits, "look_again_seconds", 0.2)
    async with socket() as line, socket() as other:
        for each in (line, other):
            await each.sign_in(member.token)
        await end(member, clock)
        for each in (line, other):
            assert await each.closed_with() == 4401
            assert each.connection.close_reason == reason


async def test_signing_out_on_a_socket_is_answered_and_closes_it(member: Phone) -> None:
    async with socket() as line:
        await line.sign_in(member.token)
        await line.subscribe(APP["SignOut"])
        assert (await line.next())["signOut"]["__typename"] == "SignedOut"
        assert await line.hear() == {"type": "complete", "id": "1"}
        assert await line.closed_with() == 4401


async def test_another_device_of_the_person_stays(member: Phone, new_phone: NewPhone, clock: Clock) -> None:
    await clock.forward(minutes=2)
    other = await new_phone()
    other.number = member.number
    await other.sign_in()
    async with socket() as line:
        await line.sign_in(other.token)
        await member.send("SignOut")
        assert await viewer_of(line) == str(member.session["viewer"]["id"])


async def viewer_of(line: Socket) -> str:
    await line.subscribe(VIEWER)
    id = str((await line.next())["viewer"]["id"])
    assert await line.hear() == {"type": "complete", "id": "1"}
    return id
