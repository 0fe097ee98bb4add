"""The release gate: a new model must be shown to be as good as the one it replaces, on rows that neither has seen."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ml.figures.drift import FOUR_FIFTHS
from ml.lab.comparing import Comparison, Difference, Judged
from ml.lab.groups import GAP_MAX, GroupFigures
from ml.models.artefact import Artefact
from ml.promotion import swapping
from ml.promotion.swapping import Swaps

FIRST, SECOND = "champion", "challenger"
# How much worse it may be: by less than separate measurements of one model differ.
MARGINS: Mapping[str, float] = {"auc": 0.01, "logloss": 0.005}
ROWS_MIN, CLASS_MIN = 500, 50


@dataclass(frozen=True)
class Gate:
    """`failures` are sentences; none means that it may pass. `figures` are kept with the promotion."""

    failures: tuple[str, ...]
    figures: dict[str, Any]


def needs_measuring(champion: Artefact | None, candidate: Artefact) -> bool:
    """Figures of simulated people compare with nothing, and a first model replaces nothing."""
    return champion is not None and not champion.simulated and "figures" in candidate.card


def gate(comparison: Comparison) -> Gate:
    """Judge a comparison of the two models, named FIRST and SECOND, on rows that neither has learned from."""
    rows, bads = len(comparison.cases.bad), int(comparison.cases.bad.sum())
    if rows < ROWS_MIN or min(bads, rows - bads) < CLASS_MIN:
        why = (
            f"{rows:,} rows that neither model has learned from, {bads:,} of them bad, are too few to tell: "
            f"at least {ROWS_MIN:,} are needed, and {CLASS_MIN} of either outcome."
        )
        return Gate((why,), {"rows": rows, "bads": bads})
    before, after = comparison.models
    swaps = swapping.swapped(comparison.cases.bad, before, after)
    failures = [
        *_worse(comparison.differences),
        *_uncalibrated(before, after),
        *_unfair(before.groups, after.groups),
        *_swapped_for_worse(swaps),
    ]
    figures = {
        "rows": rows,
        "bads": bads,
        "differences": {each.figure: [each.value, *each.interval] for each in comparison.differences},
        "margins": dict(MARGINS),
        "ece": after.judgement.figures.ece,
        "swaps": swaps.figures(),
    }
    return Gate(tuple(failures), figures)


def _worse(differences: Sequence[Difference]) -> Iterator[str]:
    """Whatever is not shown to be as good, but for a margin: the whole paired interval must lie on the good side of it."""
    for each in differences:
        low, high = each.interval
        harm = high if each.figure == "logloss" else -low
        if harm > MARGINS[each.figure]:
            yield (
                f"Its {each.figure} is not shown to be as good as the champion's: {each.value:+.4f} (95 % interval "
                f"{low:+.4f} to {high:+.4f}), and {MARGINS[each.figure]} is the most that it may be worse."
            )


def _swapped_for_worse(swaps: Swaps) -> Iterator[str]:
    if swaps.are_clearly_worse:
        yield (
            f"Of the {swaps.taken.people:,} whom it alone would approve {swaps.taken.bad_rate:.1%} went bad, of the "
            f"{swaps.dropped.people:,} whom only the champion would {swaps.dropped.bad_rate:.1%}."
        )


def _uncalibrated(before: Judged, after: Judged) -> Iterator[str]:
    mine, theirs = after.judgement, before.judgement
    if not mine.is_calibrated and mine.figures.ece > theirs.figures.ece:
        yield f"Its ECE of {mine.figures.ece:.4f} is above the noise ({mine.noise[1]:.4f}) and the champion's."


def _unfair(before: Sequence[GroupFigures], after: Sequence[GroupFigures]) -> Iterator[str]:
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
