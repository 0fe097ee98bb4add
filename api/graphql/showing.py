"""Showing: a GraphQL type that deliberately shows part of an entity, read from the entity itself."""

import inspect
from collections.abc import Callable
from typing import Any, Protocol, TypeVar, dataclass_transform, get_type_hints
from uuid import UUID

import strawberry
from strawberry.types.field import StrawberryField

from api.graphql import enums, money_enums  # noqa: F401 - an enumeration must be described before a type shows it
from infra.ids import global_id

T = TypeVar("T", bound=type)


class Identified(Protocol):
    """An entity whose own id tells it apart."""

    @property
    def id(self) -> UUID: ...


@strawberry.interface(description="Whatever has a permanent id, by which `node(id:)` finds it again.")
class Node:
    @strawberry.field(description="Permanent, opaque, and unique among all types: the key for a client's cache.")
    def id(root: strawberry.Parent[Identified], info: strawberry.Info) -> strawberry.ID:
        return strawberry.ID(global_id(info._raw_info.parent_type.name, root.id))


@dataclass_transform(field_specifiers=(strawberry.field,), kw_only_default=True)
def shows(entity: type, *, description: str | None = None) -> Callable[[T], T]:
    """Make the class a GraphQL type of `entity`'s instances. Plain fields are read from the entity; fails at import where it
    has none of that name, so the two cannot drift apart. No field is shown that is not written down in the class.
    """

    def decorate(cls: T) -> T:
        for name in inspect.get_annotations(cls):
            if _is_plain(vars(cls).get(name)) and not _has(entity, name):
                raise TypeError(f"{cls.__name__} shows {entity.__name__}.{name}, which is not there")

        def is_type_of(obj: Any, info: Any) -> bool:
            return isinstance(obj, cls | entity)

        is_type_of.is_by_class = True  # type: ignore[attr-defined] # so that a plan need ask once a class
        cls.is_type_of = staticmethod(is_type_of)  # type: ignore[attr-defined]
        return strawberry.type(cls, description=description or inspect.getdoc(cls))

    return decorate


def _is_plain(given: object) -> bool:
    """Whether the field has no resolver of its own, and so is read from the entity."""
    return given is None or (isinstance(given, StrawberryField) and given.base_resolver is None)


def _has(entity: type, name: str) -> bool:
    return hasattr(entity, name) or name in get_type_hints(entity, include_extras=True)
