"""Reading a document before it runs: which operation is meant, and what it asks for first."""

from collections.abc import AsyncIterator
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    value_from_ast_untyped,
)
from strawberry.extensions import SchemaExtension

from api.graphql.errors import BadRequest

Fragments = dict[str, FragmentDefinitionNode]


def fragments_of(document: DocumentNode) -> Fragments:
    return {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}


def operation_of(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    """The one of this name, or the only one; validation has made sure that there is one."""
    return next(
        node
        for node in document.definitions
        if isinstance(node, OperationDefinitionNode) and (name is None or _name(node) == name)
    )


def _name(node: OperationDefinitionNode) -> str | None:
    return node.name.value if node.name else None


def defaults_of(operation: OperationDefinitionNode) -> dict[str, Any]:
    """What the operation says for the variables that nobody gives."""
    return {
        definition.variable.name.value: value_from_ast_untyped(definition.default_value)
        for definition in operation.variable_definitions or ()
        if definition.default_value is not None
    }


def root_fields(selections: SelectionSetNode | None, fragments: Fragments) -> set[str]:
    """The names of the fields at this level, whatever aliases and fragments they are asked through."""
    found: set[str] = set()
    for selection in selections.selections if selections else ():
        match selection:
            case FieldNode():
                found.add(selection.name.value)
            case InlineFragmentNode():
                found |= root_fields(selection.selection_set, fragments)
            case FragmentSpreadNode():
                found |= root_fields(fragments[selection.name.value].selection_set, fragments)
    return found


class OneOperation(SchemaExtension):
    """A document of several operations must come with the name of one; the library would quietly take the first."""

    async def on_execute(self) -> AsyncIterator[None]:
        document = self.execution_context.graphql_document
        assert document is not None
        operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
        if len(operations) > 1 and self.execution_context._provided_operation_name is None:
            raise BadRequest("Say with operationName which of these operations is meant.")
        yield
