"""Exports: a person takes away all that is kept of them."""

from datetime import datetime
from typing import Annotated

import strawberry
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from api.app.downloading import NO_STORE, for_signed_in, id_in_path
from api.app.viewing import viewer_field
from api.graphql.context import Info
from api.graphql.enums import show
from api.graphql.mutations import commit
from api.graphql.refusals import Refused
from api.graphql.requiring import requires
from api.graphql.scalars import URL
from api.graphql.showing import Node, shows
from domain.actors import UserActor
from domain.permissions import Permission
from domain.privacy import exporting, exports
from domain.privacy.exports import ExportStatus
from infra.database import reading
from infra.ids import global_id
from infra.settings import settings

show(
    ExportStatus,
    "Where an export of the person's data stands.",
    PREPARING="It is being made; a notice tells when it is ready.",
    READY="It can be fetched.",
    EXPIRED="It is gone; ask again.",
    FAILED="It could not be made; ask again.",
)


@shows(exports.DataExport, description="All that is kept of the person, for the session that asked.")
class DataExport(Node):
    viewer = viewer_field()
    status: ExportStatus = strawberry.field(description="Where it stands.")
    expires_at: datetime | None = strawberry.field(description="Until when it can be fetched; null until it is ready.")

    @strawberry.field(
        description="A zip of JSON, to fetch with the token of the session that asked; the address alone opens nothing. Null unless "
        "READY."
    )
    def url(root: strawberry.Parent[exports.DataExport]) -> URL | None:
        if root.status is not ExportStatus.READY:
            return None
        return URL(f"{settings().public_url}/exports/{global_id('DataExport', root.id)}")


ExportMyDataResult = Annotated[
    DataExport | Refused, strawberry.union("ExportMyDataResult", description="The export, or why there is none.")
]


@strawberry.type
class ExportMutation:
    @requires(Permission.SIGNED_IN)
    @strawberry.mutation(
        description="Have all that is kept of the person made into one archive, for this session. Asked again, it answers the one that "
        "is being made or can be fetched. A session older than a day steps up first."
    )
    async def export_my_data(self, info: Info) -> ExportMyDataResult | None:
        actor = info.context.user
        return await commit(info, lambda db: exporting.ask(db, actor))


async def archive(request: Request, actor: UserActor) -> Response:
    id = id_in_path(request, "id", "DataExport")
    async with reading() as db:
        found = await exporting.fetch(db, actor, id) if id else None
    if found is None:
        return PlainTextResponse("There is no such export for this session, or not now.\n", 404, headers=NO_STORE)
    saved_as = {"Content-Disposition": 'attachment; filename="longan-data.zip"'}
    return Response(found, media_type="application/zip", headers={**NO_STORE, **saved_as})


routes: list[BaseRoute] = [Route("/exports/{id}", for_signed_in(archive))]
