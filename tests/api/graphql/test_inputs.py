"""What is wrong with an input is told whole, typed, with its place; and no value is one that we fail at.

`LONGAN_INPUTS=40` sends so many odd inputs to each mutation; the same number sends the same.
"""

import json
import os
import random
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeVar

import httpx2
import pytest
from graphql import GraphQLUnionType
from hypothesis import given
from hypothesis import strategies as st

from api.app.schema import schema as app_schema
from api.console.schema import schema as console_schema
from api.graphql.requiring import permission_of, root_fields_of
from api.graphql.scalars import read_date, read_decimal, read_time
from api.partner.schema import schema as partner_schema
from domain.permissions import MAY, Role
from infra.settings import settings
from tests.api.doors import operations
from tests.api.offering import close
from tests.api.people import open_shop, staff_token
from tests.api.walking import document, leaves, mutations, put, sample
from tests.applying import left_behind, wish
from tests.phones import Phone
from tests.visiting import visitor

SCHEMAS = {"/graphql": app_schema, "/partner/graphql": partner_schema, "/console/graphql": console_schema}
PERMISSIONS = {name: permission_of(field) for _, name, field in root_fields_of(console_schema())}
TIMES = int(os.environ.get("LONGAN_INPUTS", "8"))

NOTHING: list[Any] = ["", "\0", "a\0b", "x" * 2_000, "１２３", "\U0001f600", "\u202e", "' OR 1=1 --"]
BAD: dict[str, list[Any]] = {
    "Date": [
        "",
        "x",
        "2000-02-30",
        "20000101",
        "0000-00-00",
        "0001-01-01",
        "9999-12-31",
        "２０００-01-01",
        5,
        [],
        {},
        True,
    ],
    "DateTime": [
        "",
        "x",
        "2026-11-01",
        "2026-11-01T00:00:00",
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59-12:00",
        5,
        [],
        {},
    ],
    "Decimal": [
        "",
        "x",
        "NaN",
        "sNaN",
        "-sNaN12",
        "Infinity",
        "1e999",
        "1E-999",
        "１２",
        "1_000",
        " 1",
        "9" * 28,
        70368744177664.01,  # as a double it is another one: .015625 behind the point
        249999999999999.99,  # as a double it is the next whole number
        1e22,
        [],
        {},
        True,
    ],
    "Int": ["", "x", 1.5, 2**31, -(2**63), 10**300, True, [], {}],
    "ID": ["\0", "é", "x" * 501, "a b\n", [], {}, 1.5],
    "String": ["\0", "a\0b", 5, True, [], {}],
    "URL": ["\0", "http://\0"],
    "Boolean": ["", "true", 1, [], {}],
    "Enum": ["", "NOBODY", "loan", 5, True, [], {}],
    "Float": ["x", [], {}],
}


P = TypeVar("P")  # a place within an input
NOTHINGS_IDS = ("é", "x" * 501)


@dataclass
class Askers:
    """For each door a client who may ask there; at the console one of each role."""

    member: httpx2.AsyncClient
    shop: httpx2.AsyncClient
    staff: dict[Role, httpx2.AsyncClient]

    def who_may(self, door: str, name: str) -> httpx2.AsyncClient:
        """Ask for this field."""
        if door != "/console/graphql":
            return self.shop if door == "/partner/graphql" else self.member
        return next(client for role, client in self.staff.items() if PERMISSIONS[name] in MAY[role])


@pytest.fixture(scope="module")
async def askers(longan: None) -> AsyncIterator[Askers]:
    shop = await open_shop()
    async with AsyncExitStack() as clients:

        async def client(token: str) -> httpx2.AsyncClient:
            headers = {"Authorization": f"Bearer {token}", "Accept-Language": "en"}
            return await clients.enter_async_context(visitor(settings().public_url, headers=headers))

        member = Phone(await clients.enter_async_context(visitor(settings().public_url)))
        await member.sign_in()
        staff = {role: await client(await staff_token(role)) for role in Role}
        yield Askers(await client(str(member.token)), await client(shop.token), staff)
    await close(shop)


def all_mutations() -> list[tuple[str, str]]:
    return [(door, name) for door, schema in SCHEMAS.items() for name in mutations(schema()._schema)]


async def post(client: httpx2.AsyncClient, door: str, query: str, variables: Any) -> Any:
    # The usual encoder, since orjson refuses half a character and numbers without end.
    body = json.dumps({"query": query, "variables": variables})
    response = await client.post(door, content=body, headers={"content-type": "application/json"})
    assert response.status_code < 500, response.text
    answer = response.json()
    codes = [error["extensions"]["code"] for error in answer.get("errors", ())]
    assert "INTERNAL" not in codes, (query, variables)
    for word in ("Traceback", "decimal.", "Malformed", "NoneType", "encountered error"):
        assert word not in response.text
    return answer


@pytest.mark.parametrize(("door", "name"), all_mutations())
async def test_each_malformed_value_is_told_with_its_place(askers: Askers, door: str, name: str) -> None:
    field = mutations(SCHEMAS[door]()._schema)[name]
    query, client = document(name, field), askers.who_may(door, name)
    for argument, of_argument in field.args.items():
        for place, some in shared(leaves(of_argument.type)):
            for bad in some:
                variables = {argument: put(sample(of_argument.type), place, bad)}
                answer = await post(client, door, query, variables)
                told = (argument, *map(str, place))
                # An amount and its currency are one thing.
                assert {told, told[:-1]} & places_told(answer), (place, bad, answer)


def shared(places: Iterable[tuple[P, str]]) -> Iterator[tuple[P, list[Any]]]:
    """Each place with values that are wrong there. One reader reads a kind wherever it stands, so places of one kind share its
    values: up to three have all of them between them.
    """
    found = list(places)
    of_kind, seen = Counter(kind for _, kind in found), Counter[str]()
    for place, kind in found:
        step = min(of_kind[kind], 3)
        yield place, BAD[kind][seen[kind] % step :: step]
        seen[kind] += 1


def places_told(answer: Any) -> set[tuple[str, ...]]:
    refused = answer["data"]["it"]
    assert refused["code"] == refused["faults"][0]["code"]
    return {tuple(fault["field"] or ()) for fault in refused["faults"] if fault["code"] == "INVALID"}


@pytest.mark.parametrize(("door", "name"), all_mutations())
async def test_no_value_is_one_that_we_fail_at(askers: Askers, door: str, name: str) -> None:
    field = mutations(SCHEMAS[door]()._schema)[name]
    query, client = document(name, field), askers.who_may(door, name)
    dice = random.Random(f"{door} {name}")
    for argument, of_argument in field.args.items():
        places = list(leaves(of_argument.type))
        for _ in range(TIMES):
            value = sample(of_argument.type)
            for place, kind in dice.sample(places, k=dice.randint(1, len(places))):
                usual = NOTHING if kind in {"String", "ID", "URL"} else []
                value = put(value, place, dice.choice([*BAD[kind], *usual, None]))
            await post(client, door, query, {argument: value})


@pytest.mark.parametrize("door", SCHEMAS)
async def test_no_argument_of_a_query_is_one_that_we_fail_at(askers: Askers, door: str) -> None:
    query_type = SCHEMAS[door]()._schema.query_type
    assert query_type is not None
    places = [
        ((name, argument, place), kind)
        for name, field in query_type.fields.items()
        for argument, of_argument in field.args.items()
        for place, kind in leaves(of_argument.type)
    ]
    kinds = dict(places)
    for where, some in shared(places):
        name, argument, place = where
        field, kind = query_type.fields[name], kinds[where]
        for bad in [*some, *(NOTHING if kind in {"String", "ID"} else [])]:
            others = {key: sample(other.type) for key, other in field.args.items() if str(other.type)[-1] == "!"}
            variables = others | {argument: put(sample(field.args[argument].type), place, bad)}
            declared = ", ".join(f"${key}: {field.args[key].type}" for key in variables)
            passed = ", ".join(f"{key}: ${key}" for key in variables)
            query = f"query ({declared}) {{ {name}({passed}) {{ __typename }} }}"
            answer = await post(askers.who_may(door, name), door, query, variables)
            # To look for what is nothing's id is no mistake: `node` answers null.
            if bad in BAD[kind] and bad not in NOTHINGS_IDS:
                assert {e["extensions"]["code"] for e in answer["errors"]} <= {"BAD_REQUEST", "FORBIDDEN"}, query


async def test_every_mutation_can_tell_what_is_wrong() -> None:
    for _, schema in SCHEMAS.items():
        for name, field in mutations(schema()._schema).items():
            assert isinstance(field.type, GraphQLUnionType)
            assert "Refused" in [member.name for member in field.type.types], name


async def test_everything_that_is_wrong_with_a_profile_is_told(member: Phone) -> None:
    answer = await member.post(
        "mutation ($input: UpdateProfileInput!) { updateProfile(input: $input) { ... on Refused { "
        "code message field faults { code message field } } } }",
        {
            "input": {
                "birthDate": "1.2.2000",
                "region": "Shanghai",
                "occupation": " ",
                "monthlyIncome": {"amount": "12,000", "currency": "XXX"},
            }
        },
    )
    refused = answer.json()["data"]["updateProfile"]
    assert refused["faults"] == [
        {"code": "INVALID", "message": "A date is written as 2000-12-31.", "field": ["input", "birthDate"]},
        {"code": "INVALID", "message": "A region is an ISO 3166-2 code, as CN-SH.", "field": ["input", "region"]},
        {
            "code": "INVALID",
            "message": "Write 1 to 60 visible characters on one line.",
            "field": ["input", "occupation"],
        },
        {
            "code": "INVALID",
            "message": "Enter an amount as a decimal number with an ISO 4217 currency, and no more decimals than it has.",
            "field": ["input", "monthlyIncome"],
        },
    ]
    assert {name: refused[name] for name in ("code", "message", "field")} == refused["faults"][0]


async def test_of_five_bad_fields_all_five_are_told_as_literals_too(member: Phone) -> None:
    query = """mutation { apply(input: {productId: "x", termMonths: 99999999999, share: [NOBODY],
        amount: {amount: "1e5", currency: "CNY"}, idempotencyKey: "short"}) { ... on Refused { faults { field } } } }"""
    answer = (await member.post(query)).json()
    assert [fault["field"] for fault in answer["data"]["apply"]["faults"]] == [
        ["input", "productId"],
        ["input", "amount"],
        ["input", "termMonths"],
        ["input", "share", "0"],
        ["input", "idempotencyKey"],
    ]
    assert await left_behind(member.user_id) == (0, 0, 0)


async def test_money_that_is_none_is_told_beside_the_rest(member: Phone) -> None:
    query = "mutation ($input: ApplyInput!) { apply(input: $input) { ... on Refused { faults { code field } } } }"
    refused = await member.ask(query, input=wish(product_id="x", amount="1.001", idempotencyKey="short"))
    assert refused["apply"]["faults"] == [
        {"code": "NOT_FOUND", "field": ["input", "productId"]},
        {"code": "INVALID", "field": ["input", "amount"]},
        {"code": "INVALID", "field": ["input", "idempotencyKey"]},
    ]
    assert await left_behind(member.user_id) == (0, 0, 0)


@pytest.mark.parametrize(
    "query",
    [
        '{ products(first: "x") { edges { cursor } } }',
        "{ products(first: 5, kind: NOBODY) { edges { cursor } } }",
        "{ products(kinds: [LOAN, NOBODY]) { edges { cursor } } }",
        "{ products(kinds: [[LOAN]]) { edges { cursor } } }",
        "{ products(first: [5]) { edges { cursor } } }",
        '{ products @skip(if: "x") { edges { cursor } } }',
        'query ($n: Int = "x") { products(first: $n) { edges { cursor } } }',
        'mutation { signOut { ... on SignedOut { sessionId @include(if: "x") } } }',
    ],
)
async def test_elsewhere_a_malformed_literal_is_a_mistake_of_the_document(member: Phone, query: str) -> None:
    response = await member.post(query, Accept="application/graphql-response+json")
    assert response.status_code == 400
    assert {error["extensions"]["code"] for error in response.json()["errors"]} == {"BAD_REQUEST"}


@pytest.mark.parametrize(
    "query",
    [
        "query ($x: Int) { products(first: $x) { edges { cursor } } }",
        "query ($x: Boolean!) { products @skip(if: $x) { edges { cursor } } }",
        "mutation ($x: Boolean!) { signOut { ... on SignedOut { sessionId @include(if: $x) } } }",
        "mutation ($x: Boolean!) { signOut @include(if: $x) { __typename } }",
    ],
)
async def test_elsewhere_a_malformed_variable_is_one_too(member: Phone, query: str) -> None:
    response = await member.post(query, {"x": "x"}, Accept="application/graphql-response+json")
    assert response.status_code == 400
    (error,) = response.json()["errors"]
    assert error["extensions"]["code"] == "BAD_REQUEST"
    assert error["message"] in {"$x: Enter a whole number of up to nine digits.", "$x: Enter true or false."}
    assert (await member.post("{ viewer { id } }")).status_code == 200


async def test_nothing_that_was_sent_is_quoted(member: Phone) -> None:
    for input in (
        {"phone": {"canary": "canary"}},
        {"canary": "canary"},
        {},
        "canary",
        ["canary"],
        {"phone": ["canary"]},
    ):
        answer = await member.post(operations("app")["RequestPhoneCode"], {"input": input})
        assert "canary" not in answer.text.replace("field 'canary'", ""), answer.text


@given(st.decimals(allow_nan=True, allow_infinity=True))
def test_a_decimal_is_read_exactly_or_not_at_all(value: Decimal) -> None:
    text = str(value)
    try:
        read = read_decimal(text)
    except ValueError:
        assert not value.is_finite() or "E" in text or len(text) > 18
    else:
        assert read == value


@given(st.decimals(0, 10**15, places=2))
def test_a_json_number_is_the_one_that_was_written_or_none(value: Decimal) -> None:
    try:
        assert read_decimal(float(str(value))) == value
    except ValueError:
        assert value > 10**12 - 1


@given(st.text(max_size=40))
def test_what_is_read_was_written_in_ascii(text: str) -> None:
    for read in (read_date, read_time, read_decimal):
        try:
            read(text)
        except ValueError:
            continue
        assert text.isascii()


@pytest.mark.parametrize(
    "text", ["2026-11-01T08:00:00+08:00", "2026-11-01T00:00:00Z", "2026-11-01 00:00:00.000Z", "2026-11-01t00:00z"]
)
def test_a_moment_is_the_same_in_any_zone(text: str) -> None:
    assert read_time(text).isoformat() == "2026-11-01T00:00:00+00:00"
