"""The page of states is what the graphs say, and each column of states has a graph, or says why it has none."""

import re
from enum import Enum

from sqlalchemy import Enum as EnumType

from api import states
from infra import lifecycle
from infra.entity import Entity

OF_STATES = re.compile("status|state|standing|verdict|outcome")


def test_the_page_is_what_the_code_says() -> None:
    assert states.FILE.read_text("utf-8") == states.page(), "write it anew: longan schema"


def test_each_column_of_states_has_a_graph_or_a_reason_to_have_none() -> None:
    walked: set[type[Enum]] = {life.states for life in lifecycle.drawn}
    columns = [column for table in Entity.metadata.tables.values() for column in table.columns]
    explained = {column for column in columns if "without_graph" in column.info}
    of_states = {column for column in columns if OF_STATES.fullmatch(column.name)}
    drawn = {column for column in columns if isinstance(column.type, EnumType) and column.type.enum_class in walked}
    assert [str(column) for column in of_states - drawn - explained] == []
    assert [str(column) for column in (explained & drawn) | (explained - of_states)] == []
    assert drawn <= of_states
