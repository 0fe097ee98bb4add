"""Whoever has not signed in may ask what is PUBLIC; everything else is 401 before anything runs."""

from collections.abc import AsyncIterator
from functools import cache

import strawberry
from strawberry.extensions import SchemaExtension

from api.graphql.context import Context
from api.graphql.errors import Unauthenticated
from api.graphql.limits import SIGN_IN
from api.graphql.operations import fragments_of, operation_of, root_fields
from api.graphql.requiring import permission_of, root_fields_of
from domain.actors import UserActor
from domain.permissions import Permission

OF_THE_LANGUAGE = frozenset({"__typename", "__schema", "__type"})


class Visitors(SchemaExtension):
    async def on_execute(self) -> AsyncIterator[None]:
        document = self.execution_context.graphql_document
        assert document is not None
        operation = operation_of(document, self.execution_context.operation_name)
        asked = root_fields(operation.selection_set, fragments_of(document))
        self._let_in(self.execution_context.context, asked)
        yield

    def _let_in(self, asker: Context, asked: set[str]) -> None:
        # An app whose token is over shows it still while it asks for new ones.
        if asker.turned_away is not None and not asked <= SIGN_IN:
            raise asker.turned_away
        if not isinstance(asker.actor, UserActor) and not asked <= open_to_visitors(self.execution_context.schema):
            raise Unauthenticated


@cache
def open_to_visitors(schema: strawberry.Schema) -> frozenset[str]:
    public = {name for _, name, field in root_fields_of(schema) if permission_of(field) is Permission.PUBLIC}
    return OF_THE_LANGUAGE | public
