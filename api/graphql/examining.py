"""Examining a document: parsed, weighed and validated, in a thread, since all this may take longer than others may wait."""

import asyncio
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any

import graphql
from graphql import DocumentNode, FieldNode, GraphQLError, GraphQLSchema, Node, specified_rules
from graphql.validation import ASTValidationRule, ValidationRule
from graphql.validation.rules import overlapping_fields_can_be_merged as overlapping
from strawberry.schema.base import BaseSchema
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule

from api.graphql.errors import CostExceeded
from api.graphql.inputs import RefuseMalformed, RefuseSeveral
from api.graphql.limits import refuse_heavy
from infra.settings import settings

LONG_WORD = re.compile(r"\w{40}")
MISTAKES_MAX = 20
# What the library says where a document has too many tokens, and where comparing its fields took too long.
BROKEN_OFF = "tokens. Parsing aborted."
ABORTED = "Validation aborted."

# The library compares fields of one name each with each, and breaks off here. A document within our limits spends less.
overlapping.MAX_COMPLEXITY_BUDGET = 10_000

# One at a time: the interpreter has one lock, and the loop is to have its share of it.
_thread = ThreadPoolExecutor(1, thread_name_prefix="examining")


class Mistaken(Exception):
    """The errors of a document or of its variables; they are the client's to mend."""

    def __init__(self, errors: Sequence[GraphQLError]) -> None:
        super().__init__()
        self.errors = list(errors)


def core_of(schema: BaseSchema) -> GraphQLSchema:
    core: GraphQLSchema = schema._schema  # type: ignore[attr-defined]
    return core


async def examine(core: GraphQLSchema, text: str, tokens_max: int) -> DocumentNode:
    """The document, which is valid. Raises CostExceeded, BadRequest or Mistaken."""
    here = copy_context()  # an error names its request
    return await asyncio.get_running_loop().run_in_executor(_thread, here.run, _examined, core, text, tokens_max)


def _examined(core: GraphQLSchema, text: str, tokens_max: int) -> DocumentNode:
    node = _parsed(text, tokens_max)
    refuse_heavy(node)
    _refuse_invalid(core, node, text)
    _forget_tokens(node)
    return node


def _forget_tokens(node: Node) -> None:
    """All tokens of a document hang together; its places in the text are known without them."""
    waiting = [node]
    while waiting:
        each = waiting.pop()
        if each.loc is not None:
            each.loc.start_token = each.loc.end_token = None  # type: ignore[assignment]
        for below in (getattr(each, key, None) for key in each.keys):
            waiting += [
                one for one in (below if isinstance(below, list | tuple) else (below,)) if isinstance(one, Node)
            ]


def _parsed(text: str, tokens_max: int) -> DocumentNode:
    try:
        return graphql.parse(text, max_tokens=tokens_max)
    except GraphQLError as error:
        if error.message.endswith(BROKEN_OFF):
            raise CostExceeded(f"A document has up to {tokens_max} tokens.") from None
        raise Mistaken([error]) from None


def _refuse_invalid(core: GraphQLSchema, node: DocumentNode, text: str) -> None:
    errors = _mistakes(core, node, max_errors=MISTAKES_MAX, hide_suggestions=True)
    if errors and errors[-1].message == ABORTED:
        raise CostExceeded
    if errors and settings().shows_schema and not LONG_WORD.search(text):
        # Suggestions take long to find, so only the first mistake gets them.
        errors[:1] = _mistakes(core, node, max_errors=1, hide_suggestions=False)[:1]
    if errors:
        raise Mistaken(errors)


def _mistakes(core: GraphQLSchema, node: DocumentNode, **how: Any) -> list[GraphQLError]:
    rules: list[type[ASTValidationRule]] = [
        *specified_rules,
        MaybeNullValidationRule,
        RefuseMalformed,
        RefuseSeveral,
    ]
    if not settings().shows_schema:
        rules.append(HideSchema)
    return graphql.validate(core, node, rules, **how)


class HideSchema(ValidationRule):
    """No introspection, for production."""

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        if node.name.value in {"__schema", "__type"}:
            self.report_error(GraphQLError("Introspection is off.", node))
