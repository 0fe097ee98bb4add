"""A noun's states as a graph: what it allows, what it announces, and which graphs cannot be."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from infra import lifecycle
from infra.database import Db
from infra.errors import Refusal, RefusalCode
from infra.events import declare
from infra.ids import new_id
from infra.lifecycle import Lifecycle, Move, WrongGraph, diagram
from infra.outbox import Event
from infra.words import N_


class Kettle(StrEnum):
    COLD = "COLD"
    HOT = "HOT"
    EMPTY = "EMPTY"


@dataclass
class Row:
    status: Kettle
    id: UUID
    user_id: UUID | None = None


OVER = N_("This application is closed, so it cannot be withdrawn.")  # any sentence that is translated
COOLED = declare("kettle.cooled")
FILLED, BOILED, EMPTIED = declare("kettle.filled"), declare("kettle.boiled", by=str), declare("kettle.emptied")
HEAT = Move([Kettle.COLD], Kettle.HOT, BOILED)
COOL = Move([Kettle.HOT], Kettle.COLD, at="cools_at")
POUR = Move([Kettle.COLD, Kettle.HOT], Kettle.EMPTY, EMPTIED, refused=OVER)


@pytest.fixture(autouse=True)
def _kettles_are_no_nouns_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lifecycle, "drawn", [])


def kettle(*moves: Move[Kettle], ends: tuple[Kettle, ...] = (Kettle.EMPTY,), **more: Any) -> Lifecycle[Kettle]:
    return Lifecycle("Kettle", *(moves or (HEAT, COOL, POUR)), begins=Kettle.COLD, ends=ends, **more)


async def events_about(db: Db, row: Row) -> list[tuple[str, dict[str, Any]]]:
    about = select(Event.name, Event.data).where(Event.subject_id == row.id).order_by(Event.id)
    return [(event.name, event.data) for event in await db.execute(about)]


class TestAMove:
    async def test_changes_the_row_and_announces_its_event(self, db: Db) -> None:
        row = Row(Kettle.COLD, new_id())
        await kettle().move(db, row, Kettle.HOT, by="stove")
        assert row.status is Kettle.HOT
        assert await events_about(db, row) == [("kettle.boiled", {"by": "stove"})]

    async def test_that_announces_nothing_is_silent(self, db: Db) -> None:
        row = Row(Kettle.HOT, new_id())
        await kettle().move(db, row, Kettle.COLD)
        assert (row.status, await events_about(db, row)) == (Kettle.COLD, [])

    async def test_that_is_not_drawn_is_not_open_to_a_client(self, db: Db) -> None:
        row = Row(Kettle.EMPTY, new_id())
        with pytest.raises(Refusal) as refused:
            await kettle().move(db, row, Kettle.EMPTY, "input", "kettleId")
        assert refused.value.code is RefusalCode.NOT_OPEN
        assert (refused.value.message, refused.value.field) == (OVER, ("input", "kettleId"))
        assert (row.status, await events_about(db, row)) == (Kettle.EMPTY, [])

    async def test_that_is_not_drawn_is_a_bug_of_ours(self, db: Db) -> None:
        row = Row(Kettle.EMPTY, new_id())
        with pytest.raises(AssertionError, match="Kettle: no move from EMPTY to HOT"):
            await kettle().move(db, row, Kettle.HOT)
        assert (row.status, await events_about(db, row)) == (Kettle.EMPTY, [])

    async def test_of_another_column(self, db: Db) -> None:
        @dataclass
        class Other:
            state: Kettle
            id: UUID

        row = Other(Kettle.COLD, new_id())
        await kettle(column="state").move(db, row, Kettle.HOT, by="stove")
        assert row.state is Kettle.HOT

    @given(st.sampled_from(Kettle), st.sampled_from(Kettle))
    def test_is_allowed_exactly_where_it_is_drawn(self, source: Kettle, target: Kettle) -> None:
        drawn = {("COLD", "HOT"), ("HOT", "COLD"), ("COLD", "EMPTY"), ("HOT", "EMPTY")}
        assert kettle().allows(source, target) == ((source, target) in drawn)


class Stranger(StrEnum):
    FROZEN = "FROZEN"


@pytest.mark.parametrize(
    ("moves", "more", "why"),
    [
        ((HEAT,), {"ends": (Kettle.HOT, Kettle.EMPTY)}, "nothing leads to EMPTY"),
        ((HEAT, POUR), {"ends": ()}, "EMPTY leads nowhere and is not said to be an end"),
        ((HEAT, COOL, POUR), {"ends": (Kettle.EMPTY, Kettle.HOT)}, "HOT is said to be an end and leads on"),
        ((HEAT, COOL, POUR, HEAT), {}, "COLD to HOT is drawn twice"),
        ((HEAT, COOL, POUR, Move([Kettle.HOT], Kettle.HOT)), {}, "HOT leads to itself"),
        ((HEAT, COOL, POUR, Move([Kettle.HOT], Stranger.FROZEN)), {}, "FROZEN is none of its states"),
        ((HEAT, COOL, POUR), {"groups": {"warm": [Stranger.FROZEN]}}, "FROZEN is none of its states"),
        ((HEAT, COOL, POUR), {"groups": {"warm": []}}, "nothing is warm"),
        ((HEAT, POUR, Move([Kettle.HOT], Kettle.COLD, due=COOLED)), {}, "nothing says when COLD is due"),
        ((HEAT, COOL, POUR), {"later": [Kettle.HOT]}, "HOT is reached and said to come later"),
        ((HEAT, COOL, POUR), {"lapses": {Stranger.FROZEN: "thaws_at"}}, "FROZEN is none of its states"),
        ((HEAT, COOL, POUR), {"event": "kettle.bought"}, "nobody declared kettle.bought"),
    ],
)
def test_a_graph_that_cannot_be_fails_when_it_is_drawn(
    moves: tuple[Move[Any], ...], more: dict[str, Any], why: str
) -> None:
    with pytest.raises(WrongGraph) as wrong:
        kettle(*moves, **more)
    assert str(wrong.value) == f"Kettle: {why}"
    assert lifecycle.drawn == []


def test_is_drawn() -> None:
    life = kettle(event=FILLED)
    assert lifecycle.drawn == [life]
    assert life.events == {"kettle.filled", "kettle.boiled", "kettle.emptied"}
    assert diagram(life).splitlines() == [
        "stateDiagram-v2",
        "    [*] --> COLD: kettle.filled",
        "    COLD --> HOT: kettle.boiled",
        "    HOT --> COLD: at cools_at",
        "    COLD --> EMPTY: kettle.emptied",
        "    HOT --> EMPTY: kettle.emptied",
        "    EMPTY --> [*]",
    ]


def test_a_state_may_lapse_and_another_may_come_later() -> None:
    cool = Move([Kettle.HOT], Kettle.COLD)
    life = kettle(HEAT, cool, later=(Kettle.EMPTY,), lapses={Kettle.COLD: "rusts_at"})
    assert diagram(life).splitlines() == [
        "stateDiagram-v2",
        "    [*] --> COLD",
        "    COLD --> HOT: kettle.boiled",
        "    HOT --> COLD",
        "    COLD --> [*]: at rusts_at",
        "    EMPTY --> [*]",
    ]


def test_says_from_where_a_state_is_reached() -> None:
    assert kettle().sources(Kettle.EMPTY) == [Kettle.COLD, Kettle.HOT]
