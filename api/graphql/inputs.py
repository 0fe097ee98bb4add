"""Inputs: every value of a mutation is checked before it runs, and everything that is wrong is told at once, with its place.

The library would stop at the first malformed value, with a top-level error. Here scalars, and inputs that take one field alone, read
what they cannot understand as Malformed: in a mutation's arguments it becomes the member `Refused` of its union, anywhere else
BAD_REQUEST before anything runs.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import graphql
from graphql import (
    DirectiveNode,
    FieldNode,
    GraphQLEnumType,
    GraphQLError,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLNamedType,
    GraphQLScalarType,
    GraphQLSchema,
    ListValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    OperationType,
    VariableNode,
    Visitor,
)
from graphql.utilities import coerce_input_literal
from graphql.validation import ValidationContext, ValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from api.graphql.context import Context
from api.graphql.errors import BadRequest
from api.graphql.operations import Fragments, fields_at
from api.graphql.refusals import Refused
from api.graphql.requiring import permission_of
from domain.actors import may
from infra.errors import Refusal, invalid, together
from infra.receipts import check_key
from infra.words import N_, say

NEVER_KEPT = re.compile("[\0\ud800-\udfff]")  # NUL, and half a character
CHECK = "check"  # the key in an input field's metadata: a function that refuses what the field cannot be
Path = tuple[str, ...]
Check = Callable[[Any], object]

SENTENCES: Mapping[str, str] = {
    "Boolean": N_("Enter true or false."),
    "Date": N_("A date is written as 2000-12-31."),
    "DateTime": N_("A time is written with its zone, as 2000-12-31T08:00:00Z."),
    "Decimal": N_("A decimal number is written in plain digits, as 1234.50."),
    "Float": N_("Enter a number."),
    "ID": N_("This is not an id."),
    "Int": N_("Enter a whole number of up to nine digits."),
    "String": N_("This text has characters that cannot be stored."),
    "URL": N_("This is not an address."),
}
ID_MAX = 500
ANY_CHOICE = N_("This is not one of the choices.")
ONE_ALONE = N_("Give exactly one of these fields, and not null.")


class MalformedValue:
    """A value that its type cannot understand. What was sent is not kept."""

    def __init__(self, sentence: str) -> None:
        self.sentence = sentence


def make_lenient(schema: GraphQLSchema) -> None:
    """Let the schema's types read what they cannot understand as Malformed, and its mutations refuse that."""
    for named in schema.type_map.values():
        if is_one_alone(named):
            named.out_type = _one_alone  # type: ignore[attr-defined]
        if isinstance(named, GraphQLScalarType | GraphQLEnumType) and not hasattr(named, "is_lenient"):
            _make_lenient(named)
    for field in schema.mutation_type.fields.values() if schema.mutation_type else ():
        field.resolve = _guarded(field)


def is_one_alone(type_: GraphQLNamedType | None) -> bool:
    """Whether it is an input of which exactly one field is given, `@oneOf`."""
    definition = type_.extensions.get("strawberry-definition") if type_ else None
    return isinstance(type_, GraphQLInputObjectType) and definition is not None and definition.is_one_of


def _one_alone(value: dict[str, Any]) -> dict[str, Any] | MalformedValue:
    return value if len(value) == 1 and None not in value.values() else MalformedValue(ONE_ALONE)


def _make_lenient(leaf: Any) -> None:
    # The library's own scalars are shared by all schemas.
    leaf.is_lenient = True
    for name in ("coerce_input_value", "parse_value", "coerce_input_literal", "parse_literal"):
        coerce = getattr(leaf, name, None)
        if coerce is not None:
            setattr(leaf, name, _lenient(leaf.name, coerce))


def _lenient(kind: str, coerce: Callable[..., Any]) -> Callable[..., Any]:
    sentence = SENTENCES.get(kind, ANY_CHOICE)

    def coerced(value: Any, *rest: Any) -> Any:
        try:
            found = coerce(value, *rest)
        except Exception:
            return MalformedValue(sentence)
        return found if found is not graphql.Undefined and _can_be_kept(kind, found) else MalformedValue(sentence)

    return coerced


def _can_be_kept(kind: str, value: Any) -> bool:
    """Postgres keeps no NUL, and what is half a character cannot be encoded."""
    if not isinstance(value, str):
        return True
    if kind == "ID":
        return value.isprintable()
    return NEVER_KEPT.search(value) is None


def _guarded(field: GraphQLField) -> Callable[..., Any]:
    resolve = field.resolve
    assert resolve is not None
    permission = permission_of(field.extensions["strawberry-definition"])

    def guarded(source: Any, info: Any, **arguments: Any) -> Any:
        asker: Context = info.context
        faults = [
            fault for name, value in arguments.items() for fault in faults_in(value, field.args[name].type, (name,))
        ]
        # Whoever may not do this at all is told that first, by the field itself.
        if faults and (permission is None or may(asker.actor, permission)):
            return Refused.of(together(faults), asker.locale)
        return resolve(source, info, **arguments)

    return guarded


def faults_in(value: Any, type_: Any, path: Path) -> Iterator[Refusal]:
    """Everything that is wrong with a value, each with its place."""
    named = graphql.get_named_type(type_)
    if isinstance(value, MalformedValue):
        yield invalid(value.sentence, path)
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from faults_in(each, named, (*path, str(index)))
    elif isinstance(value, dict) and isinstance(named, GraphQLInputObjectType):
        yield from _faults_of_object(value, named, path)


def _faults_of_object(value: dict[str, Any], type_: GraphQLInputObjectType, path: Path) -> Iterator[Refusal]:
    if check := _check_of_type(type_):
        yield from _refused(check, value, path)
        return
    for name, field in type_.fields.items():
        inner = value.get(name)
        found = [*faults_in(inner, field.type, (*path, name)), *_odd_ids(inner, field.type, (*path, name))]
        yield from found
        if not found and inner is not None:
            yield from _refused(_check_of(name, field), inner, (*path, name))


def _odd_ids(value: Any, type_: Any, path: Path) -> Iterator[Refusal]:
    """What no id of ours looks like. It is a fault of an input alone: to look for it by `node` is no mistake, and finds nothing."""
    if graphql.get_named_type(type_).name != "ID":
        return
    for each in value if isinstance(value, list) else [value]:
        if isinstance(each, str) and not (len(each) <= ID_MAX and each.isascii()):
            yield invalid(SENTENCES["ID"], path)


def _refused(check: Check | None, value: Any, path: Path) -> Iterator[Refusal]:
    try:
        if check is not None:
            check(value)
    except Refusal as refusal:
        refusal.field = path
        yield refusal


def _check_of(name: str, field: Any) -> Check | None:
    if name == "idempotencyKey":
        return check_key
    definition = field.extensions.get("strawberry-definition")
    check: Check | None = definition.metadata.get(CHECK) if definition is not None else None
    return check


def _check_of_type(type_: GraphQLNamedType) -> Check | None:
    """A class of inputs whose fields are one thing together, as an amount and its currency, has a `check` of its own."""
    definition = type_.extensions.get("strawberry-definition")
    check: Check | None = getattr(definition.origin, "check", None) if definition is not None else None
    return check


class RefuseMalformed(ValidationRule):
    """A literal that its type cannot understand is a mistake of the document, unless it stands in a mutation's own arguments."""

    def enter_int_value(self, node: Any, _key: Any, _parent: Any, _path: Any, ancestors: list[Any]) -> None:
        # Within a list the type is already its items'.
        is_list = isinstance(node, ListValueNode)
        here = self.context.get_parent_input_type() if is_list else self.context.get_input_type()
        type_ = graphql.get_nullable_type(here)
        if graphql.is_leaf_type(type_) and not _is_mutations(self.context, ancestors):
            self._report(faults_in(coerce_input_literal(node, type_), type_, ()), node)

    enter_float_value = enter_string_value = enter_boolean_value = enter_int_value
    enter_enum_value = enter_list_value = enter_object_value = enter_int_value

    def _report(self, faults: Iterator[Refusal], node: Any) -> None:
        for fault in faults:
            self.report_error(GraphQLError(say(fault.message, "en"), node))


class RefuseSeveral(OneOfInputValidationRule):
    """A literal of several fields, of which one alone may be given, is a mistake of the document there too, and only there."""

    def enter_object_value(self, node: ObjectValueNode, *where: Any) -> None:
        if not _is_mutations(self.context, where[-1]):
            super().enter_object_value(node, *where)


def _is_mutations(context: ValidationContext, ancestors: list[Any]) -> bool:
    owner = next((each for each in reversed(ancestors) if isinstance(each, FieldNode | DirectiveNode)), None)
    mutation = context.schema.mutation_type
    return isinstance(owner, FieldNode) and mutation is not None and context.get_parent_type() is mutation


def refuse_malformed(
    operation: OperationDefinitionNode,
    fragments: Fragments,
    schema: GraphQLSchema,
    variables: Mapping[str, Any],
    asker: Context,
) -> None:
    """Raises BadRequest for a malformed variable, unless a mutation's own arguments alone use it: those tell it themselves."""
    for definition in operation.variable_definitions or ():
        name = definition.variable.name.value
        type_ = graphql.type_from_ast(schema, definition.type)
        for fault in faults_in(variables.get(name), type_, (name,)):
            if operation.operation is not OperationType.MUTATION or name in _used_below(operation, fragments):
                raise BadRequest(f"${'.'.join(fault.field or ())}: {say(fault.message, asker.locale, **fault.values)}")


def _used_below(operation: OperationDefinitionNode, fragments: Fragments) -> set[str]:
    """The variables that stand elsewhere than in the arguments of the fields that a mutation begins with."""
    collect = _Variables()
    for field in fields_at(operation.selection_set, fragments):
        for part in (field.selection_set, *(field.directives or ())):
            if part is not None:
                graphql.visit(part, collect)
    for node in (*fragments.values(), *(operation.directives or ())):
        graphql.visit(node, collect)
    return collect.names


class _Variables(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def enter_variable(self, node: VariableNode, *_: Any) -> None:
        self.names.add(node.name.value)
