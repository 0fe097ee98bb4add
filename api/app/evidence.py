"""Evidence: what stands in the log about a person, and the bundle that proves it to anybody."""

from datetime import datetime
from typing import cast

import strawberry
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from api.app.downloading import NO_STORE, for_signed_in, id_in_path
from api.graphql.enums import show
from api.graphql.scalars import URL
from api.graphql.showing import Node, shows
from domain.actors import UserActor
from domain.evidence import checkpoints, leaves, proving
from domain.evidence.leaves import EvidenceKind
from infra.database import reading
from infra.ids import global_id
from infra.settings import settings

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


async def proof(request: Request, actor: UserActor) -> Response:
    id = id_in_path(request, "id", "Evidence")
    async with reading() as db:
        bundle = await proving.bundle(db, actor, id) if id else None
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
    Route("/evidence/{id}", for_signed_in(proof)),
    Route("/.well-known/evidence-key", public_key),
    Route("/.well-known/evidence-checkpoint", checkpoint),
]
