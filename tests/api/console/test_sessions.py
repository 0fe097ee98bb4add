"""Signing in to the console: two proofs together, one answer for everything that is wrong."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx2
import pyotp
import pytest
from sqlalchemy import select, update

from domain.actors import Role
from domain.people import staff, staff_sessions, staff_signing_in
from domain.people.staff import Staff
from domain.people.staff_sessions import StaffSession
from domain.people.staff_signing_in import StaffTries
from infra import clock
from infra.database import reading, transaction
from infra.settings import Rate
from tests.api.doors import Client

PASSWORD = "correct horse battery staple"


@dataclass(frozen=True)
class Member:
    email: str
    secret: str

    async def code(self, steps_ahead: int = 0) -> str:
        async with reading() as db:
            now = await staff.authenticator_time(db)
        return pyotp.TOTP(self.secret).at(now + timedelta(seconds=30 * steps_ahead))

    async def proofs(self, **other: str) -> dict[str, str]:
        return {"email": self.email, "password": PASSWORD, "totp": await self.code(), **other}


@pytest.fixture
async def member() -> Member:
    email, secret = f"{uuid4()}@longan.example", pyotp.random_base32()
    async with transaction() as db:
        await staff.appoint(db, email=email, name="Wen", role=Role.MARKETING, password=PASSWORD, totp_secret=secret)
    return Member(email, secret)


@pytest.fixture(autouse=True)
def argon2_in_a_blink(monkeypatch: pytest.MonkeyPatch) -> None:
    """The proofs are compared as ever; only the hash is a cheap one."""
    from pwdlib import PasswordHash
    from pwdlib.hashers.argon2 import Argon2Hasher

    monkeypatch.setattr(staff, "_hasher", PasswordHash((Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1),)))
    staff._nobody.cache_clear()


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

        watch(staff._hasher, "verify")
        watch(staff, "_step_of")
        for other in ({"email": f"{uuid4()}@longan.example"}, {"password": "wrong"}, {"totp": "abcdef"}):
            await post(http, await member.proofs(**other))
        assert work == ["verify", "_step_of"] * 3

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
        async with transaction() as db:
            mine = StaffTries.email_index == staff.index(member.email)
            await db.execute(
                update(StaffTries).where(mine).values(began_at=StaffTries.began_at - timedelta(minutes=15))
            )
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

    async def test_one_place_is_limited_over_all_addresses(
        self, http: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(staff_signing_in, "PER_IP", Rate(times=1, seconds=61))
        proofs = {"email": f"{uuid4()}@longan.example", "password": "a", "totp": "b"}
        codes = [(await post(http, proofs)).status_code for _ in range(2)]
        assert codes == [401, 429]

    async def test_old_tries_are_forgotten(self, http: httpx2.AsyncClient, member: Member) -> None:
        await post(http, await member.proofs(password="wrong"))
        mine = StaffTries.email_index == staff.index(member.email)
        async with transaction() as db:
            await staff_signing_in.forget_old_staff_tries(db, None)
            assert (await db.execute(select(StaffTries.tries).where(mine))).scalar_one() == 1
            await db.execute(update(StaffTries).where(mine).values(began_at=StaffTries.began_at - timedelta(hours=1)))
            await staff_signing_in.forget_old_staff_tries(db, None)
            assert (await db.execute(select(StaffTries.tries).where(mine))).scalar_one_or_none() is None


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
            await staff.appoint(db, name="Wen", role=Role.RISK, **again)
        assert error(await post(http, await member.proofs())) == (401, "UNAUTHENTICATED")
        token = (await post(http, await member.proofs(password="another"))).json()["token"]
        assert await Client(http, "console", token).send("ReviewQueue") is not None
