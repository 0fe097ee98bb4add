"""What was admitted: a document that is valid, and the one operation of it that may run."""

from typing import NamedTuple

from graphql import DocumentNode, OperationDefinitionNode
from graphql.execution.values import VariableValues


class Document(NamedTuple):
    """One that is valid, and how many tokens it has."""

    node: DocumentNode
    tokens: int


class Admitted(NamedTuple):
    """An operation that may run, with its variables, and the cost that was charged for it."""

    document: DocumentNode
    operation: OperationDefinitionNode
    variables: VariableValues
    cost: int
