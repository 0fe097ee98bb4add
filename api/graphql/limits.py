"""What one request may ask: tokens, depth, aliases, one sign-in at a time, and a cost that is known before anything runs."""

from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from typing import Any

from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
)
from graphql.validation import ASTValidationRule, ValidationContext, ValidationRule
from strawberry.extensions import AddValidationRules, MaxTokensLimiter, ParserCache, SchemaExtension, ValidationCache

from api.graphql.context import Context
from api.graphql.errors import CostExceeded, RateLimited
from api.graphql.operations import Fragments, defaults_of, fragments_of, operation_of, root_fields
from infra import limiter, vault
from infra.paging import FIRST_MAX
from infra.settings import Rate, settings

# One request, one attempt: aliases would let a guesser try a thousand codes at once.
SIGN_IN = frozenset({"requestPhoneCode", "signIn", "refreshSession"})
LIST_DEFAULT = 20


class KeepLimits(ValidationRule):
    """Depth and aliases, counted with fragments opened, and at most one mutation of the sign-in kind."""

    def __init__(self, context: ValidationContext) -> None:
        super().__init__(context)
        self._fragments = fragments_of(context.document)
        self._aliases = 0
        self._signing_in = 0
        self._fields = 0

    def enter_operation_definition(self, node: OperationDefinitionNode, *_: Any) -> None:
        self._aliases = self._signing_in = self._fields = 0
        limits = settings().request_limits
        depth = self._measure(node.selection_set, 0, frozenset())
        if depth > limits.depth:
            self._refuse(f"This goes deeper than {limits.depth} levels.", node)
        if self._aliases > limits.aliases:
            self._refuse(f"This uses more than {limits.aliases} aliases.", node)
        if self._signing_in > 1:
            self._refuse("Sign in with one mutation in a request.", node)

    def _measure(self, selections: SelectionSetNode | None, depth: int, seen: frozenset[str]) -> int:
        """The depth below here. Stops where a limit is passed, so that a document of fragments within fragments stays cheap."""
        limits = settings().request_limits
        deepest = depth
        for selection in selections.selections if selections else ():
            self._fields += 1
            if depth > limits.depth or self._fields > 4 * limits.tokens:
                return limits.depth + 1
            match selection:
                case FieldNode():
                    self._aliases += selection.alias is not None
                    self._signing_in += depth == 0 and selection.name.value in SIGN_IN
                    # The schema's own types nest deeply in every introspection, and are static.
                    if not selection.name.value.startswith("__"):
                        deepest = max(deepest, self._measure(selection.selection_set, depth + 1, seen))
                case InlineFragmentNode():
                    deepest = max(deepest, self._measure(selection.selection_set, depth, seen))
                case FragmentSpreadNode():
                    name = selection.name.value
                    if name in self._fragments and name not in seen:
                        inner = self._fragments[name].selection_set
                        deepest = max(deepest, self._measure(inner, depth, seen | {name}))
        return deepest

    def _refuse(self, sentence: str, node: OperationDefinitionNode) -> None:
        self.report_error(GraphQLError(sentence, node, extensions={"code": "COST_EXCEEDED"}))


class ParseOnce(ParserCache):
    """Leaves a document with a mistake to Strawberry: what is raised here, nobody masks and no socket survives."""

    def on_parse(self) -> Iterator[None]:
        asked = self.execution_context
        with suppress(GraphQLError):
            asked.graphql_document = self.cached_parse_document(asked.query, **asked.parse_options)
        yield


class HideSchema(ValidationRule):
    """No introspection, for production."""

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        if node.name.value in {"__schema", "__type"}:
            self.report_error(GraphQLError("Introspection is off.", node))


class ChargeCost(SchemaExtension):
    """One a field, times the length of every list around it; told in `extensions.cost`, refused above the limit."""

    async def on_execute(self) -> AsyncIterator[None]:
        context = self.execution_context
        document = context.graphql_document
        assert document is not None
        operation = operation_of(document, context.operation_name)
        variables = {**defaults_of(operation), **(context.variables or {})}
        cost = cost_of(operation.selection_set, fragments_of(document), variables)
        if cost > settings().request_limits.cost:
            raise CostExceeded(f"This costs {cost}; a request may cost {settings().request_limits.cost}.")
        context.context.extensions["cost"] = cost
        await _charge(context.context, cost)
        yield

    def get_results(self) -> dict[str, Any]:
        cost = self.execution_context.context.extensions.get("cost")
        return {} if cost is None else {"cost": {"requested": cost, "limit": settings().request_limits.cost}}


async def _charge(asker: Context, cost: int) -> None:
    rate = Rate(times=settings().request_limits.cost_per_minute, seconds=60)
    who = asker.actor.name if asker.actor else vault.blind_index("cost-ip", asker.ip).hex()[:32]
    if await limiter.is_over(rate, "cost", who, cost=cost):
        raise RateLimited


def cost_of(selections: SelectionSetNode | None, fragments: Fragments, variables: dict[str, Any]) -> int:
    """How many fields the answer may have, at the most, counting 20 for a list whose length nobody said."""
    cost = 0
    for selection in selections.selections if selections else ():
        match selection:
            case FieldNode():
                below = cost_of(selection.selection_set, fragments, variables)
                cost += 1 + below * _length(selection, fragments, variables)
            case InlineFragmentNode():
                cost += cost_of(selection.selection_set, fragments, variables)
            case FragmentSpreadNode():
                cost += cost_of(fragments[selection.name.value].selection_set, fragments, variables)
    return cost


def _length(field: FieldNode, fragments: Fragments, variables: dict[str, Any]) -> int:
    given = next((argument.value for argument in field.arguments or () if argument.name.value == "first"), None)
    match given:
        case IntValueNode():
            return max(1, min(int(given.value), FIRST_MAX))
        case VariableNode():
            value = variables.get(given.name.value)
            return max(1, min(value, FIRST_MAX)) if isinstance(value, int) else LIST_DEFAULT
    return LIST_DEFAULT if "edges" in root_fields(field.selection_set, fragments) else 1


def limiting() -> list[Any]:
    """The extensions that keep the limits. Rules are made once: a new class a request would defeat the validation cache."""
    rules: list[type[ASTValidationRule]] = [KeepLimits, *([] if settings().shows_schema else [HideSchema])]
    return [
        lambda: MaxTokensLimiter(settings().request_limits.tokens),
        ParseOnce,
        lambda: AddValidationRules(rules),
        ValidationCache,
        ChargeCost,
    ]
