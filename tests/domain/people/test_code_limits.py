"""Codes: strangers use up what strangers have, and whoever was here before is never kept out by what others did."""

import asyncio
from collections.abc import Callable
from uuid import UUID

import pytest
from sqlalchemy import func, select

from domain.people import challenges, phones, signing_in
from domain.people.challenges import Challenge
from domain.people.second_signing import HalfSignedIn
from domain.people.sessions import Session
from infra import cache
from infra.database import reading, transaction
from infra.errors import Refusal, RefusalCode
from infra.setting_parts import CodeLimits, Rate
from infra.settings import settings
from tests.clocks import Clock
from tests.phones import new_key, new_number

HOME, CAFE = "203.0.113.9", "198.51.100.4"
AMPLE = Rate(times=100_000, seconds=3601)


@pytest.fixture
def limits(monkeypatch: pytest.MonkeyPatch) -> CodeLimits:
    """As in production, but for what all numbers share."""
    mine = CodeLimits(resend_seconds=0, per_ip=AMPLE, per_prefix=AMPLE, per_country=AMPLE)
    monkeypatch.setattr(settings(), "code_limits", mine)
    return mine


async def ask(number: str, ip: str, device: str | None = None) -> Challenge | Refusal:
    try:
        async with transaction() as db:
            return await signing_in.request_code(db, phone=number, ip=ip, locale="en", device_token=device)
    except Refusal as refusal:
        return refusal


async def asked(number: str, ip: str, device: str | None = None) -> Challenge:
    challenge = await ask(number, ip, device)
    assert isinstance(challenge, Challenge), challenge
    return challenge


async def answer(challenge_id: UUID, code: str, ip: str) -> Session | Refusal:
    try:
        async with transaction() as db:
            session = await signing_in.sign_in(
                db, challenge_id=challenge_id, code=code, device_name="phone", key=new_key(), ip=ip
            )
            assert not isinstance(session, HalfSignedIn)
            return session
    except Refusal as refusal:
        return refusal


async def sign_in(number: str, ip: str, device: str | None = None) -> Session:
    challenge = await asked(number, ip, device)
    session = await answer(challenge.id, challenges.code_of(challenge), ip)
    assert isinstance(session, Session), session
    return session


async def guess(number: str, ip: str, device: str | None = None) -> int:
    """Wrong answers until nothing is compared any more; how many were."""
    compared = 0
    while isinstance(challenge := await ask(number, ip, device), Challenge):
        wrong = f"{(int(challenges.code_of(challenge)) + 1) % 10**6:06}"
        answers = [await answer(challenge.id, wrong, ip) for _ in range(challenges.COMPARED_MAX)]
        compared += sum(isinstance(each, Refusal) and each.code is RefusalCode.CODE_WRONG for each in answers)
    assert challenge.code is RefusalCode.RATE_LIMITED
    return compared


def anywhere() -> Callable[[], str]:
    hosts = iter(range(1, 255))
    return lambda: f"192.0.2.{next(hosts)}"


@pytest.fixture
def patient(limits: CodeLimits) -> CodeLimits:
    """Codes are sent as often as anybody likes; only wrong answers are counted."""
    limits.per_phone = limits.per_phone_of_strangers = AMPLE
    return limits


class TestGuessing:
    async def test_from_one_place_fifteen_a_day(self, patient: CodeLimits, clock: Clock) -> None:
        number = new_number()
        assert await guess(number, CAFE) == 15
        await clock.forward(hours=23)
        assert await guess(number, CAFE) == 0
        await clock.forward(hours=1)
        assert await guess(number, CAFE) == 15

    async def test_a_whole_ipv6_site_is_one_place(self, patient: CodeLimits) -> None:
        number = new_number()
        assert [await guess(number, f"2001:db8:7:{net:x}::1") for net in (1, 2, 3)] == [15, 0, 0]

    async def test_from_all_strange_places_forty_a_day(self, patient: CodeLimits) -> None:
        number, elsewhere = new_number(), anywhere()
        assert [await guess(number, elsewhere()) for _ in range(6)] == [15, 15, 10, 0, 0, 0]

    async def test_a_hundred_a_day_whoever_guesses(self, patient: CodeLimits) -> None:
        """NIST SP 800-63B-4, 3.2.2."""
        number, home = new_number(), anywhere()
        known = [home() for _ in range(4)]
        devices = [(await sign_in(number, ip)).device_token for ip in known]
        strangers = [await guess(number, f"2001:db8:{site:x}::1") for site in range(4)]
        friends = [await guess(number, ip) for ip in known]
        own = [await guess(number, CAFE, device) for device in devices]
        assert (sum(strangers), sum(friends), sum(own)) == (40, 30, 30)

    async def test_codes_asked_for_before_are_no_way_around(self, patient: CodeLimits) -> None:
        number = new_number()
        stock = [await asked(number, CAFE) for _ in range(5)]
        wrong = [f"{(int(challenges.code_of(each)) + 1) % 10**6:06}" for each in stock]
        tries = [(each.id, code) for each, code in zip(stock, wrong, strict=True) for _ in range(5)]
        answers = await asyncio.gather(*(answer(id, code, CAFE) for id, code in tries))
        codes = [each.code for each in answers if isinstance(each, Refusal)]
        assert (codes.count(RefusalCode.CODE_WRONG), codes.count(RefusalCode.RATE_LIMITED)) == (15, 10)


class TestTheOwner:
    async def test_signs_in_from_home_whatever_strangers_did(self, patient: CodeLimits) -> None:
        number, elsewhere = new_number(), anywhere()
        await sign_in(number, HOME)
        assert sum([await guess(number, elsewhere()) for _ in range(4)]) == 40
        assert isinstance(await ask(number, "198.51.100.77"), Refusal)
        await sign_in(number, HOME)

    async def test_signs_in_with_the_device_from_anywhere(self, patient: CodeLimits) -> None:
        number, elsewhere = new_number(), anywhere()
        device = (await sign_in(number, HOME)).device_token
        assert sum([await guess(number, elsewhere()) for _ in range(4)]) == 40
        assert isinstance(await ask(number, CAFE), Refusal)
        await sign_in(number, CAFE, device)

    async def test_signs_in_with_the_device_whatever_neighbours_did(self, patient: CodeLimits) -> None:
        """Who share its networks, as in a dormitory."""
        number, home = new_number(), anywhere()
        networks = [home() for _ in range(3)]
        device = [(await sign_in(number, ip)).device_token for ip in networks][-1]
        assert [await guess(number, ip) for ip in networks] == [15, 15, 0]
        assert isinstance(await ask(number, networks[0]), Refusal)
        await sign_in(number, networks[0], device)

    @pytest.mark.parametrize("shared", ["per_ip", "per_prefix", "per_country"])
    async def test_is_sent_codes_whatever_strangers_were_sent(self, limits: CodeLimits, shared: str) -> None:
        number = new_number()
        limits.per_phone = AMPLE
        device = (await sign_in(number, HOME)).device_token
        setattr(limits, shared, Rate(times=2, seconds=int(new_key()[:5], 16) % 80_000 + 4_000))  # a count of its own
        alike = [number[:-2] + f"{(int(number[-2:]) + other) % 100:02}" for other in range(1, 5)]
        sent = [isinstance(await ask(other, HOME), Challenge) for other in alike]
        assert sent == [True, True, False, False]
        # Neighbours whose networks are known have theirs, and so have devices.
        assert [isinstance(await ask(number, HOME), Challenge) for _ in range(3)] == [True, True, False]
        await sign_in(number, HOME, device)

    async def test_signs_in_where_the_session_was_renewed_last(self, patient: CodeLimits) -> None:
        number, elsewhere = new_number(), anywhere()
        session = await sign_in(number, HOME)
        async with transaction() as db:
            await signing_in.refresh(db, refresh_token=session.refresh_token, key=new_key(), ip=CAFE)
        assert sum([await guess(number, elsewhere()) for _ in range(4)]) == 40
        await sign_in(number, CAFE)

    async def test_has_a_first_time_while_one_stranger_guesses(self, limits: CodeLimits) -> None:
        number = new_number()
        assert await guess(number, CAFE) == 15
        await sign_in(number, HOME)

    async def test_is_not_kept_waiting_by_a_strangers_codes(self, limits: CodeLimits) -> None:
        limits.resend_seconds = 60
        number = new_number()
        await asked(number, CAFE)
        assert isinstance(await ask(number, CAFE), Refusal)
        await asked(number, HOME)

    async def test_is_not_let_in_by_another_persons_device(self, patient: CodeLimits) -> None:
        number, elsewhere = new_number(), anywhere()
        others = (await sign_in(new_number(), HOME)).device_token
        assert sum([await guess(number, elsewhere()) for _ in range(4)]) == 40
        for device in (others, "nonsense", "", "é", others[:-1], "A" * 75):
            assert isinstance(await ask(number, CAFE, device), Refusal)

    async def test_home_is_forgotten_after_ninety_days(self, patient: CodeLimits, clock: Clock) -> None:
        number, elsewhere = new_number(), anywhere()
        await sign_in(number, HOME)
        await clock.forward(days=90)
        assert sum([await guess(number, elsewhere()) for _ in range(4)]) == 40
        assert isinstance(await ask(number, HOME), Refusal)


class TestSending:
    async def test_strangers_together_have_ten_an_hour(self, limits: CodeLimits) -> None:
        number, elsewhere = new_number(), anywhere()
        await sign_in(number, HOME)
        limits.per_phone = Rate(times=3, seconds=3600)
        sent = []
        for _ in range(5):
            ip = elsewhere()
            sent.append(sum([isinstance(await ask(number, ip), Challenge) for _ in range(4)]))
        assert sent == [3, 3, 3, 0, 0] and isinstance(await ask(number, HOME), Challenge)

    async def test_four_hundred_addresses_of_one_network_are_one(self, limits: CodeLimits) -> None:
        limits.per_ip = Rate(times=30, seconds=3607)
        site = f"2001:db8:{new_key()[:4]}:1"
        sent = [isinstance(await ask(new_number(), f"{site}::{host:x}"), Challenge) for host in range(60)]
        assert sum(sent) == 30

    async def test_limits_hold_without_valkey(self, limits: CodeLimits, monkeypatch: pytest.MonkeyPatch) -> None:
        """Nothing that sends or compares a code asks there."""
        monkeypatch.setattr(settings(), "valkey_url", "redis://127.0.0.1:1/0")
        monkeypatch.setattr(cache, "_client", None)
        monkeypatch.setattr(cache, "_rest", cache.Rest())
        limits.per_ip = Rate(times=4, seconds=3611)
        numbers = [new_number() for _ in range(6)]
        sent = [isinstance(await ask(number, "203.0.113.99"), Challenge) for number in numbers]
        assert sent == [True] * 4 + [False] * 2
        assert await guess(new_number(), "203.0.113.98") == 15
        await cache.close_valkey()

    async def test_nothing_of_a_refused_code_is_left(self, limits: CodeLimits) -> None:
        number = new_number()
        limits.per_phone = Rate.model_construct(times=0, seconds=3600)
        refused = await ask(number, HOME)
        assert isinstance(refused, Refusal) and refused.field == ("input", "phone") and refused.retry_at
        async with reading() as db:
            mine = select(func.count()).where(Challenge.phone_index == phones.index(number))
            assert (await db.execute(mine)).scalar_one() == 0


@pytest.mark.parametrize(
    "number",
    [
        "+1 900 234 5678",  # premium
        "+44 844 123 4567",
        "+86 400 810 1234",  # shared cost
        "+1 800 234 5678",  # free of charge
        "+44 56 1234 5678",  # by Internet
        "+44 55 1234 5678",  # of a company
        "+44 70 1234 5678",  # follows a person, at the caller's cost
        "+86 10 6552 9988",  # a landline
        "+870 773 123 456",  # satellites
        "+881 6 2345 6789",
        "+883 5100 12345678",
        "+979 123 456 789",
        "+800 1234 5678",
    ],
)
async def test_some_kinds_of_numbers_get_no_code(number: str) -> None:
    refused = await ask(number, HOME)
    assert isinstance(refused, Refusal)
    assert (refused.code, refused.field) == (RefusalCode.INVALID, ("input", "phone"))
    assert refused.message == "We cannot send a code to this kind of number. Please use a mobile number."
    async with reading() as db:
        mine = select(func.count()).where(Challenge.phone_index == phones.index(phones.parse(number)))
        assert (await db.execute(mine)).scalar_one() == 0


async def test_kinds_and_countries_are_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings().code_numbers, "types", ["FIXED_LINE"])
    monkeypatch.setattr(settings().code_numbers, "countries", ["CN"])
    phones.refuse_unreachable("+861065529988")
    with pytest.raises(Refusal, match="INVALID"):
        phones.refuse_unreachable("+8613800138000")
    with pytest.raises(Refusal, match="INVALID") as refused:
        phones.refuse_unreachable("+442079460018")
    assert refused.value.message == "We do not send codes to this country yet."
