"""Who may do what: every door says what each of its fields and pages asks for, and keeps to it when it is asked.

The table beside this file is what the doors answer. `make permissions` writes it anew; read the difference before you commit.
"""

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from itertools import groupby
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import httpx2
import pytest
from graphql import GraphQLObjectType, GraphQLType, build_schema, get_named_type
from starlette.routing import BaseRoute, Mount, Route
from strawberry.types.field import StrawberryField

from api.app.authenticating import authenticate as user_of
from api.app.nodes import NODES as APP_NODES
from api.app.schema import schema as app_schema
from api.asking import asked_by
from api.console.schema import NODES as CONSOLE_NODES
from api.console.schema import authenticate as staff_of
from api.console.schema import schema as console_schema
from api.graphql.errors import Forbidden, Unauthenticated
from api.graphql.nodes import Finders
from api.graphql.requiring import AskFirst, inner_fields_of, permission_of, root_fields_of
from api.main import app, routes
from api.partner.schema import NODES as PARTNER_NODES
from api.partner.schema import authenticate as partner_of
from api.partner.schema import schema as partner_schema
from domain.actors import Actor, KnownActor
from domain.people import partner_tokens, sessions
from domain.people.partners import PartnerClient
from domain.permissions import MAY, Permission, Role, Scope
from infra.database import transaction
from tests.api.partner.pages.conftest import member_token
from tests.api.people import open_shop, somebody, staff_token
from tests.house.asking import documents

TABLE = Path(__file__).parent / "permissions.txt"
HOUSE = Path(__file__).parents[2]
SCHEMAS = {"app": app_schema(), "partner": partner_schema(), "console": console_schema()}
FINDERS: dict[str, Finders] = {"app": APP_NODES, "partner": PARTNER_NODES, "console": CONSOLE_NODES}
EVERYBODY_MAY = {Permission.PUBLIC, Permission.SIGNED_IN}
ADDRESSES = {"app": "/graphql", "partner": "/partner/graphql", "console": "/console/graphql"}
COOKIES = {"/console": "longan_console", "/partner": "longan_partner"}
OTHER_FORM = "This form is no longer valid."


class Asked(NamedTuple):
    door: str
    what: str
    permission: Permission
    answers: tuple[str, ...]  # as the door's people stand in its first line


class LetIn(Exception):
    """The door would have gone on to answer."""


@pytest.mark.parametrize("door", SCHEMAS)
def test_every_field_names_the_permission_that_it_asks_for(door: str) -> None:
    unnamed = [f"{kind} {name}" for kind, name, field in root_fields_of(SCHEMAS[door]) if permission_of(field) is None]
    assert unnamed == [], "put @requires(Permission...) above each of them, then run: make permissions"


@pytest.mark.parametrize("door", SCHEMAS)
def test_a_field_that_leads_to_what_another_permission_opens_names_the_one_that_it_asks_for(door: str) -> None:
    schema = build_schema(SCHEMAS[door].as_str())
    opened = {kind: {finder.permission} for kind, finder in FINDERS[door].items()}
    for kind, name, field in root_fields_of(SCHEMAS[door]):
        if kind == "query" and (permission := permission_of(field)) is not Permission.PUBLIC:
            assert permission is not None and schema.query_type
            opened.setdefault(noun_of(schema.query_type.fields[name].type), set()).add(permission)
    unnamed = []
    for owner, name, field in inner_fields_of(SCHEMAS[door]):
        noun = noun_of(getattr(schema.type_map[owner], "fields")[name].type)  # noqa: B009
        here = permission_of(field)
        if (
            here is None
            and opened.get(noun, set()) - opened.get(noun_of(schema.type_map[owner]), EVERYBODY_MAY) - EVERYBODY_MAY
        ):
            unnamed.append(f"{owner}.{name}")
    assert unnamed == [], "put @requires(Permission...) above each of them, then run: make permissions"


def noun_of(type_: GraphQLType) -> str:
    """What a field gives one or many of."""
    named = get_named_type(type_)
    if isinstance(named, GraphQLObjectType) and named.name.endswith(("Connection", "Edge")):
        return noun_of(named.fields["node" if named.name.endswith("Edge") else "edges"].type)
    return named.name


def test_every_page_names_the_permission_that_it_asks_for() -> None:
    unnamed = [route.path for route in pages() if asked_by(route.endpoint) is None]
    assert unnamed == [], "put @requires(Permission...) above each of them, then run: make permissions"


def test_no_role_is_named_outside_its_file() -> None:
    """What a role may do is asked of its permissions, so that a new role is one file."""
    named = [f"Role.{role.name}" for role in Role]
    files = [
        path for room in ("api", "integrations", "membership", "ml", "domain") for path in (HOUSE / room).rglob("*.py")
    ]
    found = {str(path.relative_to(HOUSE)) for path in files if any(name in path.read_text("utf-8") for name in named)}
    assert found == {"domain/permissions.py"}


def test_every_permission_is_asked_for_or_held() -> None:
    held = set[Permission]().union(*MAY.values())
    assert {permission for permission in Permission if permission.name not in source()} == set()
    assert held - {Permission.PUBLIC} == held, "what everybody may do is given to nobody"


def source() -> str:
    rooms = ("api", "integrations", "membership", "ml", "domain")
    files = (path for room in rooms for path in (HOUSE / room).rglob("*.py") if path.name != "permissions.py")
    return "\n".join(path.read_text("utf-8") for path in files)


async def test_the_doors_answer_as_the_table_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(AskFirst, "ask", and_then_stop(AskFirst.ask))
    table = printed([*[asked async for asked in fields()], *[asked async for asked in asked_pages()]])
    if os.environ.get("LONGAN_WRITE_PERMISSIONS"):
        TABLE.write_text(table, "utf-8")
    assert TABLE.read_text("utf-8").splitlines() == table.splitlines(), "run: make permissions"


def and_then_stop(ask: Callable[[AskFirst, Any], None]) -> Callable[[AskFirst, Any], None]:
    def ask_and_stop(asking: AskFirst, info: Any) -> None:
        ask(asking, info)
        raise LetIn

    return ask_and_stop


def pages() -> Iterator[Route]:
    yield from (route for address in COOKIES for route in pages_at(address))


def pages_at(address: str) -> Iterator[Route]:
    yield from (route for route in plain(routes()) if route.path.startswith(address) and "graphql" not in route.path)


def plain(routes: list[BaseRoute]) -> Iterator[Route]:
    for route in routes:
        assert isinstance(route, Route | Mount) or route.path == "/graphql", route  # type: ignore[attr-defined]
        if isinstance(route, Route):
            yield route


async def fields() -> AsyncIterator[Asked]:
    for door, schema in SCHEMAS.items():
        tokens = {name: await token() for name, token in PEOPLE[door].items()}
        named = {(kind, name): permission_of(field) for kind, name, field in root_fields_of(schema)}
        async with client() as http:
            for kind, name, document in documents(build_schema(schema.as_str())):
                answers = tuple([await answer(http, door, document, token) for token in tokens.values()])
                permission = named[kind, name]
                assert permission is not None
                yield Asked(door, f"{kind} {name}", permission, answers)
        actors = [(await ACTORS[door](token)).actor if token else None for token in tokens.values()]
        for owner, name, field in inner_fields_of(schema):
            if permission := permission_of(field):
                yield Asked(door, f"{owner}.{name}", permission, tuple(answer_inside(field, actor) for actor in actors))


def answer_inside(field: StrawberryField, actor: Actor | None) -> str:
    (asking,) = [each for each in field.extensions if isinstance(each, AskFirst)]
    try:
        asking.ask(SimpleNamespace(context=SimpleNamespace(actor=actor)))
    except LetIn:
        return "yes"
    except (Unauthenticated, Forbidden):
        return "-"
    raise AssertionError("it neither lets in nor refuses")


async def answer(http: httpx2.AsyncClient, door: str, document: str, token: str | None) -> str:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    response = await http.post(ADDRESSES[door], json={"query": document}, headers=headers)
    codes = {error["extensions"]["code"] for error in response.json().get("errors", ())}
    if codes <= {"UNAUTHENTICATED", "FORBIDDEN"} and codes:
        return "-"
    # A subscription needs a socket, and was asked who it is before that was noticed. Who may is told what is wrong with an input.
    is_refused = not codes and "Refused" in response.text
    assert codes == {"INTERNAL"} or is_refused or document.startswith("subscription"), (document, response.text)
    return "yes"


async def asked_pages() -> AsyncIterator[Asked]:
    for address, cookie in COOKIES.items():
        door = f"{address.removeprefix('/')} pages"
        tokens = {name: await token() for name, token in PEOPLE[door].items()}
        for route in pages_at(address):
            for method in [name for name in ("GET", "POST") if has(route, name)]:
                answers = tuple([await open_page(method, route.path, cookie, token) for token in tokens.values()])
                permission = asked_by(route.endpoint)
                assert permission is not None
                yield Asked(door, f"{method} {route.path}", permission, answers)


def has(route: Route, method: str) -> bool:
    return method in route.methods if route.methods else hasattr(route.endpoint, method.lower())


async def open_page(method: str, path: str, cookie: str, token: str | None) -> str:
    async with client(cookies={cookie: token} if token else {}) as http:
        response = await http.request(method, path.replace("{id}", "x"), headers={"Accept-Language": "en"})
    if response.status_code == 303 and response.headers["location"].partition("?")[0].endswith("/sign-in"):
        return "-"
    if response.status_code == 403 and OTHER_FORM not in response.text:
        return "-"
    return "yes"


def client(cookies: dict[str, str] | None = None) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://house", cookies=cookies)


async def app_token() -> str:
    async with transaction() as db:
        return (await sessions.begin(db, (await somebody(db)).id, "phone")).access_token


def partner_token(scope: Scope) -> Callable[[], Awaitable[str]]:
    async def token() -> str:
        shop = await open_shop()
        async with transaction() as db:
            client = await db.get_one(PartnerClient, partner_tokens.read(shop.token).client_id)  # type: ignore[union-attr]
            client.scopes = [scope]
        return shop.token

    return token


def of_role(role: Role) -> Callable[[], Awaitable[str]]:
    return lambda: staff_token(role)


async def member_of_partner() -> str:
    return await member_token(await open_shop())


async def nobody() -> None:
    return None


PEOPLE: dict[str, dict[str, Callable[[], Awaitable[str | None]]]] = {
    "app": {"nobody": nobody, "user": app_token},
    "partner": {"nobody": nobody, **{scope.value: partner_token(scope) for scope in Scope}},
    "console": {"nobody": nobody, **{role.value: of_role(role) for role in Role}},
}
PEOPLE["partner pages"] = {**PEOPLE["console"], "member": member_of_partner}
PEOPLE["console pages"] = {**PEOPLE["console"], "member": member_of_partner}
ACTORS: dict[str, Callable[[str], Awaitable[KnownActor[Actor]]]] = {
    "app": user_of,
    "partner": partner_of,
    "console": staff_of,
}


def printed(asked: list[Asked]) -> str:
    """A block for each door, what may be asked of it as lines, and those who ask as columns."""
    blocks = [block(door, list(lines)) for door, lines in groupby(asked, lambda each: each.door)]
    return "\n\n".join(blocks) + "\n"


def block(door: str, lines: list[Asked]) -> str:
    rows = [(door, "asks for", *PEOPLE[door]), *((each.what, each.permission.name, *each.answers) for each in lines)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )
