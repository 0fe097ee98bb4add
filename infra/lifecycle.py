"""Lifecycle: a noun's states and moves as a graph beside the noun. A graph that cannot be right fails at import."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from infra import events, outbox
from infra.errors import Refusal, RefusalCode

S = TypeVar("S", bound=StrEnum)


class WrongGraph(Exception):
    """A graph that nobody can walk as it is drawn; the sentence says why."""


@dataclass(frozen=True)
class Move(Generic[S]):
    """From any of `sources` to `target`, announcing `event`.

    `at` names the column with the time at which it happens by itself, and `due` the event that then makes it: None where
    nothing need be written, because whoever reads the row sees the time. `refused` is told to a client that asks for the
    move in another state.
    """

    sources: Collection[S]
    target: S
    event: str | None = None
    at: str | None = None
    due: str | None = None
    refused: str | None = None


drawn: list["Lifecycle[Any]"] = []


class Lifecycle(Generic[S]):
    """`begins` is the first state, announced by `event`; `ends` lead nowhere; `groups` are named here and nowhere else.

    `lapses` names the column with the time at which a state is over though nothing is written. `later` are states that
    clients know already, and that nothing leads to yet.
    """

    def __init__(
        self,
        noun: str,
        *moves: Move[S],
        begins: S,
        ends: Collection[S] = (),
        event: str | None = None,
        groups: Mapping[str, Collection[S]] | None = None,
        lapses: Mapping[S, str] | None = None,
        later: Collection[S] = (),
        column: str = "status",
    ) -> None:
        self.noun, self.moves, self.begins, self.ends, self.event = noun, moves, begins, ends, event
        self.groups, self.lapses = groups or {}, lapses or {}
        self.later, self.column = later, column
        self.states: type[S] = type(begins)
        if faults := [*self._faults()]:
            raise WrongGraph(f"{noun}: {'; '.join(faults)}")
        self._by_ends = {(source, move.target): move for move in moves for source in move.sources}
        drawn.append(self)

    @property
    def events(self) -> set[str]:
        """All that its moves announce or wait for."""
        named = [self.event, *(name for move in self.moves for name in (move.event, move.due))]
        return {name for name in named if name is not None}

    def sources(self, target: S) -> list[S]:
        """From where it may come to `target`: what a statement for many rows asks of each."""
        return [source for source, reached in self._by_ends if reached == target]

    def allows(self, source: S, target: S) -> bool:
        return (source, target) in self._by_ends

    def require(self, source: S, target: S, *field: str) -> Move[S]:
        """The move between two states. Refuses NOT_OPEN where a client asked, by `field`; else there being none is a bug."""
        move = self._by_ends.get((source, target))
        if move is None and field:
            raise Refusal(RefusalCode.NOT_OPEN, self._refused(target), field=field)
        assert move is not None, f"{self.noun}: no move from {source} to {target}"
        return move

    async def move(self, db: AsyncSession, row: Any, target: S, *field: str, **data: Any) -> None:
        """Take a row to another state and announce it. Refuses as `require` does, and then changes nothing."""
        made = self.require(getattr(row, self.column), target, *field)
        setattr(row, self.column, target)
        if made.event is not None:
            user_id = getattr(row, "user_id", None)
            await outbox.announce(db, made.event, user_id=user_id, subject_id=row.id, **data)

    def _refused(self, target: S) -> str:
        sentences = [move.refused for move in self.moves if move.target == target and move.refused]
        assert sentences, f"{self.noun}: no sentence says to a client why it cannot become {target}"
        return sentences[0]

    def _faults(self) -> Iterator[str]:
        known = set(self.states)
        pairs = [(source, move.target) for move in self.moves for source in move.sources]
        groups = [state for group in self.groups.values() for state in group]
        named = {*self.ends, *groups, *self.lapses, *self.later, self.begins}
        strangers = {*(state for pair in pairs for state in pair), *named} - known
        if strangers:
            yield f"{_listed(strangers)} is none of its states"
        for pair in sorted({pair for pair in pairs if pairs.count(pair) > 1}):
            yield f"{pair[0]} to {pair[1]} is drawn twice"
        if loops := {source for source, target in pairs if source == target}:
            yield f"{_listed(loops)} leads to itself"
        reached = self._reached(pairs)
        if unreached := known - reached - set(self.later):
            yield f"nothing leads to {_listed(unreached)}"
        if sooner := reached & set(self.later):
            yield f"{_listed(sooner)} is reached and said to come later"
        lead_on = {source for source, _ in pairs}
        if stuck := known - lead_on - {*self.ends, *self.later}:
            yield f"{_listed(stuck)} leads nowhere and is not said to be an end"
        if leaving := lead_on & set(self.ends):
            yield f"{_listed(leaving)} is said to be an end and leads on"
        if empty := [name for name, group in self.groups.items() if not group]:
            yield f"nothing is {_listed(empty)}"
        if undeclared := self.events - events.declared().keys():
            yield f"nobody declared {_listed(undeclared)}"
        if timeless := {move.target for move in self.moves if move.due and not move.at}:
            yield f"nothing says when {_listed(timeless)} is due"

    def _reached(self, pairs: list[tuple[S, S]]) -> set[S]:
        reached, grown = set[S](), {self.begins}
        while grown - reached:
            reached |= grown
            grown = {target for source, target in pairs if source in reached}
        return reached


def without_graph(why: str) -> dict[str, Any]:
    """The `info` of a column whose states nobody moves through; a test asks it of each column of states that has no graph."""
    return {"without_graph": why}


def _listed(names: Collection[str]) -> str:
    return " and ".join(sorted(names))


def diagram(life: Lifecycle[Any]) -> str:
    """The graph as Mermaid draws it: moves with what they announce, and the time of those that happen by themselves."""
    lines = ["stateDiagram-v2", f"    [*] --> {life.begins}{_label(life.event, None)}"]
    lines += [
        f"    {source} --> {move.target}{_label(move.event, move.at)}"
        for move in life.moves
        for source in life.states
        if source in move.sources
    ]
    lines += [f"    {state} --> [*]: at {life.lapses[state]}" for state in life.states if state in life.lapses]
    lines += [f"    {state} --> [*]" for state in life.states if state in life.ends]
    return "\n".join(lines)


def _label(event: str | None, at: str | None) -> str:
    words = ", ".join(part for part in (event, at and f"at {at}") if part)
    return f": {words}" if words else ""
