"""From an entity to the value of one of its fields: an attribute is read, a resolver called, and what is async waited for."""

import inspect
from asyncio import isfuture
from collections.abc import Callable
from operator import attrgetter
from typing import Any

from graphql import default_field_resolver
from graphql.pyutils import is_awaitable
from strawberry.types.field import StrawberryField
from strawberry.types.fields.resolver import (
    INFO_PARAMSPEC,
    PARENT_PARAMSPEC,
    ROOT_PARAMSPEC,
    SELF_PARAMSPEC,
    StrawberryResolver,
)

from api.graphql.query_plans.runs import AskedField, Finish, PlanRun
from api.graphql.query_plans.values import Step

# What a resolver takes, in the order of its parameters.
Takes = tuple[str, ...]


def step_of(key: str, asked: AskedField, finish: Finish, as_is: type | None) -> Step:
    """`as_is`: values of this very class are their own answer."""
    field = asked.strawberry
    if field is None or not _is_strawberrys(asked.definition.resolve):
        return _whole(key, asked, finish)
    if field.is_basic_field and field.default_resolver is getattr:
        return _of_source(key, attrgetter(field.python_name), finish, as_is)
    takes = _taken_by(field)
    if takes is None or field.base_resolver is None:
        return _whole(key, asked, finish)
    return _called(key, asked, finish, as_is, field.base_resolver, takes)


def _is_strawberrys(resolve: Any) -> bool:
    """Whether nobody has put a resolver of their own around it."""
    return getattr(resolve, "__module__", None) == "strawberry.schema.schema_converter"


def _taken_by(field: StrawberryField) -> Takes | None:
    """None where calling the resolver itself would leave out what Strawberry does around it."""
    resolver = field.base_resolver
    if type(field) is not StrawberryField or field.extensions or field.arguments or resolver is None:
        return None
    if not inspect.isfunction(resolver.wrapped_func):
        return None
    reserved = resolver.reserved_parameters
    named = {
        parameter.name: "info" if spec is INFO_PARAMSPEC else "source"
        for spec in (SELF_PARAMSPEC, ROOT_PARAMSPEC, PARENT_PARAMSPEC, INFO_PARAMSPEC)
        if (parameter := reserved.get(spec)) is not None
    }
    parameters = resolver.signature.parameters.values()
    if any(each.name not in named or each.kind is not each.POSITIONAL_OR_KEYWORD for each in parameters):
        return None
    return tuple(named[each.name] for each in parameters)


def _called(
    key: str, asked: AskedField, finish: Finish, as_is: type | None, resolver: StrawberryResolver[Any], takes: Takes
) -> Step:
    call: Any = resolver.wrapped_func
    match takes:
        case ("source",):
            of_source = call
        case ():
            of_source = lambda source: call()  # noqa: E731
        case ("source", "info"):
            return _of_both(key, asked, call, finish, resolver.is_async)
        case ("info",):
            return _of_both(key, asked, lambda source, info: call(info), finish, resolver.is_async)
        case ("info", "source"):
            return _of_both(key, asked, lambda source, info: call(info, source), finish, resolver.is_async)
        case _:
            return _whole(key, asked, finish)
    return _awaited(key, of_source, finish) if resolver.is_async else _of_source(key, of_source, finish, as_is)


def _of_source(key: str, get: Callable[[Any], Any], finish: Finish, as_is: type | None) -> Step:
    def step(source: Any, answer: dict[str, Any], run: PlanRun) -> None:
        value = get(source)
        answer[key] = value if type(value) is as_is else finish(value, run)

    return step


def _awaited(key: str, call: Callable[[Any], Any], finish: Finish) -> Step:
    def step(source: Any, answer: dict[str, Any], run: PlanRun) -> None:
        answer[key] = None  # keeps its place in the order
        run.waiting.append((answer, key, call(source), finish))

    return step


def _of_both(key: str, asked: AskedField, call: Callable[[Any, Any], Any], finish: Finish, is_async: bool) -> Step:
    def step(source: Any, answer: dict[str, Any], run: PlanRun) -> None:
        value = call(source, run.info(asked))
        if isfuture(value):
            answer[key] = None
            run.waiting.append((answer, key, value, finish))
        else:
            answer[key] = finish(value, run)

    def async_step(source: Any, answer: dict[str, Any], run: PlanRun) -> None:
        answer[key] = None
        run.waiting.append((answer, key, call(source, run.info(asked)), finish))

    return async_step if is_async else step


def _whole(key: str, asked: AskedField, finish: Finish) -> Step:
    """Just as graphql-core would call it: with Strawberry's field extensions, arguments and all."""
    resolve = asked.definition.resolve or default_field_resolver

    def step(source: Any, answer: dict[str, Any], run: PlanRun) -> None:
        value = resolve(source, run.raw(asked), **run.arguments(asked))
        if is_awaitable(value):
            answer[key] = None
            run.waiting.append((answer, key, value, finish))
        else:
            answer[key] = finish(value, run)

    return step
