"""Making a schema: one way for all three doors."""

from functools import cache
from typing import Any

import strawberry
from graphql import build_schema, lexicographic_sort_schema, print_schema
from strawberry.extensions import SchemaExtension
from strawberry.schema.config import StrawberryConfig

from api.graphql.admitting import RunAdmitted
from api.graphql.errors import Masking, public
from api.graphql.inputs import make_lenient
from api.graphql.introspecting import Introspecting
from api.graphql.query_plans.planning import Planning
from api.graphql.scalars import SCALARS


class Schema(strawberry.Schema):
    def process_errors(self, errors: Any, execution_context: Any = None) -> None:
        """Logged nowhere, since an error's words may quote what a person sent; told as `Masking` tells.

        What fails before an operation begins comes by here alone: a syntax error, or what an extension raises.
        """
        errors[:] = [public(error, execution_context.context.locale) for error in errors]


def make_schema(
    query: type,
    mutation: type,
    *,
    subscription: type | None = None,
    types: tuple[type, ...] = (),
    extensions: tuple[type[SchemaExtension], ...] = (),
) -> Schema:
    schema = Schema(
        query,
        mutation,
        subscription,
        types=types,
        scalar_overrides=SCALARS,
        config=StrawberryConfig(enable_experimental_incremental_execution=False),
        extensions=[Masking, RunAdmitted, *extensions, Introspecting, Planning],
    )
    make_lenient(schema._schema)
    return schema


@cache
def printed(schema: strawberry.Schema) -> str:
    """The schema's text, sorted. Only the text: a sorted schema's unions no longer know their members."""
    return print_schema(lexicographic_sort_schema(build_schema(schema.as_str()))) + "\n"
