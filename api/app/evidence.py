"""Evidence: what stands in the log about a person, and the bundle that proves it to anybody."""

from datetime import datetime
from typing import cast
from uuid import UUID

import strawberry
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from api.app.authenticating import authenticate
from api.failing import plainly
from api.graphql.context import bearer
from api.graphql.enums import show
from api.graphql.errors import PublicError, Unauthenticated
from api.graphql.scalars import URL
from api.graphql.showing import Node, shows
from domain.evidence import checkpoints, leaves, proving
from domain.evidence.leaves import EvidenceKind
from infra.database import reading
from infra.ids import global_id, parse_global_id
from infra.settings import settings

NO_STORE = {"Cache-Control": "no-store", "Vary": "Authorization"}
NOBODYS = UUID(int=0)
KEY_LASTS = {"Cache-Control": "public, max-age=3600"}

show(
    EvidenceKind,
    "What a piece of evidence is about.",
    CONSENT="A consent that was given or taken back.",
    LOOKUP="Somebody's look at a score or grade.",
    DECISION="A decision about an application.",
    AGREEMENT="An agreement that was made, or a paper about it that was issued.",
)


@shows(
    leaves.Evidence,
    description="One thing that was decided, in a log that nobody can change without being found out.",
)
class Evidence(Node):
    kind: EvidenceKind = strawberry.field(description="What it is about.")
    at: datetime = strawberry.field(description="When it was written.")

    @strawberry.field(description="When a head of the log was first signed over it; null for up to a minute.")
    async def sealed_at(root: strawberry.Parent[leaves.Evidence], info: strawberry.Info) -> datetime | None:
        return cast(datetime | None, await info.context.load(proving.sealed_at, root.position))

    @strawberry.field(
        description="A bundle to keep, with the person's token: `longan verify` checks it without us. Null until sealed."
    )
    def proof_url(root: strawberry.Parent[leaves.Evidence]) -> URL | None:
        if root.position is None:
            return None
        return URL(f"{settings().public_url}/evidence/{global_id('Evidence', root.id)}")


async def proof(request: Request) -> Response:
    try:
        return await _proof(request)
    except PublicError as error:
        return plainly(request, error)


async def _proof(request: Request) -> Response:
    token = bearer(request.headers.get("authorization"))
    if token is None:
        raise Unauthenticated
    actor = (await authenticate(token)).actor
    kind, id = parse_global_id(request.path_params["id"]) or ("", NOBODYS)
    async with reading() as db:
        bundle = await proving.bundle(db, actor, id) if kind == "Evidence" else None
    if bundle is None:
        return PlainTextResponse("There is no such evidence of yours, or none yet.\n", 404, headers=NO_STORE)
    saved_as = {"Content-Disposition": f'attachment; filename="evidence-{id}.json"'}
    return Response(bundle.model_dump_json(indent=2), media_type="application/json", headers={**NO_STORE, **saved_as})


async def public_key(request: Request) -> Response:
    return PlainTextResponse(checkpoints.public_pem(), media_type="application/x-pem-file", headers=KEY_LASTS)


async def checkpoint(request: Request) -> Response:
    """The newest signed head, for whoever wants to remember it."""
    async with reading() as db:
        note = await proving.newest_note(db)
    return PlainTextResponse(note or "", 200 if note else 404, headers={"Cache-Control": "public, max-age=10"})


routes: list[BaseRoute] = [
    Route("/evidence/{id}", proof),
    Route("/.well-known/evidence-key", public_key),
    Route("/.well-known/evidence-checkpoint", checkpoint),
]
