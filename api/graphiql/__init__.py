"""GraphiQL from our own files, where the schema is shown: ready queries in tabs, and a bar to sign in with."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from api.html import POLICY, Pages
from infra.settings import settings

HERE = Path(__file__).parent
PAGES = Pages(HERE, "/graphiql/static")
# Its style sheet carries its fonts and two small pictures as data.
OUR_FILES = {**POLICY, "img-src": "'self' data:", "font-src": "'self' data:"}


@cache
def tabs() -> list[dict[str, Any]]:
    """The ready queries; `variables` only where there are some."""
    found: list[dict[str, Any]] = tomllib.loads((HERE / "tabs.toml").read_text("utf-8"))["tab"]
    return [{**tab, "query": tab["query"].lstrip()} for tab in found]


def page(request: Request) -> Response:
    told = [{**tab, "variables": _written(tab["variables"])} if "variables" in tab else tab for tab in tabs()]
    return PAGES.page(
        request,
        "graphiql.html",
        policy=OUR_FILES,
        tabs=orjson.dumps(told).decode(),
        is_embedded=settings().is_embedded,
    )


def _written(variables: dict[str, Any]) -> str:
    return orjson.dumps(variables, option=orjson.OPT_INDENT_2).decode()
