"""What an asker likes is what they get; and what opens something is never compressed."""

import gzip
import re
from collections.abc import Callable
from importlib.resources import files
from typing import Any

import brotli
import httpx2
import pytest
import zstandard
from graphql import GraphQLObjectType, GraphQLSchema, get_named_type
from graphql import build_schema as read_schema
from hypothesis import given
from hypothesis import strategies as st

from api import compressing
from api.compressing import CODINGS, coding_for
from api.graphql import secrets
from tests.phones import NewPhone, Phone

READ: dict[str, Callable[[bytes], bytes]] = {
    "zstd": lambda body: zstandard.ZstdDecompressor().decompress(body, max_output_size=10_000_000),
    "br": brotli.decompress,
    "gzip": gzip.decompress,
}
PRODUCTS = "{ products(first: 20) { edges { node { id title kind termMonths partner { id name } } } } }"


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("", None),
        ("gzip", "gzip"),
        ("gzip, br", "br"),
        ("gzip, deflate, br, zstd", "zstd"),
        ("zstd;q=0.5, br;q=0.8, gzip;q=0.8", "br"),
        ("GZIP;Q=1", "gzip"),
        ("gzip;q=0", None),
        ("*;q=0", None),
        ("*", "zstd"),
        ("*;q=0.5, zstd;q=0", "br"),
        ("identity, gzip;q=0.5", None),
        ("identity;q=0.4, gzip;q=0.5", "gzip"),
        ("deflate, compress", None),
        ("gzip;q=2, br;q=nan, zstd;q=", None),
        ("gzip;q=2, br ; q=0.3", "br"),
        ("gzip" + " " * 1_000, None),
    ],
)
def test_the_greatest_weight_decides(accepted: str, coding: str | None) -> None:
    assert coding_for(accepted) == coding


@given(st.text(max_size=60))
def test_any_header_is_read(header: str) -> None:
    assert coding_for(header) in {None, *CODINGS}


async def raw(http: httpx2.AsyncClient, method: str, path: str, **asked: Any) -> tuple[httpx2.Response, bytes]:
    async with http.stream(method, path, **asked) as response:
        return response, b"".join([piece async for piece in response.aiter_raw()])


@pytest.mark.parametrize("coding", [*CODINGS])
async def test_an_answer_says_the_same_in_every_coding(http: httpx2.AsyncClient, coding: str) -> None:
    ask = {"json": {"query": PRODUCTS}}
    plain, said = await raw(http, "POST", "/graphql", headers={"Accept-Encoding": "identity"}, **ask)
    response, body = await raw(http, "POST", "/graphql", headers={"Accept-Encoding": coding}, **ask)
    assert (plain.headers.get("content-encoding"), plain.headers["vary"]) == (None, "Accept-Encoding")
    assert (response.headers["content-encoding"], response.headers["vary"]) == (coding, "Accept-Encoding")
    assert int(response.headers["content-length"]) == len(body) < len(said)
    assert READ[coding](body) == said


async def test_what_is_short_stays_as_it_is(http: httpx2.AsyncClient) -> None:
    asked = {"headers": {"Accept-Encoding": "zstd"}, "json": {"query": "{ __typename }"}}
    response, body = await raw(http, "POST", "/graphql", **asked)
    assert ("content-encoding" in response.headers, response.headers["vary"]) == (False, "Accept-Encoding")
    assert b'"Query"' in body


async def test_a_kept_answer_is_known_again_by_its_weak_tag(http: httpx2.AsyncClient) -> None:
    asked: dict[str, Any] = {"params": {"query": PRODUCTS}}
    plain, _ = await raw(http, "GET", "/graphql", headers={"Accept-Encoding": "identity"}, **asked)
    short, _ = await raw(http, "GET", "/graphql", headers={"Accept-Encoding": "br"}, **asked)
    assert short.headers["etag"] == f"W/{plain.headers['etag']}"
    assert short.headers["vary"] == plain.headers["vary"] == "Authorization, Accept, Accept-Language, Accept-Encoding"
    again = {"Accept-Encoding": "br", "If-None-Match": short.headers["etag"]}
    kept, body = await raw(http, "GET", "/graphql", headers=again, **asked)
    assert (kept.status_code, body, kept.headers["vary"]) == (304, b"", short.headers["vary"])
    assert "content-encoding" not in kept.headers


async def test_tokens_are_never_compressed(http: httpx2.AsyncClient, new_phone: NewPhone) -> None:
    phone = Phone(http)
    http.headers["Accept-Encoding"] = "zstd, br, gzip"
    challenge = await phone.ask_for_code()
    signed_in = await phone.answer(challenge)
    # Padded with what whoever asks may choose, so that it is long enough.
    more = " ".join(f"a{number}: accessToken b{number}: refreshToken" for number in range(12))
    renew = (
        f"mutation ($input: RefreshSessionInput!) {{ refreshSession(input: $input) {{ ... on Session {{ {more} }} }} }}"
    )
    wish = {"input": {"refreshToken": signed_in["refreshToken"], "idempotencyKey": "a-key-of-a-device"}}
    response, body = await raw(http, "POST", "/graphql", json={"query": renew, "variables": wish})
    assert len(body) > compressing.BYTES_MIN
    assert ("content-encoding" in response.headers, "vary" in response.headers) == (False, False)
    assert b'"a0":"' in body


async def test_a_page_with_a_form_is_never_compressed(http: httpx2.AsyncClient) -> None:
    response, body = await raw(http, "GET", "/console/sign-in", headers={"Accept-Encoding": "zstd, br, gzip"})
    assert (response.status_code, "content-encoding" in response.headers) == (200, False)
    assert b"<form" in body


async def test_files_that_are_the_same_for_everybody_are(http: httpx2.AsyncClient) -> None:
    response, body = await raw(http, "GET", "/console/static/console.css", headers={"Accept-Encoding": "br"})
    assert (response.status_code, response.headers["content-encoding"]) == (200, "br")
    part, _ = await raw(
        http, "GET", "/console/static/console.css", headers={"Accept-Encoding": "br", "Range": "bytes=0-99"}
    )
    assert (part.status_code, part.headers["content-length"]) == (206, "100")
    assert len(brotli.decompress(body)) > len(body)


# Names of fields that can open something. What is found must be among the secrets, or here, because it opens nothing.
TELLING = re.compile(r"token|secret|voucher|password|otp$|[a-z]Code$", re.IGNORECASE)
HARMLESS = {"factorCode", "refusalCode"}


@pytest.mark.parametrize("door", ["app", "partner", "console"])
def test_no_query_reaches_what_opens_something_unless_it_is_named(door: str) -> None:
    schema = read_schema((files("api.contract") / f"{door}.graphqls").read_text(), assume_valid=True)
    told = {field for field in reachable(schema) if TELLING.search(field)}
    assert told - secrets.FIELDS - HARMLESS == set()


def reachable(schema: GraphQLSchema) -> set[str]:
    """The names of all fields that a query can ask for."""
    found, seen, due = set(), set(), [schema.query_type]
    while due:
        kind = due.pop()
        if kind is None or kind.name in seen:
            continue
        seen.add(kind.name)
        for each in schema.get_possible_types(kind) if not isinstance(kind, GraphQLObjectType) else [kind]:
            for name, field in each.fields.items():
                found.add(name)
                inner = get_named_type(field.type)
                if hasattr(inner, "fields") or hasattr(inner, "types"):
                    due.append(inner)
    return found
