"""The documents of offers, by the hash of their bytes."""

import base64
import hashlib
import re

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from domain.applications.offers import Document
from infra.database import reading

SHA256 = re.compile(r"[0-9a-f]{64}")
FOR_EVER = "public, max-age=31536000, immutable"
STYLE = re.compile(r"<style>(.*?)</style>", re.DOTALL)


async def document(request: Request) -> Response:
    """The very bytes that hash to it, for ever: to look at, or with `?download` to keep."""
    sha256 = request.path_params["sha256"]
    if not SHA256.fullmatch(sha256):
        return PlainTextResponse("There is no such document.\n", 404)
    async with reading() as db:
        found = await db.get(Document, sha256)
    if found is None:
        return PlainTextResponse("There is no such document.\n", 404)
    ending = "html" if found.media_type.startswith("text/html") else "txt"
    told = by_itself(request, found.body, f"longan-{found.sha256[:12]}.{ending}")
    return Response(found.body, headers={**told, "Content-Type": found.media_type, "Cache-Control": FOR_EVER})


def by_itself(request: Request, body: str, name: str) -> dict[str, str]:
    """Headers of a page that needs nothing besides: it is looked at, or with `?download` kept under this name."""
    how = "attachment" if "download" in request.query_params else "inline"
    return {
        "Content-Disposition": f'{how}; filename="{name}"',
        "Content-Security-Policy": f"default-src 'none'; style-src {_styles(body)}; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'",
        "Referrer-Policy": "no-referrer",
    }


def _styles(body: str) -> str:
    """Its own style, which is part of what was hashed, and no other."""
    hashes = [base64.b64encode(hashlib.sha256(style.encode()).digest()).decode() for style in STYLE.findall(body)]
    return " ".join(f"'sha256-{each}'" for each in hashes) or "'none'"


routes: list[BaseRoute] = [Route("/documents/{sha256}", document)]
