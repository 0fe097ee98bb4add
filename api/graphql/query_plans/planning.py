"""Answers a query by its plan where there is one; whatever the plan cannot tell, graphql-core answers as ever."""

from collections.abc import AsyncIterator
from typing import Any

from graphql import ExecutionResult
from prometheus_client import Counter
from strawberry.extensions import SchemaExtension

from api.graphql.admitted import Admitted
from api.graphql.query_plans import keeping
from api.graphql.query_plans.runs import Unplanned

# A plan that failed so often in a row is left alone for so many requests: errors then cost a tenth more. A plan that others are
# answered by does not rest, so nobody slows them down by asking for something wrong.
FAILURES_MAX = 3
RESTS = 10
EXECUTED = Counter(
    "longan_operations_total", "Operations by who executed them, and why that was graphql-core", ["by", "why"]
)


class Planning(SchemaExtension):
    """Comes last, after all extensions that ask who may."""

    async def on_execute(self) -> AsyncIterator[None]:
        if self.execution_context.result is None:
            data = await self._planned()
            if data is not None:
                self.execution_context.result = ExecutionResult(data, None)
        yield

    async def _planned(self) -> dict[str, Any] | None:
        execution = self.execution_context
        admitted: Admitted = execution.context.admitted
        try:
            plan = keeping.plans.find(execution.schema, admitted)
            if plan.rests > 0:
                plan.rests -= 1
                raise Unplanned("resting")
        except Unplanned as error:
            EXECUTED.labels("graphql-core", str(error)).inc()
            return None
        try:
            data = await plan.answer(admitted.variables, execution.context, execution.root_value)
        except Exception:
            # Nothing of it has been told. graphql-core runs into the same, and tells it with its place.
            plan.failures += 1
            plan.rests = RESTS if plan.failures >= FAILURES_MAX else 0
            EXECUTED.labels("graphql-core", "failed").inc()
            return None
        plan.failures = 0
        EXECUTED.labels("plan", "").inc()
        return data
