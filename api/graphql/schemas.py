"""Making a schema: one way for all three doors."""

from typing import Any

import strawberry
from graphql import build_schema, lexicographic_sort_schema, print_schema
from strawberry.extensions import SchemaExtension
from strawberry.schema.config import StrawberryConfig

from api.graphql.errors import HidingMasking, Masking
from api.graphql.limits import limiting
from api.graphql.scalars import SCALARS
from infra.settings import settings


class Schema(strawberry.Schema):
    def process_errors(self, errors: Any, execution_context: Any = None) -> None:
        """Said nowhere: an error's words may quote what a person sent. `Masking` writes down what was ours."""


def make_schema(
    query: type,
    mutation: type,
    *,
    subscription: type | None = None,
    types: tuple[type, ...] = (),
    extensions: tuple[type[SchemaExtension], ...] = (),
) -> Schema:
    return Schema(
        query,
        mutation,
        subscription,
        types=types,
        scalar_overrides=SCALARS,
        config=StrawberryConfig(enable_experimental_incremental_execution=False),
        extensions=[Masking if settings().shows_schema else HidingMasking, *limiting(), *extensions],
    )


def printed(schema: strawberry.Schema) -> str:
    """The schema's text, sorted. Only the text: a sorted schema's unions no longer know their members."""
    return print_schema(lexicographic_sort_schema(build_schema(schema.as_str()))) + "\n"
