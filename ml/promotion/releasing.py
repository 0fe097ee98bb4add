"""The release gate: a new model must not be worse than the one it replaces, measured on the same rows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ml.figures.drift import FOUR_FIFTHS
from ml.lab.comparing import Comparison, Difference, Judged
from ml.lab.groups import GAP_MAX, GroupLine
from ml.models.artefact import Artefact

FIRST, SECOND = "champion", "challenger"


@dataclass(frozen=True)
class Gate:
    """`failures` are sentences; none means that it may pass. `figures` are kept with the promotion."""

    failures: tuple[str, ...]
    figures: dict[str, Any]


def needs_measuring(champion: Artefact | None, candidate: Artefact) -> bool:
    """Figures of simulated people compare with nothing, and a first model replaces nothing."""
    return champion is not None and not champion.simulated and "figures" in candidate.card


def gate(comparison: Comparison) -> Gate:
    """Of a comparison of the two models under the names FIRST and SECOND."""
    before, after = comparison.models
    failures = [*_worse(comparison.differences), *_uncalibrated(before, after), *_unfair(before.groups, after.groups)]
    figures = {
        "rows": after.judgement.rows,
        "differences": {each.figure: [each.value, *each.interval] for each in comparison.differences},
        "ece": after.judgement.figures.ece,
    }
    return Gate(tuple(failures), figures)


def _worse(differences: Sequence[Difference]) -> Iterator[str]:
    """Clearly so: the whole paired interval lies on the bad side."""
    for each in differences:
        loses = each.value > 0 if each.figure == "logloss" else each.value < 0
        if loses and each.is_clear:
            low, high = each.interval
            yield f"Its {each.figure} is worse by {abs(each.value):.4f} (95 % interval {low:+.4f} to {high:+.4f})."


def _uncalibrated(before: Judged, after: Judged) -> Iterator[str]:
    mine, theirs = after.judgement, before.judgement
    if not mine.is_calibrated and mine.figures.ece > theirs.figures.ece:
        yield f"Its ECE of {mine.figures.ece:.4f} is above the noise ({mine.noise[1]:.4f}) and the champion's."


def _unfair(before: Sequence[GroupLine], after: Sequence[GroupLine]) -> Iterator[str]:
    """What a group has to bear may stay, and must not grow."""
    known = {(line.column, line.group): line for line in before}
    for line in after:
        old = known.get((line.column, line.group))
        if old is None or not line.concerns:
            continue
        if line.ratio < FOUR_FIFTHS and line.ratio < old.ratio:
            yield f"{line.column} {line.group} is approved {line.ratio:.2f} times as often as others ({old.ratio:.2f} before)."
        if abs(line.gap) > GAP_MAX and abs(line.gap) > abs(old.gap):
            yield f"{line.column} {line.group}: PD and bad rate are {line.gap:+.3f} apart ({old.gap:+.3f} before)."
