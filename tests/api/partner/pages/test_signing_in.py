"""Signing in at a partner's pages: by the console's proofs, and each place opens for its own people alone."""

from dataclasses import dataclass
from uuid import uuid4

import httpx2
import pyotp
import pytest

from domain.people import authenticators, staffing
from domain.people.staff import Workplace
from domain.permissions import Role
from infra.database import reading, transaction
from tests.api.console.pages.conftest import Browser, words_of
from tests.api.partner.pages.conftest import Look, member_token
from tests.api.people import open_shop, staff_token

PASSWORD = "correct horse battery staple"


@dataclass(frozen=True)
class Member:
    email: str
    secret: str

    async def proofs(self, **other: str) -> dict[str, str]:
        async with reading() as db:
            now = await authenticators.authenticator_time(db)
        return {"email": self.email, "password": PASSWORD, "totp": pyotp.TOTP(self.secret).at(now), "next": "", **other}


async def appointed(at: Workplace) -> Member:
    email, secret = f"{uuid4()}@shop.example", pyotp.random_base32()
    who = {"email": email, "name": "Wen", "password": PASSWORD, "totp_secret": secret}
    shop = await open_shop()
    async with transaction() as db:
        if at is Workplace.PARTNER:
            await staffing.appoint_at(db, shop.partner, **who)
        else:
            await staffing.appoint(db, role=Role.RISK, **who)
    return Member(email, secret)


async def sign_in(browser: Browser, at: str, proofs: dict[str, str]) -> httpx2.Response:
    token = await browser.form_token(f"{at}/sign-in")
    return await browser.send(f"{at}/sign-in", proofs, token=token)


async def test_both_proofs_open_the_pages(look: Look) -> None:
    browser, member = await look(None), await appointed(Workplace.PARTNER)
    response = await sign_in(browser, "/partner", await member.proofs(next="/partner/keys"))
    assert (response.status_code, response.headers["location"]) == (303, "/partner/keys")
    kept = response.headers.get_list("set-cookie")[0].split("; ")
    assert kept[0].startswith("longan_partner=")
    assert set(kept[1:]) == {"HttpOnly", "Path=/partner", "SameSite=strict"}
    assert "The clients that your servers sign in with." in await browser.text("/partner/keys")


@pytest.mark.parametrize(("works_at", "door"), [(Workplace.PARTNER, "/console"), (Workplace.HERE, "/partner")])
async def test_the_proofs_of_one_place_are_wrong_at_the_other(look: Look, works_at: Workplace, door: str) -> None:
    browser, member = await look(None), await appointed(works_at)
    response = await sign_in(browser, door, await member.proofs())
    assert response.status_code == 401
    assert "E-mail address, password or code is wrong." in words_of(response)


async def test_a_session_of_one_place_is_none_at_the_other(look: Look) -> None:
    browser, shop = await look(None), await open_shop()
    browser.http.cookies.update(
        {"longan_console": await member_token(shop), "longan_partner": await staff_token(Role.RISK)}
    )
    for door in ("/console", "/partner"):
        response = await browser.open(door)
        assert (response.status_code, response.headers["location"]) == (303, f"{door}/sign-in")
    bearer = {"Authorization": f"Bearer {browser.http.cookies['longan_console']}"}
    for door in ("/console/graphql", "/partner/graphql", "/graphql"):
        response = await browser.http.post(door, json={"query": "{ __typename }"}, headers=bearer)
        assert response.status_code == 401, door


async def test_whoever_is_dismissed_sees_nothing_more_and_signs_in_no_more(look: Look) -> None:
    browser, member = await look(None), await appointed(Workplace.PARTNER)
    await sign_in(browser, "/partner", await member.proofs())
    async with transaction() as db:
        assert await staffing.dismiss(db, member.email) is not None
    assert (await browser.open("/partner")).status_code == 303
    assert (await sign_in(await look(None), "/partner", await member.proofs())).status_code == 401


async def test_signing_out_ends_the_session_itself(look: Look) -> None:
    browser = await look(await open_shop())
    kept = dict(browser.http.cookies)
    response = await browser.send("/partner/sign-out", token=await browser.form_token("/partner"))
    assert (response.status_code, response.headers["location"]) == (303, "/partner/sign-in")
    browser.http.cookies.update(kept)
    assert (await browser.open("/partner")).status_code == 303
