"""What every table has in common: declarative dataclasses, UUIDv7 keys, moments in UTC, and JSON."""

import enum
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, Enum, MetaData, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, MappedAsDataclass, mapped_column

from infra.ids import new_id

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

Minor = Annotated[int, mapped_column(BigInteger)]  # money in minor units of its currency
Id = Annotated[UUID, mapped_column(primary_key=True, insert_default=new_id)]
OwnerId = Annotated[UUID, mapped_column(primary_key=True)]  # rows of a person lie together, so `user_id` leads the key
Json = dict[str, Any]


class Entity(MappedAsDataclass, DeclarativeBase, kw_only=True):
    """Base of all tables. Nothing loads lazily: a relationship that was not asked for is a bug, not a query."""

    def __post_init__(self) -> None:
        """An id is given here, so that others can name a row before it is written."""
        for column in self.__table__.primary_key:
            if column.default is not None and column.default.is_callable and getattr(self, column.key) is None:
                setattr(self, column.key, new_id())

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map = {  # noqa: RUF012 - an annotation would make a column of it
        datetime: DateTime(timezone=True),
        str: Text(),
        # As text: a new value is a new line of code, not a migration of a type.
        enum.Enum: Enum(enum.Enum, native_enum=False, length=40),
        Json: JSONB(),
        list[str]: JSONB(),
        list[int]: JSONB(),
        list[Any]: JSONB(),
    }
