"""Reading a document before it runs: which operation is meant, and what it asks for first."""

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

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


def root_fields(selections: SelectionSetNode | None, fragments: Fragments) -> set[str]:
    """The names of the fields at the root, whatever aliases and fragments they are asked through."""
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
