"""The documents of offers, by the hash of their words."""

import re

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from domain.applications.offers import Document
from infra.database import reading

SHA256 = re.compile(r"[0-9a-f]{64}")


async def document(request: Request) -> Response:
    sha256 = request.path_params["sha256"]
    if not SHA256.fullmatch(sha256):
        return PlainTextResponse("There is no such document.\n", 404)
    async with reading() as db:
        found = await db.get(Document, sha256)
    if found is None:
        return PlainTextResponse("There is no such document.\n", 404)
    return PlainTextResponse(found.body, headers={"Cache-Control": "public, max-age=31536000, immutable"})


routes: list[BaseRoute] = [Route("/documents/{sha256}", document)]
