"""What may be asked without being signed in; everything else is 401 before anything runs."""

from collections.abc import AsyncIterator

from strawberry.extensions import SchemaExtension

from api.graphql.context import Context
from api.graphql.errors import Unauthenticated
from api.graphql.limits import SIGN_IN
from api.graphql.operations import fragments_of, operation_of, root_fields
from domain.actors import UserActor

OPEN = SIGN_IN | {"viewer", "node", "accountProviders", "products", "plans", "__typename", "__schema", "__type"}


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
        if not isinstance(asker.actor, UserActor) and not asked <= OPEN:
            raise Unauthenticated
