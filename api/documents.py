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
    return Response(found.body, headers=_headers(found, "download" in request.query_params))


def _headers(document: Document, is_download: bool) -> dict[str, str]:
    ending = "html" if document.media_type.startswith("text/html") else "txt"
    how = "attachment" if is_download else "inline"
    return {
        "Content-Type": document.media_type,
        "Content-Disposition": f'{how}; filename="longan-{document.sha256[:12]}.{ending}"',
        "Content-Security-Policy": f"default-src 'none'; style-src {_styles(document.body)}; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "public, max-age=31536000, immutable",
    }


def _styles(body: str) -> str:
    """Its own style, which is part of what was hashed, and no other."""
    hashes = [base64.b64encode(hashlib.sha256(style.encode()).digest()).decode() for style in STYLE.findall(body)]
    return " ".join(f"'sha256-{each}'" for each in hashes) or "'none'"


routes: list[BaseRoute] = [Route("/documents/{sha256}", document)]
