"""The way back to the person, from whatever a mutation answers: so that a client can read again what it changed, at once."""

from typing import Any

import strawberry
from strawberry.types.lazy_type import LazyType

from api.graphql.context import Info
from domain.people import users

# By name, since a person leads to all the types that lead back.
USER: LazyType[Any, Any] = LazyType("User", "api.app.people")


def viewer_field() -> Any:
    """The field `viewer` of a type that only its owner sees."""

    def viewer(info: Info) -> Any:
        return info.context.load(users.by_ids, info.context.user.user_id)

    description = "The person who asks: to read again, in the same answer, what a mutation changed."
    return strawberry.field(resolver=viewer, graphql_type=USER, description=description)
