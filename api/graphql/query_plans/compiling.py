"""Compiling a plan: the fields are collected as graphql-core collects them, once, and each becomes one function."""

from collections.abc import Iterator, Mapping
from typing import Any

from graphql import (
    DirectiveNode,
    GraphQLInt,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    OperationType,
    VariableNode,
    get_nullable_type,
    is_abstract_type,
    is_enum_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_object_type,
)
from graphql.execution.collect_fields import FieldDetailsList, FragmentDetails, collect_fields, collect_subfields
from graphql.execution.values import VariableValues
from strawberry import Schema

from api.graphql.admitted import Operation
from api.graphql.operations import selections_in
from api.graphql.query_plans import values
from api.graphql.query_plans.runs import AskedField, Finish, PlanRun, Unplanned
from api.graphql.query_plans.steps import step_of
from api.graphql.query_plans.values import Step

FIELDS_MAX = 1_000  # of one plan, each counted for every type that it is planned for
CONDITIONS = frozenset({"skip", "include"})


class QueryPlan:
    """Answers one operation of one document, for one choice of its @skip and @include. Raises Unplanned where that cannot be.

    `booleans`: the variables that they ask for.
    """

    def __init__(self, schema: Schema, operation: Operation, booleans: Mapping[str, Any]) -> None:
        _refuse_unknown(schema, operation)
        self._schema = schema
        self._operation = operation
        self._compiler = Compiler(schema._schema, operation, VariableValues({}, dict(booleans)))
        self._begin = self._compiler.begin()
        self.failures = 0  # in a row
        self.rests = 0  # how many requests graphql-core answers before it is tried again

    @property
    def fields(self) -> int:
        """What it takes in memory, roughly; it grows with the types that are met."""
        return self._compiler.fields

    async def answer(self, variables: VariableValues, context: Any, root: Any) -> dict[str, Any]:
        """The `data`. Raises where there is any error to tell: then graphql-core tells it."""
        return await PlanRun(self._schema, self._operation, variables, context, root).answer(self._begin)


def conditions_of(operation: Operation) -> tuple[str, ...]:
    """The variables by which fields are left out or not."""
    arguments = [argument for directive in _directives(operation) for argument in directive.arguments or ()]
    return tuple(sorted({each.value.name.value for each in arguments if isinstance(each.value, VariableNode)}))


def _directives(operation: Operation) -> Iterator[DirectiveNode]:
    for part in (operation.node, *operation.fragments.values()):
        for selection in selections_in(part.selection_set):
            yield from selection.directives or ()


def _refuse_unknown(schema: Schema, operation: Operation) -> None:
    if operation.node.operation is not OperationType.QUERY:
        raise Unplanned("no query")
    if schema.directives or any(each._implements_resolve() for each in schema.get_extensions()):
        raise Unplanned("something stands around every field")
    if operation.node.directives or any(each.name.value not in CONDITIONS for each in _directives(operation)):
        raise Unplanned("another directive")


class Compiler:
    """Compiles one plan. It is kept with it, since the members of an abstract type are compiled when they are first met."""

    def __init__(self, core: GraphQLSchema, operation: Operation, booleans: VariableValues) -> None:
        self._core = core
        self._operation = operation
        self._booleans = booleans
        self._fragments = {name: FragmentDetails(each) for name, each in operation.fragments.items()}
        self.fields = 0

    def begin(self) -> Finish:
        root = self._core.query_type
        assert root is not None
        collected = collect_fields(self._core, self._fragments, self._booleans, root, self._operation.node)
        steps = [self._step(root, key, details) for key, details in collected.grouped_field_set.items()]

        def begin(source: Any, run: PlanRun) -> dict[str, Any]:
            answer: dict[str, Any] = {}
            for step in steps:
                step(source, answer, run)
            return answer

        return begin

    def _step(self, parent: GraphQLObjectType, key: str, details: FieldDetailsList) -> Step:
        self.fields += 1
        if self.fields > FIELDS_MAX:
            raise Unplanned("too many fields")
        name = details[0].node.name.value
        if name == "__typename":
            return _constant(key, parent.name)
        definition = self._core.get_field(parent, name)
        if definition is None or name.startswith("__"):
            raise Unplanned("a question about the schema")
        asked = AskedField(definition, details, parent)
        as_is = values.AS_IS.get(get_nullable_type(definition.type))
        return step_of(key, asked, self._finish(definition.type, asked), as_is)

    def _finish(self, type_: GraphQLOutputType, asked: AskedField) -> Finish:
        inner, is_nullable = (type_.of_type, False) if is_non_null_type(type_) else (type_, True)
        if is_list_type(inner):
            return values.listing(self._finish(inner.of_type, asked), is_nullable)
        if is_enum_type(inner):
            return values.choice(inner, is_nullable)
        if inner is GraphQLInt:
            return values.whole_number(is_nullable)
        if is_leaf_type(inner):
            return values.leaf(inner, is_nullable)
        if is_abstract_type(inner):
            return values.abstract(inner, lambda name: self._member(inner, name, asked), asked, is_nullable)
        if is_object_type(inner):
            return values.composite(inner, self._steps(inner, asked), asked, is_nullable)
        raise Unplanned("another kind of type")

    def _member(self, abstract: Any, name: str, asked: AskedField) -> Finish:
        type_ = self._core.get_type(name)
        if not is_object_type(type_) or not self._core.is_sub_type(abstract, type_):
            raise Unplanned("an object of a type that may not stand here")
        return values.composite(type_, self._steps(type_, asked), asked, is_nullable=False)

    def _steps(self, type_: GraphQLObjectType, asked: AskedField) -> list[Step]:
        collected = collect_subfields(
            self._core, self._fragments, self._booleans, self._operation.node, type_, asked.details
        )
        return [self._step(type_, key, details) for key, details in collected.grouped_field_set.items()]


def _constant(key: str, text: str) -> Step:
    def step(source: Any, answer: dict[str, Any], run: PlanRun) -> None:
        answer[key] = text

    return step
