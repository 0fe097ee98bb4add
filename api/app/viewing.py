"""The way back to the person, from whatever a mutation answers: so that a client can read again what it changed, at once."""

from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from api.graphql.context import Info
from domain.people import users

if TYPE_CHECKING:
    from api.app.people import User


def viewer_field() -> Any:
    """The field `viewer` of a type that only its owner sees."""

    async def viewer(info: Info) -> Annotated["User", strawberry.lazy("api.app.people")]:
        return await info.context.load(users.by_ids, info.context.user.user_id)

    description = "The person who asks: to read again, in the same answer, what a mutation changed."
    return strawberry.field(resolver=viewer, description=description)
