"""One query asked both ways, by graphql-core and by a plan, and everything that came of it."""

from typing import NamedTuple

import orjson
from graphql import parse
from graphql.execution.values import get_variable_values

from api.graphql.admitted import Admitted, ValidDocument
from api.graphql.context import Context
from api.graphql.query_plans import keeping, planning
from api.graphql.schemas import Schema
from tests.api.graphql.query_plans.documents import Query
from tests.statements import statements


class Told(NamedTuple):
    answer: bytes  # its errors sorted
    sent: list[str]  # statements
    by: str  # `plan`, or why it was graphql-core


async def ask_core(schema: Schema, query: Query, context: Context) -> Told:
    return await _ask(schema, query, context, seen_min=10**9)


async def ask_plan(schema: Schema, query: Query, context: Context) -> Told:
    """By a plan that is compiled at once, where there can be one."""
    return await _ask(schema, query, context, seen_min=0)


async def _ask(schema: Schema, query: Query, context: Context, seen_min: int) -> Told:
    document = ValidDocument(parse(query.text), 0)
    operation = document.operation(None)
    values = get_variable_values(schema._schema, operation.node.variable_definitions or (), query.variables)
    assert not isinstance(values, list), values
    context.admitted = Admitted(document.node, operation, values, 0, 0)
    before, plans = keeping.SEEN_MIN, keeping.plans
    keeping.SEEN_MIN, keeping.plans = seen_min, keeping.Plans()
    counted = counts()
    try:
        with statements() as sent:
            result = await schema.execute(query.text, variable_values=query.variables, context_value=context)
    finally:
        keeping.SEEN_MIN, keeping.plans = before, plans
    (by,) = [key for key, count in counts().items() if count > counted.get(key, 0)] or ["nobody"]
    errors = sorted((each.formatted for each in result.errors or ()), key=orjson.dumps)
    told = {"data": result.data, "errors": errors}
    return Told(orjson.dumps(told), sent, by)


def counts() -> dict[str, float]:
    """How often each way was taken so far."""
    (family,) = planning.EXECUTED.collect()
    return {
        each.labels["why"] or each.labels["by"]: each.value for each in family.samples if each.name.endswith("_total")
    }
