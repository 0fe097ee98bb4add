"""GraphiQL comes from our own files, with queries that fit the schema and a session for one click."""

import hashlib
import re
from pathlib import Path
from typing import Any

import httpx2
import pytest
from graphql import OperationDefinitionNode, build_schema, parse, validate
from starlette.routing import Mount, Route

from api import graphiql
from api.app.schema import schema
from api.dev import people
from api.graphql.http import Door
from api.graphql.kept.keeping import Keeping
from api.main import routes
from domain import visits
from domain.actors import UserActor
from domain.people import phones, sessions
from domain.people.sessions import AccessToken
from infra.settings import settings
from infra.words import say
from tests.phones import Phone
from tests.working import work_off

STATIC = Path(graphiql.__file__).parent / "static"
# As npm gives them, byte for byte; a newer version is a new name and a new line here.
SHIPPED = {
    "graphiql-4.1.2.min.css": "30487e07635d312a63f647b140d37740a73c53332b0975bf4b1fe985ca6ec885",
    "graphiql-4.1.2.min.js": "867226ba8af5ce7949903fc53932f78dac9f4bfc6cc8da0fd3869b8bc6c5256b",
    "graphql-ws-5.16.2.min.js": "deb8cd1b4feadd52ae0365a4df8a89847f2904c2a8cbdac8756b8d962c0cb8e4",
    "react-18.3.1.min.js": "d949f1c3687aedadcedac85261865f29b17cd273997e7f6b2bfc53b2f9d4c4dd",
    "react-dom-18.3.1.min.js": "35f4f974f4b2bcd44da73963347f8952e341f83909e4498227d4e26b98f66f0d",
}
HTML = {"accept": "text/html", "accept-language": "en"}
SERVED = build_schema(schema().as_str())
TEMPLATE = Path(graphiql.__file__).parent / "templates" / "graphiql.html"


def test_what_others_wrote_is_shipped_unchanged_and_with_its_licence() -> None:
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in STATIC.glob("*.min.*")}
    assert found == SHIPPED
    licences = (STATIC / "LICENSES.txt").read_text("utf-8")
    assert all(name in licences for name in SHIPPED)


async def test_the_page_loads_nothing_from_another_host(http: httpx2.AsyncClient) -> None:
    page = await http.get("/graphql", headers=HTML)
    assert page.status_code == 200
    assert page.headers["content-security-policy"] == (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; font-src 'self' data:"
    )
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    files = [address for address in loaded if address not in ("/", "/graphql")]
    assert len(files) == 9
    for address in files:
        assert address.startswith("/graphiql/static/")
        assert (await http.get(address)).status_code == 200
    assert not re.search(r"<script>|<style|style=|onclick", page.text)


async def test_a_client_still_gets_json(http: httpx2.AsyncClient) -> None:
    answer = await http.get("/graphql", params={"query": "{ __typename }"}, headers={"accept": "application/json"})
    assert answer.json()["data"] == {"__typename": "Query"}


@pytest.mark.parametrize(("introspection", "is_there"), [("true", True), ("false", False)])
async def test_it_is_there_only_where_the_schema_is_shown(
    monkeypatch: pytest.MonkeyPatch, introspection: str, is_there: bool
) -> None:
    monkeypatch.setenv("LONGAN_INTROSPECTION", introspection)
    settings.cache_clear()
    try:
        found = routes()
    finally:
        monkeypatch.undo()
        settings.cache_clear()
    (kept,) = [route.endpoint for route in found if isinstance(route, Route) and route.path == "/graphql"]
    mounted = [route.path for route in found if isinstance(route, Mount)]
    assert isinstance(kept, Keeping) and isinstance(door := kept.door, Door)
    assert (door.graphql_ide == "graphiql", "/graphiql/static" in mounted) == (is_there, is_there)


@pytest.mark.parametrize("tab", graphiql.tabs(), ids=lambda tab: re.findall(r"^\w+ (\w+)", tab["query"], re.M)[0])
def test_a_ready_query_fits_the_schema(tab: dict[str, Any]) -> None:
    document = parse(tab["query"])
    assert validate(SERVED, document) == []
    (operation,) = document.definitions
    assert isinstance(operation, OperationDefinitionNode)
    declared = {each.variable.name.value: each.type.kind for each in operation.variable_definitions or ()}
    needed = {name for name, kind in declared.items() if kind == "non_null_type"}
    assert needed <= tab.get("variables", {}).keys() <= declared.keys()


def test_what_is_filled_in_is_known_to_the_page() -> None:
    wanted = set(re.findall(r'"\$(\w+)', (STATIC.parent / "tabs.toml").read_text("utf-8")))
    known = set(re.findall(r"^  (\w+): async", (STATIC / "variables.js").read_text("utf-8"), re.M)) | {"newKey"}
    assert wanted == known


@pytest.mark.parametrize("sentence", re.findall(r'\b_\("([^"]+)"', TEMPLATE.read_text("utf-8")))
def test_the_bar_speaks_both_languages(sentence: str) -> None:
    assert any("一" <= character <= "鿿" for character in say(sentence, "zh"))


async def actor_of(token: str) -> UserActor:
    read = sessions.read_access_token(token)
    assert isinstance(read, AccessToken)
    found = (await visits.look(read)).actor
    assert found
    return found


@pytest.fixture
def no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for it then; the tests work by themselves."""
    monkeypatch.setattr(people, "SETTLING_SECONDS_MAX", 0)


@pytest.mark.usefixtures("no_worker")
class TestOneClick:
    async def test_an_invented_person_is_there_with_accounts_and_a_score(self, web: httpx2.AsyncClient) -> None:
        told = (await web.get("/dev/people", headers={"accept-language": "en"})).json()
        assert [each["key"] for each in told][:2] == ["thin-file-student", "steady-shopper"]
        first = await web.post("/dev/people/steady-shopper/sign-in")
        assert first.status_code == 200
        phone = Phone(web)
        phone.session = {"accessToken": first.json()["accessToken"]}
        await work_off((await actor_of(str(phone.token))).user_id)
        viewer = (await phone.ask("{ viewer { maskedPhone score { grade } linkedAccounts { provider { key } } } }"))[
            "viewer"
        ]
        assert viewer["maskedPhone"] == "+86 130****0002"
        assert viewer["score"]["grade"] in "ABCD"
        assert sorted(each["provider"]["key"] for each in viewer["linkedAccounts"]) == ["oidc", "taobao", "wechat"]

    async def test_the_second_click_is_the_same_person_on_another_device(self, web: httpx2.AsyncClient) -> None:
        tokens = [(await web.post("/dev/people/gig-driver/sign-in")).json()["accessToken"] for _ in range(2)]
        one, other = [await actor_of(token) for token in tokens]
        assert one.user_id == other.user_id
        assert one.session_id != other.session_id

    async def test_nobody_of_that_name_registers_nobody(self, web: httpx2.AsyncClient) -> None:
        answer = await web.post("/dev/people/nobody/sign-in")
        assert answer.status_code == 404
        assert answer.json()["error"].startswith("There is no nobody. There are: thin-file-student, ")

    async def test_it_takes_a_post(self, web: httpx2.AsyncClient) -> None:
        assert (await web.get("/dev/people/gig-driver/sign-in")).status_code == 405

    def test_their_numbers_are_read_as_numbers(self) -> None:
        assert [phones.parse(number) for number in people.NUMBERS.values()] == list(people.NUMBERS.values())
