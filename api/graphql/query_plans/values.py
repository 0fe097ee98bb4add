"""From what a resolver answers to its part of the answer: leaves, lists, objects and abstract types, each one function."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from types import GeneratorType
from typing import Any

from graphql import (
    GRAPHQL_MAX_INT,
    GRAPHQL_MIN_INT,
    GraphQLAbstractType,
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLID,
    GraphQLInt,
    GraphQLLeafType,
    GraphQLObjectType,
    GraphQLString,
    Undefined,
    default_type_resolver,
)
from graphql.pyutils import is_async_iterable, is_awaitable, is_iterable

from api.graphql.query_plans.runs import AskedField, Finish, PlanRun, Unplanned, abandon

Step = Callable[[Any, dict[str, Any], PlanRun], None]  # puts one field of a source into its part of the answer

# Whose values of this very class are their own answer.
AS_IS: Mapping[Any, type] = {GraphQLString: str, GraphQLID: str, GraphQLBoolean: bool}

# Classes of which a value was looked at: nothing to be awaited, and no error.
_plain: set[type] = set()


def _refuse_odd(value: Any) -> None:
    if is_awaitable(value):
        abandon(value)
        raise Unplanned("what is awaited stands where a value should")
    if isinstance(value, Exception) or value is Undefined:
        raise Unplanned("an error stands where a value should")
    if not isinstance(value, GeneratorType):
        _plain.add(type(value))


def _null(is_nullable: bool) -> None:
    if not is_nullable:
        raise Unplanned("null where it may not be")


def leaf(type_: GraphQLLeafType, is_nullable: bool) -> Finish:
    coerce = type_.coerce_output_value

    def finish(value: Any, run: PlanRun) -> Any:
        if value is None:
            return _null(is_nullable)
        if type(value) not in _plain:
            _refuse_odd(value)
        answer = coerce(value)
        if answer is None or answer is Undefined:
            raise Unplanned("a leaf without a value")
        return answer

    return finish


def whole_number(is_nullable: bool) -> Finish:
    otherwise = leaf(GraphQLInt, is_nullable)

    def finish(value: Any, run: PlanRun) -> Any:
        return value if type(value) is int and GRAPHQL_MIN_INT <= value <= GRAPHQL_MAX_INT else otherwise(value, run)

    return finish


def choice(type_: GraphQLEnumType, is_nullable: bool) -> Finish:
    """An enumeration of Python's, whose members' names are looked up once."""
    members = getattr(type_, "wrapped_cls", None)
    names = _names(type_)
    otherwise = leaf(type_, is_nullable)

    def finish(value: Any, run: PlanRun) -> Any:
        return names[value] if type(value) is members else otherwise(value, run)

    return finish


@cache
def _names(type_: GraphQLEnumType) -> dict[Any, str]:
    return {member: type_.coerce_output_value(member) for member in getattr(type_, "wrapped_cls", ())}


def listing(item: Finish, is_nullable: bool) -> Finish:
    def finish(value: Any, run: PlanRun) -> Any:
        if value is None:
            return _null(is_nullable)
        if type(value) is not list:
            _refuse_odd(value)
            if is_async_iterable(value) or not is_iterable(value):
                raise Unplanned("no list where one should be")
        return [item(each, run) for each in value]

    return finish


def composite(type_: GraphQLObjectType, steps: Sequence[Step], asked: AskedField, is_nullable: bool) -> Finish:
    fitting: set[type] = set()  # classes of which any value may stand here
    check = _check_of(type_, asked, fitting)

    def finish(value: Any, run: PlanRun) -> Any:
        if type(value) not in fitting:
            if value is None:
                return _null(is_nullable)
            check(value, run)
        answer: dict[str, Any] = {}
        for step in steps:
            step(value, answer, run)
        return answer

    return finish


def _check_of(type_: GraphQLObjectType, asked: AskedField, fitting: set[type]) -> Callable[[Any, PlanRun], None]:
    is_type_of = type_.is_type_of

    def check(value: Any, run: PlanRun) -> None:
        _refuse_odd(value)
        if is_type_of is not None and (told := is_type_of(value, run.raw(asked))) is not True:
            abandon(told)
            raise Unplanned("an object of another type")
        if type(value) in _plain and (is_type_of is None or getattr(is_type_of, "is_by_class", False)):
            fitting.add(type(value))

    return check


def abstract(
    type_: GraphQLAbstractType, finish_as: Callable[[str], Finish], asked: AskedField, is_nullable: bool
) -> Finish:
    type_of = type_.resolve_type or default_type_resolver
    known: dict[str, Finish] = {}

    def finish(value: Any, run: PlanRun) -> Any:
        if value is None:
            return _null(is_nullable)
        if type(value) not in _plain:
            _refuse_odd(value)
        name: Any = type_of(value, run.raw(asked), type_)
        if not isinstance(name, str):
            abandon(name)
            raise Unplanned("an object of no type")
        if name not in known:
            known[name] = finish_as(name)
        return known[name](value, run)

    return finish
