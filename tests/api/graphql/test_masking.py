"""What a client may know of a failure, and what a log may know of a person."""

import logging
from collections.abc import Callable

import httpx2
import orjson
import pytest

from domain.matching import browsing
from tests.api.doors import operations
from tests.applying import BY_PARTNER, wish
from tests.logs import Lines
from tests.phones import Phone, code_for, new_key

SECRET = "postgresql://longan:s3cret@db/+8613800138000"
PRODUCTS = "{ products(first: 1) { edges { node { id } } } }"


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> None:
    async def page(*asked: object, **more: object) -> None:
        raise RuntimeError(SECRET)

    monkeypatch.setattr(browsing, "page", page)


async def test_a_bug_is_told_by_its_requests_id_alone(phone: Phone, broken: None, lines: Lines) -> None:
    mark = lines.mark()
    response = await phone.post(PRODUCTS)
    (error,) = response.json()["errors"]
    assert response.status_code == 200
    assert error["message"] == "Something went wrong on our side."
    assert error["extensions"] == {"code": "INTERNAL", "requestId": response.headers["x-request-id"]}
    assert response.json()["data"] == {"products": None}
    assert "s3cret" not in response.text
    told = [orjson.loads(line) for line in lines.since(mark).splitlines()]
    (failure,) = [line for line in told if line["event"] == "operation.failed"]
    assert failure["request_id"] == error["extensions"]["requestId"]
    assert failure["exception"].startswith("RuntimeError at ")
    assert "page" in failure["exception"]
    assert "s3cret" not in lines.since(mark)


@pytest.mark.parametrize(
    "query", ["{ viewr { id } }", "{ viewer { maskedFone } }", '{ node(id: {x: "canary"}) { id } }']
)
async def test_a_mistake_is_the_clients_and_is_not_logged(phone: Phone, query: str, lines: Lines) -> None:
    mark = lines.mark()
    response = await phone.post(query, Accept="application/graphql-response+json")
    assert response.status_code == 400
    assert all(error["extensions"]["code"] == "BAD_REQUEST" for error in response.json()["errors"])
    assert "canary" not in lines.since(mark)
    assert [orjson.loads(line)["event"] for line in lines.since(mark).splitlines()] == ["request"]


CANARY = "canary7f3a"


async def every_operation(person: Phone) -> None:
    """Send each of the app's documents with a canary in everything that a person may write."""
    inputs: dict[str, dict[str, object]] = {
        "RequestPhoneCode": {"input": {"phone": f"{person.number}{CANARY}"}},
        "SignIn": {
            "input": {
                "challengeId": CANARY,
                "code": CANARY,
                "deviceName": f"{CANARY}\r\n\x1b[31m",
                "idempotencyKey": CANARY,
            }
        },
        "RefreshSession": {"input": {"refreshToken": CANARY, "idempotencyKey": CANARY}},
        "UpdateProfile": {"input": {"occupation": f"{CANARY}\r\nline", "region": CANARY}},
        "StartAccountLink": {"input": {"provider": CANARY, "redirectUri": f"longan://{CANARY}"}},
        "CompleteAccountLink": {"input": {"callbackUrl": f"longan://linked?state={CANARY}&code={CANARY}"}},
        "UnlinkAccount": {"input": {"linkedAccountId": CANARY}},
        "Apply": {"input": wish(idempotencyKey=CANARY, productId=CANARY)},
        "WithdrawApplication": {"input": {"applicationId": CANARY}},
        "ApplicationById": {"id": CANARY},
        "Home": {"after": CANARY},
        "Products": {"after": CANARY},
        "MyApplications": {"after": CANARY},
    }
    for name, variables in inputs.items():
        response = await person.post(operations("app")[name], variables)
        assert response.status_code == 200, name
        assert "INTERNAL" not in response.text, name
    literal = f'mutation {{ requestPhoneCode(input: {{phone: "{CANARY}", x: "{CANARY}"}}) {{ {CANARY} }} }}'
    assert (await person.post(literal)).status_code == 200
    await person.post(f"{{ {CANARY} ", Accept="text/html")
    await person.http.get(f"/{CANARY}", params={CANARY: CANARY})
    await person.http.get("/graphql", params={"query": f"{{ {CANARY} }}", CANARY: "x"})


async def test_nothing_that_a_person_writes_reaches_a_log(
    member: Phone, lines: Lines, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    mark = lines.mark()
    await every_operation(member)
    assert lines.since(mark)
    assert CANARY not in lines.since(mark)


async def test_nothing_of_a_whole_life_reaches_a_log(phone: Phone, lines: Lines) -> None:
    mark = lines.mark()
    asked = await phone.ask_for_code()
    code = await code_for(asked)
    phone.session = await phone.answer(asked, code)
    await phone.tell(birthDate="1987-06-05", region="CN-SH", occupation="canary keeper")
    await phone.link("wechat")
    await phone.settle()
    await phone.do("Apply", **wish(BY_PARTNER))
    token = phone.session["refreshToken"]
    renewed = await phone.do("RefreshSession", refreshToken=token, idempotencyKey=new_key())
    told = lines.since(mark)
    secrets = [phone.number, phone.number[3:], code, "1987-06-05", "canary keeper", token]
    secrets += [phone.session["accessToken"], renewed["accessToken"], renewed["refreshToken"]]
    assert [secret for secret in secrets if secret in told] == []
    assert all(line.startswith("{") and line.endswith("}") for line in told.splitlines())


async def test_one_request_is_one_line(web: httpx2.AsyncClient, lines: Lines) -> None:
    mark = lines.mark()
    response = await web.get("/products?phone=canary")
    assert response.status_code == 404
    (line,) = [orjson.loads(line) for line in lines.since(mark).splitlines()]
    assert (line["event"], line["route"], line["status"]) == ("request", "unknown", 404)
    assert line["request_id"] == response.headers["x-request-id"]


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
async def test_what_machines_ask_all_day_is_not_logged(web: httpx2.AsyncClient, lines: Lines, path: str) -> None:
    mark = lines.mark()
    assert (await web.get(path)).status_code == 200
    assert lines.since(mark) == ""


async def test_ready_says_what_is_missing(
    web: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch, broken_database: Callable[[], None]
) -> None:
    ready = (await web.get("/readyz")).json()
    assert (ready["ready"], ready["checks"]) == (True, {"database": True, "valkey": True, "models": True})
    assert sorted(ready["reactions"]) == ["late", "oldest_seconds", "parked", "waiting"]
    broken_database()
    response = await web.get("/readyz")
    assert (response.status_code, response.json()["checks"]["database"]) == (503, False)
    assert response.json()["reactions"] is None
    told = await web.get("/metrics")
    assert told.status_code == 200
    assert "longan_reactions_oldest_seconds NaN" in told.text and "longan_watch_age_seconds NaN" in told.text
    assert (await web.get("/healthz")).status_code == 200


@pytest.fixture
def broken_database(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    from api import health
    from infra import backlog

    def away() -> None:
        raise ConnectionRefusedError("nobody listens there")

    def break_it() -> None:
        for asks in (health, backlog):
            monkeypatch.setattr(asks, "reading", away)

    return break_it
