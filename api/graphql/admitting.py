"""Admitting an operation: its document charged and examined, its cost weighed and charged, before anything runs."""

import re
from collections import OrderedDict
from collections.abc import Iterator
from typing import Any

from graphql import GraphQLError
from graphql.execution.values import VariableValues, get_variable_values
from strawberry.extensions import SchemaExtension
from strawberry.schema.base import BaseSchema

from api.graphql import documents
from api.graphql.admitted import Admitted, Operation, ValidDocument
from api.graphql.budgets import budget_of, charge_for, count_request, names_of
from api.graphql.context import Context
from api.graphql.errors import CostExceeded, PublicError, public
from api.graphql.examining import MISTAKES_MAX, Mistaken, core_of, examine
from api.graphql.inputs import refuse_malformed
from api.graphql.requests import GraphQLRequest
from domain.actors import PartnerActor
from infra.settings import settings
from infra.words import Locale

WORD = re.compile(r"\w+|[^\s\w,]")
KEPT_TOKENS_MAX = 40_000  # of the documents that a process remembers; one takes some hundred bytes


def refusal_errors(error: PublicError | Mistaken, locale: Locale) -> list[GraphQLError]:
    """What a client is told of an operation that was not admitted."""
    return [public(each, locale) for each in ([error] if isinstance(error, PublicError) else error.errors)]


async def admit(schema: BaseSchema, asked: GraphQLRequest, asker: Context) -> Admitted:
    """Raises a PublicError for what may not run, and Mistaken for what could not. Either has been charged."""
    await count_request(asker)
    document = await _read(schema, asked.query or "", asker)
    operation = document.operation(asked.operation_name)
    cost = operation.cost(asked.variables or {})
    _refuse_dear(cost, asker)
    charge = cost + _values_in(asked.variables, asker)
    await charge_for(asker, charge)
    variables = _variables(schema, operation, asked, asker)
    if asked.sha256 is not None:
        await documents.remember(asked.sha256, asked.query or "", names_of(asker)[0][0])
    asker.admitted = Admitted(document.node, operation, variables, cost, charge)
    return asker.admitted


async def _read(schema: BaseSchema, text: str, asker: Context) -> ValidDocument:
    known = _shelf_of(schema).get(text)
    if known is not None:
        return known
    limits = settings().request_limits
    if len(text) > limits.document_bytes or len(text.encode("utf-8", "surrogatepass")) > limits.document_bytes:
        raise CostExceeded(f"A document has up to {limits.document_bytes} bytes.")
    tokens = len(WORD.findall(text))
    await charge_for(asker, tokens)
    node = await examine(core_of(schema), text, limits.tokens if asker.actor else limits.visitor_tokens)
    document = ValidDocument(node, tokens)
    _shelf_of(schema).put(text, document)
    return document


def _variables(schema: BaseSchema, operation: Operation, asked: GraphQLRequest, asker: Context) -> VariableValues:
    """As their types read them. Raises Mistaken or BadRequest where one cannot."""
    core, hides = core_of(schema), not settings().shows_schema
    declared = operation.node.variable_definitions or ()
    found = get_variable_values(core, declared, asked.variables or {}, MISTAKES_MAX, hides)
    if isinstance(found, list):
        raise Mistaken(found)
    refuse_malformed(operation.node, operation.fragments, core, found.coerced, asker)
    return found


def _values_in(variables: dict[str, Any] | None, asker: Context) -> int:
    """How many values there are, however deep. Raises CostExceeded for too many."""
    limits = settings().request_limits
    most = limits.values if asker.actor else limits.visitor_values
    waiting: list[Any] = [variables or {}]
    count = 0
    while waiting:
        value = waiting.pop()
        within = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else ()
        count += len(within)
        if count > most:
            raise CostExceeded(f"The variables have more than {most} values.")
        waiting.extend(within)
    return count


def _refuse_dear(cost: int, asker: Context) -> None:
    most = budget_of(asker).cost
    if cost > most:
        raise CostExceeded(f"This costs {cost}; a request may cost {most}.")


class DocumentShelf:
    """The valid documents that were asked last, up to a number of tokens in all."""

    def __init__(self) -> None:
        self._documents: OrderedDict[str, ValidDocument] = OrderedDict()
        self._tokens = 0

    def get(self, text: str) -> ValidDocument | None:
        document = self._documents.get(text)
        if document is not None:
            self._documents.move_to_end(text)
        return document

    def put(self, text: str, document: ValidDocument) -> None:
        self._tokens += document.tokens - (self._documents[text].tokens if text in self._documents else 0)
        self._documents[text] = document
        while self._tokens > KEPT_TOKENS_MAX:
            _, oldest = self._documents.popitem(last=False)
            self._tokens -= oldest.tokens


# What is valid depends on whether the schema may be asked for.
_shelves: dict[tuple[BaseSchema, bool], DocumentShelf] = {}


def _shelf_of(schema: BaseSchema) -> DocumentShelf:
    return _shelves.setdefault((schema, settings().shows_schema), DocumentShelf())


class RunAdmitted(SchemaExtension):
    """Runs what was admitted, which is neither parsed nor validated again; tells in `extensions.cost` what it cost."""

    def on_parse(self) -> Iterator[None]:
        self.execution_context.graphql_document = self._admitted.document
        yield

    def on_validate(self) -> Iterator[None]:
        self.execution_context.pre_execution_errors = []
        yield

    def get_results(self) -> dict[str, Any]:
        asker: Context = self.execution_context.context
        budget = budget_of(asker)
        told = {"requested": self._admitted.cost, "limit": budget.cost}
        return {"cost": told | ({"perMinute": budget.per_minute} if isinstance(asker.actor, PartnerActor) else {})}

    @property
    def _admitted(self) -> Admitted:
        admitted: Admitted | None = self.execution_context.context.admitted
        assert admitted is not None, "a door admits an operation before it runs"
        return admitted
