"""A request and a response, free of any web framework."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit


@dataclass(frozen=True)
class Request:
    """`path` is what follows `/sandbox/<provider>`; header names are in lower case."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Response:
    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    delay_seconds: float = 0


def json_response(content: Mapping[str, Any], status: int = 200, content_type: str = "application/json") -> Response:
    body = json.dumps(content, ensure_ascii=False).encode()
    return Response(status, body, {"Content-Type": content_type, "Cache-Control": "no-store"})


def html_response(page: str, status: int = 200) -> Response:
    headers = {
        "Content-Type": "text/html; charset=utf-8",
        "Cache-Control": "no-store",
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    }
    return Response(status, page.encode(), headers)


def redirect(uri: str, params: Mapping[str, str]) -> Response:
    mark = "&" if urlsplit(uri).query else "?"
    return Response(302, headers={"Location": f"{uri}{mark}{urlencode(params)}", "Cache-Control": "no-store"})
