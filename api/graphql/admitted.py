"""What was admitted: a document that is valid, and the one operation of it that may run."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from graphql import DocumentNode, FieldNode, OperationDefinitionNode, VariableNode
from graphql.execution.values import VariableValues

from api.graphql.limits import COUNTED, cost_of
from api.graphql.operations import Fragments, fragments_of, operation_of, root_fields, selections_in

COSTS_KEPT_MAX = 100  # of one operation


@dataclass(frozen=True)
class Operation:
    """One of a document, and what is read of it once however often it is asked."""

    node: OperationDefinitionNode
    fragments: Fragments
    _costs: dict[tuple[object, ...], int] = field(default_factory=dict)

    @cached_property
    def asked(self) -> frozenset[str]:
        """The names of the fields that it begins with."""
        return frozenset(root_fields(self.node.selection_set, self.fragments))

    def cost(self, variables: Mapping[str, Any]) -> int:
        """How many fields the answer may have; the same for the same lengths of its lists."""
        lengths = tuple(_length(variables.get(name, self)) for name in self._counted)
        if lengths not in self._costs:
            if len(self._costs) >= COSTS_KEPT_MAX:
                self._costs.clear()
            self._costs[lengths] = cost_of(self.node, self.fragments, dict(variables))
        return self._costs[lengths]

    @cached_property
    def _counted(self) -> list[str]:
        """The variables that say how long a list is."""
        return sorted(set(_variables_that_count(self.node, self.fragments)))


def _length(value: object) -> object:
    return value if isinstance(value, int) else len(value) if isinstance(value, list) else type(value)


def _variables_that_count(node: OperationDefinitionNode, fragments: Fragments) -> Iterator[str]:
    for part in (node, *fragments.values()):
        for selection in selections_in(part.selection_set):
            for argument in selection.arguments or () if isinstance(selection, FieldNode) else ():
                if argument.name.value in COUNTED and isinstance(argument.value, VariableNode):
                    yield argument.value.name.value


class ValidDocument:
    """One that is valid, and how many tokens it has."""

    def __init__(self, node: DocumentNode, tokens: int) -> None:
        self.node = node
        self.tokens = tokens
        self._fragments = fragments_of(node)
        self._operations: dict[str | None, Operation] = {}

    def operation(self, name: str | None) -> Operation:
        """Raises BadRequest where it is none, or not clear which."""
        if name not in self._operations:
            self._operations[name] = Operation(operation_of(self.node, name), self._fragments)
        return self._operations[name]


class Admitted(NamedTuple):
    """An operation that may run, with its variables, its cost, and what was charged for it and them."""

    document: DocumentNode
    operation: Operation
    variables: VariableValues
    cost: int
    charge: int
