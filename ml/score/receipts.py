"""The change receipt: how much of a change in points came from the person, from expiry, and from our model."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

from domain.facts.sheets import FactSheet, FactValue
from infra.words import N_
from ml.models.artefact import Artefact
from ml.score.carrying import carried_by
from ml.score.fitting import row_of
from ml.score.scoring import scored

YOU = "YOU_CHANGED"
EXPIRED = "SOURCE_EXPIRED"
MODEL = "MODEL_CHANGED"
MESSAGES = {
    YOU: N_("What we know about you changed: {points} points."),
    EXPIRED: N_("What a source told grew too old to count: {points} points."),
    MODEL: N_("Our model changed: {points} points."),
}


@dataclass(frozen=True)
class ReceiptPart:
    code: str
    points: int

    @property
    def message(self) -> str:
        return MESSAGES[self.code]


@dataclass(frozen=True)
class ChangeReceipt:
    """`before` and all parts add up to `after` exactly. `expired` names the facts that no longer count."""

    before: int
    after: int
    parts: tuple[ReceiptPart, ...]
    expired: tuple[str, ...]


def receipt(
    before: FactSheet,
    old: Artefact,
    after: FactSheet,
    new: Artefact,
    *,
    unlinked: frozenset[str] = frozenset(),
) -> ChangeReceipt:
    """Step by step from the old score to the new one: first what expired, then what changed, the model last.

    Each step is a score that was really worked out, so the parts add up whatever the models are. Sources in `unlinked`
    were ended by the person, so what they told did not expire.
    """
    expired = _expired(before, after, unlinked)
    carried = tuple(each for each in before.counting_on if after.as_of < each.until)
    without = replace(before, values=_without(before, after, expired), counting_on=carried)
    steps = [_points(old, before), _points(old, without), _points(old, after), _points(new, after)]
    changes = [later - earlier for earlier, later in pairwise(steps)]
    parts = zip((YOU, EXPIRED, MODEL), (changes[1], changes[0], changes[2]), strict=True)
    return ChangeReceipt(
        steps[0], steps[-1], tuple(ReceiptPart(code, points) for code, points in parts), tuple(sorted(expired))
    )


def _points(model: Artefact, sheet: FactSheet) -> int:
    return scored(model, row_of(model, sheet), carried_by(sheet)).points


def _expired(before: FactSheet, after: FactSheet, unlinked: frozenset[str]) -> set[str]:
    """Facts whose source told them before and tells them no longer, though nobody unlinked it."""
    gone = set()
    for name in before.values:
        source = before.sources_of.get(name)
        if source in unlinked:
            continue
        if name not in after.values or (source not in after.sources and after.sources_of.get(name) != source):
            gone.add(name)
    return gone


def _without(before: FactSheet, after: FactSheet, expired: set[str]) -> Mapping[str, FactValue]:
    """The old facts, where those that expired are absent, or are what another source still tells."""
    kept = {name: value for name, value in before.values.items() if name not in expired}
    return kept | {name: after.values[name] for name in expired if name in after.values}
