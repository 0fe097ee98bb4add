"""Which operations answer tokens and codes, whose answers are never compressed."""

from graphql import OperationDefinitionNode, OperationType

# Fields whose value opens something: whoever reads it may sign in, redeem or answer with it.
FIELDS = frozenset({"accessToken", "refreshToken", "deviceToken", "token", "voucher"})


def are_none(operation: OperationDefinitionNode, text: str) -> bool:
    """Only a query can be without; and it is, where its document nowhere names such a field."""
    return operation.operation is OperationType.QUERY and not any(name in text for name in FIELDS)
