"""What a document may ask, weighed before it is validated: in linear time, each fragment once, whatever it hides behind."""

from collections import defaultdict
from collections.abc import Iterable
from itertools import chain
from typing import Any, NamedTuple

from graphql import (
    DocumentNode,
    FieldNode,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
)

from api.graphql.errors import BadRequest, CostExceeded
from api.graphql.operations import Fragments, defaults_of, fields_at, fragments_of
from infra.paging import FIRST_MAX, FIRST_USUAL
from infra.settings import settings

# One request, one attempt: aliases would let a guesser try a thousand codes at once.
SIGN_IN = frozenset({"requestPhoneCode", "signIn", "refreshSession"})
# The arguments that say how long a list is.
COUNTED = frozenset({"first", "ids"})
PAGE = frozenset({"edges", "nodes"})
# What looks through all products costs as many fields as take as long.
DEAR = {"search": 100, "sort": 20, "months": 20, "monthlyAtMost": 20}
OPERATIONS_MAX = 20
FRAGMENTS_MAX = 100
NESTING_MAX = 60  # of braces and fragments; what recurses over a document stays far from the end of the stack
SATURATED = 10**9


class QueryWeight(NamedTuple):
    """A selection set with its fragments opened: `depth` of fields, and how many of each there are."""

    depth: int = 0
    nesting: int = 0
    fields: int = 0
    aliases: int = 0
    signing_in: int = 0

    def beside(self, other: "QueryWeight") -> "QueryWeight":
        return QueryWeight(
            depth=max(self.depth, other.depth),
            nesting=max(self.nesting, other.nesting),
            fields=min(self.fields + other.fields, SATURATED),
            aliases=min(self.aliases + other.aliases, SATURATED),
            signing_in=min(self.signing_in + other.signing_in, SATURATED),
        )


def refuse_heavy(document: DocumentNode) -> None:
    """Raises CostExceeded or BadRequest for a document that would take long to validate or to run."""
    limits = settings().request_limits
    fragments = fragments_of(document)
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    if len(operations) > OPERATIONS_MAX or len(fragments) > FRAGMENTS_MAX:
        raise CostExceeded(f"This has more than {OPERATIONS_MAX} operations or {FRAGMENTS_MAX} fragments.")
    scales = Scales(fragments)
    opened = [scales.of_fragment(name) for name in fragments]
    weights = [scales.of(operation.selection_set) for operation in operations]
    if max((weight.nesting for weight in [*weights, *opened]), default=0) > NESTING_MAX:
        raise CostExceeded(f"This is nested deeper than {NESTING_MAX} levels.")
    for weight in weights:
        _refuse_above(weight)
    # A fragment that nothing opens is validated too.
    if max(sum(weight.fields for weight in weights), *(weight.fields for weight in opened), 0) > limits.fields:
        raise CostExceeded(f"This asks for more than {limits.fields} fields.")
    for operation in operations:
        _refuse_namesakes([operation.selection_set], fragments)


def _refuse_above(weight: QueryWeight) -> None:
    limits = settings().request_limits
    if weight.depth > limits.depth:
        raise CostExceeded(f"This goes deeper than {limits.depth} levels.")
    if weight.aliases > limits.aliases:
        raise CostExceeded(f"This uses more than {limits.aliases} aliases.")
    if weight.signing_in > 1:
        raise CostExceeded("Sign in with one mutation in a request.")


def _refuse_namesakes(merged: Iterable[SelectionSetNode], fragments: Fragments) -> None:
    """Fields of one name in one place are compared each with each, by validation."""
    most = settings().request_limits.namesakes
    by_name: defaultdict[str, list[SelectionSetNode]] = defaultdict(list)
    times: defaultdict[str, int] = defaultdict(int)
    for field in chain.from_iterable(fields_at(selections, fragments) for selections in merged):
        name = field.alias.value if field.alias else field.name.value
        times[name] += 1
        if times[name] > most:
            raise CostExceeded(f"This asks for one name more than {most} times in one place.")
        if field.selection_set:
            by_name[name].append(field.selection_set)
    for below in by_name.values():
        _refuse_namesakes(below, fragments)


class Scales:
    """Weighs each fragment once, so that fragments within fragments stay cheap."""

    def __init__(self, fragments: Fragments) -> None:
        self._fragments = fragments
        self._weights: dict[str, QueryWeight] = {}
        self._opening: set[str] = set()

    def of(self, selections: SelectionSetNode | None, level: int = 0) -> QueryWeight:
        if level > NESTING_MAX:
            raise CostExceeded(f"This is nested deeper than {NESTING_MAX} levels.")
        weight = QueryWeight()
        for selection in selections.selections if selections else ():
            weight = weight.beside(self._of_one(selection, level))
        return weight

    def _of_one(self, selection: Any, level: int) -> QueryWeight:
        match selection:
            case FieldNode():
                return self._of_field(selection, self.of(selection.selection_set, level + 1))
            case InlineFragmentNode():
                inner = self.of(selection.selection_set, level + 1)
            case _:
                inner = self.of_fragment(selection.name.value, level + 1)
        return QueryWeight(inner.depth, inner.nesting + 1, inner.fields + 1, inner.aliases, inner.signing_in)

    def _of_field(self, field: FieldNode, below: QueryWeight) -> QueryWeight:
        return QueryWeight(
            # The schema's own types nest deeply in every introspection, and are static.
            depth=0 if field.name.value.startswith("__") else 1 + below.depth,
            nesting=below.nesting + 1,
            fields=below.fields + 1,
            aliases=below.aliases + (field.alias is not None),
            signing_in=int(field.name.value in SIGN_IN),
        )

    def of_fragment(self, name: str, level: int = 0) -> QueryWeight:
        """Raises BadRequest where the fragment opens itself. One that is not there weighs nothing: validation tells."""
        if name in self._opening:
            raise BadRequest("A fragment of this document opens itself.")
        if name not in self._weights:
            self._opening.add(name)
            fragment = self._fragments.get(name)
            self._weights[name] = self.of(fragment.selection_set, level) if fragment else QueryWeight()
            self._opening.discard(name)
        return self._weights[name]


def cost_of(operation: OperationDefinitionNode, fragments: Fragments, variables: dict[str, Any]) -> int:
    """How many fields the answer may have, at the most, counting 20 for a list whose length nobody said."""
    return Prices(fragments, {**defaults_of(operation), **variables}).of(operation.selection_set)


def _page_length(value: object) -> int:
    """As long as the page may be. Whatever else may yet be read as a number, as 100.0 is, costs what the longest does."""
    if value is None:
        return FIRST_USUAL
    return max(1, min(value, FIRST_MAX)) if isinstance(value, int) else FIRST_MAX


class Prices:
    """One a field and more for dear arguments, times the length of every list around it; each fragment is priced once."""

    def __init__(self, fragments: Fragments, variables: dict[str, Any]) -> None:
        self._fragments = fragments
        self._variables = variables
        self._prices: dict[str, int] = {}

    def of(self, selections: SelectionSetNode | None) -> int:
        return sum(self._of_one(selection) for selection in (selections.selections if selections else ()))

    def _of_one(self, selection: Any) -> int:
        match selection:
            case FieldNode():
                own = 1 + sum(DEAR.get(argument.name.value, 0) for argument in selection.arguments or ())
                return own + self.of(selection.selection_set) * self._length(selection)
            case InlineFragmentNode():
                return self.of(selection.selection_set)
        return self._of_fragment(selection.name.value)

    def _of_fragment(self, name: str) -> int:
        if name not in self._prices:
            fragment = self._fragments.get(name)
            self._prices[name] = self.of(fragment.selection_set) if fragment else 0
        return self._prices[name]

    def _length(self, field: FieldNode) -> int:
        given = {argument.name.value: argument.value for argument in field.arguments or ()}
        if "ids" in given:
            return max(1, min(self._count(given["ids"]), FIRST_MAX))
        match given.get("first"):
            case IntValueNode(value=digits):
                # Digits without end would take long to read; so many are more than a page anyway.
                return max(1, min(int(digits[:9]), FIRST_MAX))
            case VariableNode(name=name):
                return _page_length(self._variables.get(name.value))
        if field.selection_set is None:
            return 1
        is_page = any(below.name.value in PAGE for below in fields_at(field.selection_set, self._fragments))
        return FIRST_USUAL if is_page else 1

    def _count(self, given: ValueNode) -> int:
        """How many values a list has; a value that stands alone is a list of one."""
        value = self._variables.get(given.name.value) if isinstance(given, VariableNode) else given
        values = value.values if isinstance(value, ListValueNode) else value
        return len(values) if isinstance(values, list | tuple) else 1
