"""Reading a document before it runs: which operation is meant, and what it asks for first."""

from collections.abc import Iterator
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    value_from_ast_untyped,
)

from api.graphql.errors import BadRequest

Fragments = dict[str, FragmentDefinitionNode]


def fragments_of(document: DocumentNode) -> Fragments:
    return {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}


def operation_of(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    """The one of this name, or the only one. Raises BadRequest where that is none, or not clear."""
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    meant = [node for node in operations if name is None or _name(node) == name]
    if not operations:
        raise BadRequest("This document has no operation.")
    if not meant:
        raise BadRequest("There is no operation of this name.")
    if len(meant) > 1:
        raise BadRequest("Say with operationName which of these operations is meant.")
    return meant[0]


def _name(node: OperationDefinitionNode) -> str | None:
    return node.name.value if node.name else None


def defaults_of(operation: OperationDefinitionNode) -> dict[str, Any]:
    """What the operation says for the variables that nobody gives."""
    return {
        definition.variable.name.value: value_from_ast_untyped(definition.default_value)
        for definition in operation.variable_definitions or ()
        if definition.default_value is not None
    }


def selections_in(selections: SelectionSetNode) -> Iterator[SelectionNode]:
    """All of them, however deep; fragments are not opened."""
    waiting = [selections]
    while waiting:
        for selection in waiting.pop().selections:
            yield selection
            below: SelectionSetNode | None = getattr(selection, "selection_set", None)
            if below is not None:
                waiting.append(below)


def root_fields(selections: SelectionSetNode | None, fragments: Fragments) -> set[str]:
    """The names of the fields at this level, whatever aliases and fragments they are asked through."""
    return {field.name.value for field in fields_at(selections, fragments)}


def fields_at(selections: SelectionSetNode | None, fragments: Fragments) -> Iterator[FieldNode]:
    """The fields at this level, with fragments opened each time that they are spread. Their circles must have been refused."""
    waiting = [selections] if selections else []
    while waiting:
        for selection in waiting.pop().selections:
            match selection:
                case FieldNode():
                    yield selection
                case InlineFragmentNode():
                    waiting.append(selection.selection_set)
                case FragmentSpreadNode() if selection.name.value in fragments:
                    waiting.append(fragments[selection.name.value].selection_set)
