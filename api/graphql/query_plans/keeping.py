"""The plans of this process: compiled for what is asked repeatedly, and kept up to a number of fields in all."""

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

from graphql import GraphQLError
from strawberry import Schema

from api.graphql.admitted import Admitted
from api.graphql.query_plans.compiling import QueryPlan, conditions_of
from api.graphql.query_plans.runs import Unplanned

SEEN_MIN = 3  # compiling takes as long as running a few times, so a document that comes once is not worth it
SEEN_MAX = 2_000  # operations whose times are counted
VARIANTS_MAX = 8  # of one operation, by its @skip and @include
FIELDS_KEPT_MAX = 10_000  # of all plans; one takes about a kilobyte
LETTERS_A_FIELD = 10  # a plan keeps its document, which takes as much for so many letters

Booleans = tuple[Any, ...]


@dataclass
class Planned:
    """The plans of one operation; None for a choice of its conditions that cannot be planned."""

    admitted: Admitted  # kept so that its operation's identity stays its own
    conditions: tuple[str, ...]
    variants: dict[Booleans, QueryPlan | None] = field(default_factory=dict)

    @property
    def fields(self) -> int:
        location = self.admitted.document.loc
        letters = len(location.source.body) if location else 0
        return letters // LETTERS_A_FIELD + sum(plan.fields for plan in self.variants.values() if plan)


class Plans:
    def __init__(self) -> None:
        self._seen: OrderedDict[int, int] = OrderedDict()
        self._planned: OrderedDict[int, Planned] = OrderedDict()

    def find(self, schema: Schema, admitted: Admitted) -> QueryPlan:
        """Raises Unplanned, and why, where graphql-core is to answer."""
        key = id(admitted.operation.node)
        planned = self._planned.get(key)
        if planned is None:
            if self._times_seen(key) < SEEN_MIN:
                raise Unplanned("seldom")
            planned = Planned(admitted, conditions_of(admitted.operation))
            self._planned[key] = planned
        self._planned.move_to_end(key)
        plan = self._variant(schema, planned, admitted)
        if plan is None:
            raise Unplanned("refused")
        return plan

    def _times_seen(self, key: int) -> int:
        times = self._seen[key] = self._seen.pop(key, 0) + 1
        while len(self._seen) > SEEN_MAX:
            self._seen.popitem(last=False)
        return times

    def _variant(self, schema: Schema, planned: Planned, admitted: Admitted) -> QueryPlan | None:
        given = admitted.variables.coerced
        booleans = tuple(given.get(name) for name in planned.conditions)
        if booleans not in planned.variants:
            if len(planned.variants) >= VARIANTS_MAX:
                return None
            planned.variants[booleans] = _compiled(schema, admitted, planned.conditions)
            self._forget_oldest()
        return planned.variants[booleans]

    def _forget_oldest(self) -> None:
        while len(self._planned) > 1 and sum(each.fields for each in self._planned.values()) > FIELDS_KEPT_MAX:
            self._planned.popitem(last=False)


def _compiled(schema: Schema, admitted: Admitted, conditions: tuple[str, ...]) -> QueryPlan | None:
    given = admitted.variables.coerced
    booleans = {name: given[name] for name in conditions if name in given}
    try:
        return QueryPlan(schema, admitted.operation, booleans)
    except (Unplanned, GraphQLError):
        return None


plans = Plans()
