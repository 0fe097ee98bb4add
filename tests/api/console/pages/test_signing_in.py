"""Signing in by browser: the same two proofs, a cookie that no script reads, and forms that are one's own."""

from dataclasses import dataclass
from uuid import uuid4

import httpx2
import pyotp
import pytest

from domain.actors import Role
from domain.people import authenticators, staffing
from infra.database import reading, transaction
from infra.settings import settings
from tests.api.console.pages.conftest import Browser, NewBrowser, words_of

PASSWORD = "correct horse battery staple"


@dataclass(frozen=True)
class Member:
    email: str
    secret: str

    async def proofs(self, **other: str) -> dict[str, str]:
        async with reading() as db:
            now = await authenticators.authenticator_time(db)
        return {"email": self.email, "password": PASSWORD, "totp": pyotp.TOTP(self.secret).at(now), "next": "", **other}


@pytest.fixture
async def member() -> Member:
    email, secret = f"{uuid4()}@longan.example", pyotp.random_base32()
    async with transaction() as db:
        await staffing.appoint(db, email=email, name="Wen", role=Role.RISK, password=PASSWORD, totp_secret=secret)
    return Member(email, secret)


@pytest.fixture
async def browser(browser_of: NewBrowser) -> Browser:
    return await browser_of(None)


async def sign_in(browser: Browser, proofs: dict[str, str]) -> httpx2.Response:
    token = await browser.form_token("/console/sign-in")
    return await browser.send("/console/sign-in", proofs, token=token)


async def test_both_proofs_open_the_console(browser: Browser, member: Member) -> None:
    response = await sign_in(browser, await member.proofs())
    assert (response.status_code, response.headers["location"]) == (303, "/console")
    assert "What would you like to do?" in await browser.text("/console")


async def test_the_cookie_is_for_these_pages_alone(browser: Browser, member: Member) -> None:
    kept = (await sign_in(browser, await member.proofs())).headers.get_list("set-cookie")[0].split("; ")
    assert kept[0].startswith("longan_console=")
    assert set(kept[1:]) == {"HttpOnly", "Path=/console", "SameSite=strict"}


async def test_over_https_it_never_leaves_in_the_clear(
    browser: Browser, member: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings(), "public_url", "https://longan.example")
    response = await browser.open("/console/sign-in")
    assert "Secure" in response.headers["set-cookie"].split("; ")


async def test_a_code_may_be_typed_in_two_halves(browser: Browser, member: Member) -> None:
    proofs = await member.proofs()
    code = proofs["totp"]
    response = await sign_in(browser, {**proofs, "totp": f"{code[:3]} {code[3:]}"})
    assert response.headers["location"] == "/console"


@pytest.mark.parametrize(
    ("after", "to"),
    [
        ("/console/watch", "/console/watch"),
        ("https://elsewhere.example", "/console"),
        ("//elsewhere.example", "/console"),
        ("/console//elsewhere.example", "/console"),
        ("/console/watch\r\nX: y", "/console"),
    ],
)
async def test_one_goes_on_where_one_wanted_but_only_here(
    browser: Browser, member: Member, after: str, to: str
) -> None:
    assert (await sign_in(browser, await member.proofs(next=after))).headers["location"] == to


async def test_a_wrong_proof_is_told_in_one_way(browser: Browser, member: Member) -> None:
    for wrong in ({"password": "wrong"}, {"totp": "000000"}, {"email": f"{uuid4()}@longan.example"}):
        response = await sign_in(browser, await member.proofs(**wrong))
        assert response.status_code == 401
        assert "E-mail address, password or code is wrong." in words_of(response)
        assert PASSWORD not in response.text
    assert (await browser.open("/console")).status_code == 303


async def test_nothing_is_compared_where_a_proof_is_missing(browser: Browser, member: Member) -> None:
    for missing in ({"password": ""}, {"totp": " "}, {"email": "x" * 513}):
        response = await sign_in(browser, await member.proofs(**missing))
        assert response.status_code == 400
        assert "Fill in e-mail address, password and code." in words_of(response)


async def test_too_many_tries_are_refused_as_everywhere(browser: Browser, member: Member) -> None:
    proofs = await member.proofs(password="wrong")
    assert [(await sign_in(browser, proofs)).status_code for _ in range(11)] == [401] * 10 + [429]


@pytest.mark.parametrize("token", ["", "0" * 64, "ü"])
async def test_a_form_from_elsewhere_signs_nobody_in(browser: Browser, member: Member, token: str) -> None:
    await browser.open("/console/sign-in")
    response = await browser.send("/console/sign-in", await member.proofs(), token=token)
    assert response.status_code == 403
    assert "This form is no longer valid." in words_of(response)
    assert (await browser.open("/console")).status_code == 303


async def test_without_the_cookie_of_the_form_its_token_is_nothing(browser: Browser, member: Member) -> None:
    token = await browser.form_token("/console/sign-in")
    browser.http.cookies.clear()
    assert (await browser.send("/console/sign-in", await member.proofs(), token=token)).status_code == 403


async def test_who_has_signed_in_need_not_again(browser_of: NewBrowser) -> None:
    response = await (await browser_of(Role.VIEWER)).open("/console/sign-in")
    assert (response.status_code, response.headers["location"]) == (303, "/console")


async def test_signing_out_ends_the_session_itself(browser_of: NewBrowser) -> None:
    browser = await browser_of(Role.VIEWER)
    kept = dict(browser.http.cookies)
    response = await browser.send("/console/sign-out")
    assert (response.status_code, response.headers["location"]) == (303, "/console/sign-in")
    browser.http.cookies.update(kept)
    assert (await browser.open("/console")).status_code == 303


async def test_another_visits_form_signs_nobody_out(browser_of: NewBrowser) -> None:
    browser, other = await browser_of(Role.VIEWER), await browser_of(Role.VIEWER)
    assert (await browser.send("/console/sign-out", token=await other.form_token())).status_code == 403
    assert (await browser.open("/console")).status_code == 200


async def test_the_cookie_opens_pages_only(browser_of: NewBrowser) -> None:
    """So no other site's form can reach the API with it."""
    browser = await browser_of(Role.RISK)
    response = await browser.http.post("/console/graphql", json={"query": "{ __typename }"})
    assert response.status_code == 401
