"""The permission that a field asks for, named beside the field and asked before it is resolved."""

from collections.abc import Callable, Iterator, Mapping
from inspect import isawaitable
from types import MappingProxyType
from typing import Any, TypeVar, cast

import strawberry
from graphql import OperationType
from strawberry.extensions.field_extension import FieldExtension
from strawberry.types.base import StrawberryObjectDefinition
from strawberry.types.field import StrawberryField

from api.graphql.errors import Forbidden, Unauthenticated
from api.graphql.refusals import Refused
from domain.actors import Actor, PartnerActor, UserActor, may
from domain.people import recoveries
from domain.permissions import WITH_ONE_CONSENT, Permission, scopes_that_allow

T = TypeVar("T")
PERMISSION = "permission"  # the key in a field's metadata


def requires(permission: Permission, *, even_recovering: bool = False) -> Callable[[T], T]:
    """Stands above `@strawberry.field` and `@strawberry.mutation`. A subscription is asked before it begins (`Visitors`).

    `even_recovering`: a mutation for those too who signed in without their second factor, and else may only look.
    """

    def mark(field: T) -> T:
        found = cast(StrawberryField, field)
        found.metadata = MappingProxyType({**found.metadata, PERMISSION: permission})
        if not found.is_subscription:
            found.extensions = [AskFirst(permission, even_recovering), *found.extensions]
        return field

    return mark


class AskFirst(FieldExtension):
    def __init__(self, permission: Permission, even_recovering: bool = False) -> None:
        self.permission, self.even_recovering = permission, even_recovering

    def resolve(self, next_: Callable[..., Any], source: Any, info: Any, **arguments: Any) -> Any:
        self.ask(info)
        return next_(source, info, **arguments)

    async def resolve_async(self, next_: Callable[..., Any], source: Any, info: Any, **arguments: Any) -> Any:
        self.ask(info)
        if refused := self.wait(info):
            return refused
        answer = next_(source, info, **arguments)
        return await answer if isawaitable(answer) else answer

    def ask(self, info: Any) -> None:
        actor = info.context.actor
        if not may(actor, self.permission):
            raise Unauthenticated if actor is None else Forbidden(_missing(actor, self.permission))

    def wait(self, info: Any) -> Refused | None:
        """Why this changes nothing yet, for whoever recovered; whatever does not say otherwise waits."""
        actor = info.context.actor
        if self.even_recovering or self.permission is Permission.PUBLIC or not _is_change(info):
            return None
        until = actor.recovering_until if isinstance(actor, UserActor) else None
        return Refused.of(recoveries.waits(until), info.context.locale) if until else None


def _missing(actor: Actor, permission: Permission) -> str | None:
    """What a partner's engineers can mend by themselves; nobody else is told more than that it is not theirs."""
    if not isinstance(actor, PartnerActor):
        return None
    if actor.consent_id is not None and permission not in WITH_ONE_CONSENT:
        return "This token is for one person's consent alone. Ask with one of your server's own."
    return f"This asks for the scope {' or '.join(scopes_that_allow(permission))}, which this token has not."


def _is_change(info: Any) -> bool:
    return info.operation.operation is OperationType.MUTATION and info.path.prev is None


def permission_of(field: StrawberryField) -> Permission | None:
    marks: Mapping[str, Permission] = field.metadata
    return marks.get(PERMISSION)


def inner_fields_of(schema: strawberry.Schema) -> Iterator[tuple[str, str, StrawberryField]]:
    """Type, name as clients write it, and field: all that is not asked first."""
    roots = {schema.query, schema.mutation, schema.subscription}
    for name, type_ in sorted(schema.schema_converter.type_map.items()):
        definition = type_.definition
        if isinstance(definition, StrawberryObjectDefinition) and definition.origin not in roots:
            for field in definition.fields:
                yield name, schema.config.name_converter.get_graphql_name(field), field


def root_fields_of(schema: strawberry.Schema) -> Iterator[tuple[str, str, StrawberryField]]:
    """Kind of operation, name as clients write it, and field: all that can be asked first."""
    roots: Mapping[str, type | None] = {
        "query": schema.query,
        "mutation": schema.mutation,
        "subscription": schema.subscription,
    }
    for kind, root in roots.items():
        for field in root.__strawberry_definition__.fields if root else ():  # type: ignore[attr-defined]
            yield kind, schema.config.name_converter.get_graphql_name(field), field
