"""Whoever has not signed in may ask what is PUBLIC; everything else is 401 before anything runs."""

from collections.abc import Iterator
from functools import cache

import strawberry
from strawberry.extensions import SchemaExtension

from api.graphql.context import Context
from api.graphql.errors import Unauthenticated
from api.graphql.limits import SIGN_IN
from api.graphql.requiring import permission_of, root_fields_of
from domain.actors import UserActor
from domain.permissions import Permission

OF_THE_LANGUAGE = frozenset({"__typename", "__schema", "__type"})


class Visitors(SchemaExtension):
    def on_execute(self) -> Iterator[None]:
        asker: Context = self.execution_context.context
        assert asker.admitted is not None, "a door admits an operation before it runs"
        self._let_in(asker, asker.admitted.operation.asked)
        yield

    def _let_in(self, asker: Context, asked: frozenset[str]) -> None:
        # An app whose token is over shows it still while it asks for new ones.
        if asker.turned_away is not None and not asked <= SIGN_IN:
            raise asker.turned_away
        if not isinstance(asker.actor, UserActor) and not asked <= open_to_visitors(self.execution_context.schema):
            raise Unauthenticated


@cache
def open_to_visitors(schema: strawberry.Schema) -> frozenset[str]:
    public = {name for _, name, field in root_fields_of(schema) if permission_of(field) is Permission.PUBLIC}
    return OF_THE_LANGUAGE | public
