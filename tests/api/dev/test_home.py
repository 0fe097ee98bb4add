"""The house's page at `/`, and who may use the doors of the embedded default."""

import re
from datetime import datetime, timedelta
from pathlib import Path

import httpx2
import pyotp
import pytest
from starlette.routing import Route

from api.dev import home
from api.main import app, routes
from domain.people import authenticators
from domain.permissions import Role
from infra.database import reading
from infra.settings import settings
from infra.words import say
from tests.clocks import Clock
from tests.colleagues import let_codes_pass
from tests.phones import Phone, code_for, uuid_of
from tests.visiting import visitor
from tests.working import work_off

DEV = ("/", "/dev/clock", "/dev/messages", "/dev/people")
EN = {"accept-language": "en"}


async def page(web: httpx2.AsyncClient) -> str:
    answer = await web.get("/", headers=EN)
    assert answer.status_code == 200
    return answer.text


async def test_it_leads_everywhere(web: httpx2.AsyncClient) -> None:
    text = await page(web)
    for address in re.findall(r'(?:href|src)="(/[^"#]*)', text):
        assert (await web.get(address, headers={"accept": "text/html"})).status_code in (200, 303), address
    assert not re.search(r"<script>|<style|style=|onclick", text)


async def test_its_sign_ins_open_the_console(web: httpx2.AsyncClient) -> None:
    await let_codes_pass()
    text = await page(web)
    role = Role.VIEWER.value
    email, password = re.findall(rf"<code>({role}@[^<]+)</code>.*?<code>([^<]+)</code>", text, re.DOTALL)[0]
    (code,) = re.findall(rf'id="code-{role}"[^>]*>(\d{{6}})<', text)
    answer = await web.post("/console/session", json={"email": email, "password": password, "totp": code})
    assert answer.status_code == 200, answer.text


async def test_its_partner_gets_a_token(web: httpx2.AsyncClient) -> None:
    (proofs,) = re.findall(r"curl -u (\S+):(\S+) -d", await page(web))
    answer = await web.post("/oauth/token", data={"grant_type": "client_credentials"}, auth=proofs)
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("role", Role)
async def test_one_sits_down_with_one_click(longan: None, role: Role) -> None:
    async with visitor(settings().public_url, headers=EN) as browser:
        sat = await browser.post(f"/dev/console/{role.value}")
        assert (sat.status_code, sat.headers["location"]) == (303, "/console")
        assert say(f"{role.value.capitalize()}", "en") in (await browser.get("/console")).text


async def test_nobody_sits_down_in_a_role_that_is_none(web: httpx2.AsyncClient) -> None:
    answer = await web.post("/dev/console/queen")
    assert (answer.status_code, answer.cookies.get("longan_console")) == (404, None)


async def test_a_code_that_was_sent_stands_there(web: httpx2.AsyncClient, phone: Phone) -> None:
    challenge = await phone.send("RequestPhoneCode", input={"phone": phone.number})
    await work_off(uuid_of(challenge["id"]))
    assert f"{await code_for(challenge['id'])} is your Longan code" in await page(web)
    kept = (await web.get("/dev/messages", params={"to": phone.number})).json()
    assert [each["challengeId"] for each in kept] == [challenge["id"]]


async def test_a_button_moves_the_clock(web: httpx2.AsyncClient, clock: Clock) -> None:
    async def now() -> datetime:
        return datetime.fromisoformat((await web.get("/dev/clock")).json()["now"])

    before = await now()
    answer = await web.post("/dev/leap", data={"advance": "P1D"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/#clock")
    assert timedelta(days=1) <= await now() - before < timedelta(days=1, minutes=2)
    assert (await web.post("/dev/leap", data={"advance": "tomorrow"})).status_code == 400


class TestNeighbours:
    @pytest.mark.parametrize("path", DEV)
    async def test_a_name_that_points_here_from_elsewhere_is_not_ours(self, web: httpx2.AsyncClient, path: str) -> None:
        answer = await web.get(path, headers={"host": "rebound.example:8000"})
        assert answer.status_code == 421
        assert answer.text.startswith("This is for the machine that Longan runs on.")

    @pytest.mark.parametrize("host", ["127.0.0.1", "localhost:1", "[::1]:8000", "10.0.0.7:80"])
    async def test_addresses_and_localhost_are(self, web: httpx2.AsyncClient, host: str) -> None:
        assert (await web.get("/dev/people", headers={"host": host})).status_code == 200

    @pytest.mark.parametrize("path", ["/dev/leap", "/dev/clock", "/dev/console/risk", "/dev/people/gig-driver/sign-in"])
    async def test_another_sites_form_does_nothing(self, web: httpx2.AsyncClient, path: str) -> None:
        before = (await web.get("/dev/clock")).json()["now"]
        answer = await web.post(path, data={"advance": "P9D"}, headers={"origin": "https://evil.example"})
        assert (answer.status_code, answer.cookies.get("longan_console")) == (403, None)
        after = (await web.get("/dev/clock")).json()["now"]
        assert datetime.fromisoformat(after) - datetime.fromisoformat(before) < timedelta(days=1)

    def test_every_door_under_dev_is_guarded(self) -> None:
        ours = [each for each in routes() if isinstance(each, Route) and (each.path == "/" or "/dev/" in each.path)]
        assert len(ours) == 10
        for each in ours:
            assert type(each.app).__name__ == "Neighbours", each.path


async def test_in_production_nothing_of_it_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(settings()), "is_embedded", property(lambda self: False))
    paths = {getattr(route, "path", "") for route in routes()}
    assert not {path for path in paths if path == "/" or path.startswith(("/dev", "/graphiql", "/sandbox"))}
    assert app.routes, "this one keeps its own"


@pytest.mark.parametrize(
    "sentence",
    sorted(
        {*re.findall(r'\b_\("([^"]+)"', Path(home.HERE / "templates/home.html").read_text("utf-8"))}
        | {*home.LEAPS.values()}
    ),
)
def test_it_speaks_both_languages(sentence: str) -> None:
    assert any("一" <= character <= "鿿" for character in say(sentence, "zh"))


async def test_its_codes_are_of_the_real_time(web: httpx2.AsyncClient, clock: Clock) -> None:
    await clock.forward(days=2)
    text = await page(web)
    credentials = await home._credentials()
    assert credentials
    async with reading() as db:
        real = await authenticators.authenticator_time(db)
    secret = credentials.staff[Role.RISK]["totpSecret"]
    (code,) = re.findall(r'id="code-risk"[^>]*>(\d{6})<', text)
    assert pyotp.TOTP(secret).verify(code, for_time=real, valid_window=1)
