"""Lookup: somebody's look at a score, grade or fact of another person. Every one of them comes through here.

What a person looks up of themselves, and what the house works out by itself, is no lookup.
"""

from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import Any, TypeVar
from uuid import UUID

from infra.database import Db
from infra.questions import Question

T = TypeVar("T")


class LookupPurpose(StrEnum):
    """What somebody looks for."""

    ANSWER = "ANSWER"  # a partner who is to answer an application
    REVIEW = "REVIEW"  # a member of staff who reviews one


DbT = TypeVar("DbT", bound=Db | None)
AskedT = TypeVar("AskedT", bound=Question[*tuple[Any, ...]])


async def look_up(
    db: DbT, purpose: LookupPurpose, user_ids: set[UUID], read: Callable[[DbT, set[UUID]], Awaitable[dict[UUID, T]]]
) -> dict[UUID, T]:
    """What `read` tells of these people, for somebody else. The one place in which looks can be counted, recorded and refused."""
    return await read(db, user_ids)


def for_lookup(question: AskedT) -> AskedT:
    """A question that is asked together with others before anybody may see its answers: `look_up` then reads them."""
    return question
