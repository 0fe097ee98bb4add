"""Signing in to the console: two proofs together, one answer for everything that is wrong."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx2
import pyotp
import pytest
from sqlalchemy import func, select, update

from domain.actors import Role
from domain.people import authenticators, staff, staff_sessions, staff_signing_in, staffing
from domain.people.staff import Staff
from domain.people.staff_sessions import StaffSession
from domain.people.staff_signing_in import SignedIn
from infra import clock, hashing, pruning, vault
from infra.counters import Counter
from infra.database import reading, transaction
from infra.errors import Refusal, RefusalCode
from infra.setting_parts import Rate
from tests.api.doors import Client

PASSWORD = "correct horse battery staple"


@dataclass(frozen=True)
class Member:
    email: str
    secret: str

    async def code(self, steps_ahead: int = 0) -> str:
        async with reading() as db:
            now = await authenticators.authenticator_time(db)
        return pyotp.TOTP(self.secret).at(now + timedelta(seconds=30 * steps_ahead))

    async def proofs(self, **other: str) -> dict[str, str]:
        return {"email": self.email, "password": PASSWORD, "totp": await self.code(), **other}


@pytest.fixture
async def member() -> Member:
    return await appointed()


async def appointed() -> Member:
    email, secret = f"{uuid4()}@longan.example", pyotp.random_base32()
    async with transaction() as db:
        await staffing.appoint(db, email=email, name="Wen", role=Role.MARKETING, password=PASSWORD, totp_secret=secret)
    return Member(email, secret)


async def minutes_later(minutes: int) -> None:
    """For all counters; nothing else grows older."""
    async with transaction() as db:
        await db.execute(update(Counter).values(ends_at=Counter.ends_at - timedelta(minutes=minutes)))


async def counts() -> int:
    async with reading() as db:
        return (await db.execute(select(func.count()).select_from(Counter))).scalar_one()


async def post(http: httpx2.AsyncClient, proofs: Any, **headers: str) -> httpx2.Response:
    return await http.post("/console/session", json=proofs, headers={"Accept-Language": "en", **headers})


def error(response: httpx2.Response) -> tuple[int, str]:
    return response.status_code, response.json()["error"]["code"]


class TestSigningIn:
    async def test_both_proofs_open_the_console(self, http: httpx2.AsyncClient, member: Member) -> None:
        response = await post(http, await member.proofs())
        told = response.json()
        assert (response.status_code, set(told)) == (200, {"token", "expiresAt"})
        assert response.headers["cache-control"] == "no-store"
        async with reading() as db:
            left = datetime.fromisoformat(told["expiresAt"]) - await clock.now(db)
        assert timedelta(hours=7, minutes=59) < left <= timedelta(hours=8)
        assert await Client(http, "console", told["token"]).send("Tiers") is not None

    async def test_the_address_is_written_as_one_likes(self, http: httpx2.AsyncClient, member: Member) -> None:
        assert (await post(http, await member.proofs(email=f" {member.email.upper()}"))).status_code == 200

    async def test_whatever_is_wrong_the_answer_is_the_same(self, http: httpx2.AsyncClient, member: Member) -> None:
        wrong: list[dict[str, str]] = [
            {"password": "wrong"},
            {"totp": "000000" if await member.code() != "000000" else "111111"},
            {"totp": "not a code, ü"},
            {"email": "nobody@longan.example"},
            {"password": "wrong", "totp": "000000"},
        ]
        answers = [await post(http, await member.proofs(**other)) for other in wrong]
        assert {error(answer) for answer in answers} == {(401, "UNAUTHENTICATED")}
        assert len({answer.content for answer in answers}) == 1
        assert answers[0].headers["www-authenticate"] == "Bearer"

    async def test_nobodys_proofs_are_compared_as_somebodys_are(
        self, http: httpx2.AsyncClient, member: Member, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        work: list[str] = []

        def watch(place: object, name: str) -> None:
            def watched(*given: object) -> object:
                work.append(name)
                return real(*given)

            real = getattr(place, name)
            monkeypatch.setattr(place, name, watched)

        watch(staff.hasher, "verify")
        watch(authenticators, "step_of")
        for other in ({"email": f"{uuid4()}@longan.example"}, {"password": "wrong"}, {"totp": "abcdef"}):
            await post(http, await member.proofs(**other))
        assert work == ["verify", "step_of"] * 3

    async def test_a_code_counts_once(self, http: httpx2.AsyncClient, member: Member) -> None:
        proofs = await member.proofs()
        assert (await post(http, proofs)).status_code == 200
        assert error(await post(http, proofs)) == (401, "UNAUTHENTICATED")
        assert (await post(http, {**proofs, "totp": await member.code(1)})).status_code == 200

    async def test_the_same_code_twice_at_once_counts_once(self, http: httpx2.AsyncClient, member: Member) -> None:
        proofs = await member.proofs()
        answers = await asyncio.gather(*(post(http, proofs) for _ in range(5)))
        assert sorted(answer.status_code for answer in answers) == [200, 401, 401, 401, 401]

    async def test_a_code_of_long_ago_or_far_ahead_is_wrong(self, http: httpx2.AsyncClient, member: Member) -> None:
        for steps in (-3, 3):
            proofs = await member.proofs(totp=await member.code(steps))
            assert error(await post(http, proofs)) == (401, "UNAUTHENTICATED")

    async def test_the_refusal_is_in_ones_language(self, http: httpx2.AsyncClient, member: Member) -> None:
        proofs = await member.proofs(password="wrong")
        chinese = await post(http, proofs, **{"Accept-Language": "zh-CN"})
        assert chinese.json()["error"]["message"] == "邮箱、密码或动态码有误。"

    @pytest.mark.parametrize(
        "body", [{}, [], "text", {"email": "a", "password": "b"}, {"email": 1, "password": "b", "totp": "c"}]
    )
    async def test_a_body_of_another_shape(self, http: httpx2.AsyncClient, body: Any) -> None:
        assert error(await post(http, body)) == (400, "BAD_REQUEST")

    async def test_a_body_that_is_no_json(self, http: httpx2.AsyncClient) -> None:
        headers = {"Content-Type": "application/json"}
        assert error(await http.post("/console/session", content=b"{", headers=headers)) == (400, "BAD_REQUEST")
        form = {"email": "a", "password": "b", "totp": "c"}
        assert error(await http.post("/console/session", data=form)) == (400, "BAD_REQUEST")
        assert error(await post(http, {**form, "password": "x" * 600})) == (400, "BAD_REQUEST")

    async def test_no_other_method(self, http: httpx2.AsyncClient) -> None:
        assert (await http.get("/console/session")).status_code == 405


class TestLimits:
    async def test_after_ten_tries_the_right_proofs_wait_too(self, http: httpx2.AsyncClient, member: Member) -> None:
        wrong = await member.proofs(password="wrong")
        assert {error(await post(http, wrong))[0] for _ in range(10)} == {401}
        refused = await post(http, await member.proofs())
        assert error(refused) == (429, "RATE_LIMITED")
        async with reading() as db:
            wait = datetime.fromisoformat(refused.json()["error"]["retryAt"]) - await clock.now(db)
        assert timedelta(minutes=14) < wait <= timedelta(minutes=15)

    async def test_nobodys_address_is_limited_alike(self, http: httpx2.AsyncClient, member: Member) -> None:
        proofs = await member.proofs(email=f"{uuid4()}@longan.example")
        codes = [error(await post(http, proofs))[0] for _ in range(11)]
        assert codes == [401] * 10 + [429]

    async def test_however_parallel_ten_are_compared(
        self, http: httpx2.AsyncClient, member: Member, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        compared = []
        monkeypatch.setattr(staff, "proven_step", lambda *_: compared.append(1))
        wrong = await member.proofs(password="wrong")
        answers = await asyncio.gather(*(post(http, wrong) for _ in range(30)))
        assert len(compared) == 10
        assert sorted(answer.status_code for answer in answers) == [401] * 10 + [429] * 20

    async def test_the_window_passes(self, http: httpx2.AsyncClient, member: Member) -> None:
        wrong = await member.proofs(password="wrong")
        for _ in range(11):
            await post(http, wrong)
        await minutes_later(15)
        assert (await post(http, await member.proofs())).status_code == 200

    async def test_the_right_proofs_begin_the_count_anew(self, http: httpx2.AsyncClient, member: Member) -> None:
        for _ in range(9):
            await post(http, await member.proofs(password="wrong"))
        assert (await post(http, await member.proofs())).status_code == 200
        assert error(await post(http, await member.proofs(password="wrong"))) == (401, "UNAUTHENTICATED")

    async def test_a_code_that_was_used_before_is_no_guess(self, http: httpx2.AsyncClient, member: Member) -> None:
        proofs = await member.proofs()
        assert (await post(http, proofs)).status_code == 200
        assert {error(await post(http, proofs))[0] for _ in range(12)} == {401}
        assert (await post(http, {**proofs, "totp": await member.code(1)})).status_code == 200

    async def test_a_code_may_be_pasted(self, http: httpx2.AsyncClient, member: Member) -> None:
        code = await member.code()
        wide = "".join(chr(ord(digit) - ord("0") + ord("０")) for digit in code)
        assert (await post(http, await member.proofs(totp=f"{wide[:3]} {wide[3:]}"))).status_code == 200

    async def test_one_place_is_limited_over_all_addresses(
        self, http: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(staff_signing_in, "PER_IP", Rate(times=1, seconds=61))
        proofs = {"email": f"{uuid4()}@longan.example", "password": "a", "totp": "b"}
        codes = [(await post(http, proofs)).status_code for _ in range(2)]
        assert codes == [401, 429]

    async def test_old_tries_are_forgotten(self, http: httpx2.AsyncClient, member: Member) -> None:
        await post(http, await member.proofs(password="wrong"))
        async with transaction() as db:
            await pruning.one_batch(db, "prune_ground")
        assert await counts() > 0
        # Other tests have moved the clock, and left counters that end long after today.
        await minutes_later(3 * 366 * 24 * 60)
        async with transaction() as db:
            await pruning.one_batch(db, "prune_ground")
        assert await counts() == 0


class TestStrangers:
    """What others do elsewhere keeps nobody out of the console."""

    async def sign_in(self, member: Member, ip: str, device: str | None = None, **other: str) -> SignedIn | Refusal:
        proofs = await member.proofs(**other)
        try:
            return await staff_signing_in.sign_in(
                email=proofs["email"], password=proofs["password"], code=proofs["totp"], ip=ip, device_token=device
            )
        except Refusal as refusal:
            return refusal

    async def guesses(self, member: Member, ip: str, times: int = 12) -> int:
        """How many of so many wrong proofs were compared."""
        answers = [await self.sign_in(member, ip, password="wrong") for _ in range(times)]
        return sum(isinstance(each, Refusal) and each.code is RefusalCode.NOT_ALLOWED for each in answers)

    async def use_up(self, member: Member) -> None:
        """All that strangers have in a day."""
        assert [await self.guesses(member, f"192.0.2.{host}") for host in range(1, 7)] == [10] * 4 + [0, 0]

    async def test_ten_wrong_tries_elsewhere_are_nothing_here(self, member: Member) -> None:
        assert await self.guesses(member, "192.0.2.1") == 10
        assert isinstance(await self.sign_in(member, "203.0.113.9"), SignedIn)
        assert isinstance(await self.sign_in(member, "192.0.2.1", totp=await member.code(1)), Refusal)

    async def test_a_network_of_before_stays_open(self, member: Member) -> None:
        assert isinstance(await self.sign_in(member, "203.0.113.9", totp=await member.code(-1)), SignedIn)
        await self.use_up(member)
        assert isinstance(await self.sign_in(member, "203.0.113.10"), Refusal)
        assert isinstance(await self.sign_in(member, "203.0.113.9"), SignedIn)

    async def test_a_device_of_before_stays_open_anywhere(self, member: Member) -> None:
        first = await self.sign_in(member, "203.0.113.9", totp=await member.code(-1))
        assert isinstance(first, SignedIn)
        await self.use_up(member)
        assert isinstance(await self.sign_in(member, "198.51.100.1", "nonsense"), Refusal)
        assert isinstance(await self.sign_in(member, "198.51.100.1", first.device_token), SignedIn)

    async def test_a_device_of_before_stays_open_beside_neighbours(self, member: Member) -> None:
        first = await self.sign_in(member, "203.0.113.9", totp=await member.code(-1))
        assert isinstance(first, SignedIn)
        assert [await self.guesses(member, "203.0.113.9") for _ in range(2)] == [10, 0]
        assert isinstance(await self.sign_in(member, "203.0.113.9"), Refusal)
        assert isinstance(await self.sign_in(member, "203.0.113.9", first.device_token), SignedIn)

    async def test_strangers_of_an_office_use_up_what_strangers_have(
        self, member: Member, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert isinstance(await self.sign_in(member, "203.0.113.7", totp=await member.code(-1)), SignedIn)
        monkeypatch.setattr(staff_signing_in, "PER_IP", Rate(times=2, seconds=67))
        monkeypatch.setattr(hashing.strangers, "most_of_name", 2)
        nobody = Member(f"{uuid4()}@longan.example", member.secret)
        assert await self.guesses(nobody, "203.0.113.7", times=4) == 2
        monkeypatch.setattr(hashing.strangers, "most", 0)
        assert isinstance(await self.sign_in(member, "203.0.113.7"), SignedIn)

    async def test_the_device_of_another_is_a_strangers(self, member: Member) -> None:
        other = await appointed()
        theirs = await self.sign_in(other, "203.0.113.9")
        assert isinstance(theirs, SignedIn)
        await self.use_up(member)
        assert isinstance(await self.sign_in(member, "198.51.100.1", theirs.device_token), Refusal)

    async def test_devices_guess_thirty_times_a_day_too(self, member: Member) -> None:
        devices = []
        for step in (-1, 0, 1):
            signed_in = await self.sign_in(member, "203.0.113.9", totp=await member.code(step))
            assert isinstance(signed_in, SignedIn)
            devices.append(signed_in.device_token)
        compared = 0
        for _ in range(2):
            for device in devices:
                answers = [await self.sign_in(member, "203.0.113.9", device, password="wrong") for _ in range(10)]
                compared += sum(isinstance(each, Refusal) and each.code is RefusalCode.NOT_ALLOWED for each in answers)
            await minutes_later(15)
        assert compared == 30

    async def test_new_proofs_make_every_device_strange(self, member: Member) -> None:
        first = await self.sign_in(member, "203.0.113.9", totp=await member.code(-1))
        assert isinstance(first, SignedIn)
        async with transaction() as db:
            await staffing.appoint(
                db, email=member.email, name="Wen", role=Role.RISK, password="another", totp_secret=member.secret
            )
        async with reading() as db:
            found = await staff.find(db, member.email)
            assert found is not None
            place = await staff_signing_in._place_of(db, member.email, found, "198.51.100.1", first.device_token)
        assert not place.is_known

    async def test_the_console_sends_the_device_along(self, http: httpx2.AsyncClient, member: Member) -> None:
        response = await post(http, await member.proofs(totp=await member.code(-1)))
        device = response.headers["x-longan-device"]
        for _ in range(11):
            last = await post(http, await member.proofs(password="wrong"))
        assert error(last) == (429, "RATE_LIMITED")
        assert (await post(http, await member.proofs(), **{"X-Longan-Device": device})).status_code == 200


class TestLeaving:
    async def test_new_proofs_end_every_session(self, http: httpx2.AsyncClient, member: Member) -> None:
        token = (await post(http, await member.proofs())).json()["token"]
        async with transaction() as db:
            again = {"email": member.email, "password": PASSWORD, "totp_secret": pyotp.random_base32()}
            await staffing.appoint(db, name="Wen", role=Role.MARKETING, **again)
        assert await Client(http, "console", token).error_code("{ __typename }") == (401, "UNAUTHENTICATED")

    async def test_whoever_is_dismissed_is_out_at_once_and_stays_out(
        self, http: httpx2.AsyncClient, member: Member
    ) -> None:
        token = (await post(http, await member.proofs(totp=await member.code(-1)))).json()["token"]
        async with transaction() as db:
            dismissed = await staffing.dismiss(db, member.email)
        assert dismissed is not None
        assert await Client(http, "console", token).error_code("{ __typename }") == (401, "UNAUTHENTICATED")
        assert error(await post(http, await member.proofs())) == (401, "UNAUTHENTICATED")
        async with reading() as db:
            kept = await db.get_one(Staff, dismissed.id)
            assert vault.system_seal().open(kept.name_sealed, staff.NAME) == "Wen"
        async with transaction() as db:
            assert await staffing.dismiss(db, member.email) is None

    async def test_whoever_comes_back_is_the_same_person(self, http: httpx2.AsyncClient, member: Member) -> None:
        async with transaction() as db:
            before = await staffing.dismiss(db, member.email)
        async with transaction() as db:
            again = {"email": member.email, "password": PASSWORD, "totp_secret": member.secret}
            after = await staffing.appoint(db, name="Wen", role=Role.RISK, **again)
        assert before is not None and after.id == before.id
        assert (await post(http, await member.proofs())).status_code == 200


class TestEnding:
    async def signed_in(self, http: httpx2.AsyncClient, member: Member) -> str:
        token: str = (await post(http, await member.proofs())).json()["token"]
        return token

    async def test_an_ended_session_is_over(self, http: httpx2.AsyncClient, member: Member) -> None:
        token = await self.signed_in(http, member)
        bearer = {"Authorization": f"Bearer {token}"}
        assert (await http.delete("/console/session", headers=bearer)).status_code == 204
        assert await Client(http, "console", token).error_code("{ __typename }") == (401, "UNAUTHENTICATED")
        assert error(await http.delete("/console/session", headers=bearer)) == (401, "UNAUTHENTICATED")

    async def test_nobody_ends_anything(self, http: httpx2.AsyncClient) -> None:
        assert error(await http.delete("/console/session")) == (401, "UNAUTHENTICATED")

    async def test_a_session_is_over_after_a_working_day(self, http: httpx2.AsyncClient, member: Member) -> None:
        token = await self.signed_in(http, member)
        async with transaction() as db:
            mine = StaffSession.token_hash == staff_sessions._hash(token)
            await db.execute(update(StaffSession).where(mine).values(expires_at=await clock.now(db)))
        assert await Client(http, "console", token).error_code("{ __typename }") == (401, "UNAUTHENTICATED")


class TestKeeping:
    async def test_nothing_of_a_person_or_a_proof_is_readable(self, member: Member) -> None:
        async with reading() as db:
            mine = select(Staff).where(Staff.email_index == staff.index(member.email))
            kept = (await db.execute(mine)).scalar_one()
        row = repr([getattr(kept, column.key) for column in Staff.__table__.columns])
        assert not any(said in row for said in (member.email, "Wen", PASSWORD, member.secret))

    async def test_a_second_appointment_gives_new_proofs_and_another_role(
        self, http: httpx2.AsyncClient, member: Member
    ) -> None:
        async with transaction() as db:
            again = {"email": member.email.upper(), "password": "another", "totp_secret": member.secret}
            await staffing.appoint(db, name="Wen", role=Role.RISK, **again)
        assert error(await post(http, await member.proofs())) == (401, "UNAUTHENTICATED")
        token = (await post(http, await member.proofs(password="another"))).json()["token"]
        assert await Client(http, "console", token).send("ReviewQueue") is not None
