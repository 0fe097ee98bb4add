"""From contributions in log-odds to factors in whole points, which add up to the last point."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from domain.credit.scoring import Factor
from domain.facts.vocabulary import GROUP_LABELS, FactGroup
from infra.words import N_
from ml.models.artefact import Artefact
from ml.models.features import FEATURES
from ml.models.leaves import leaves_of
from ml.models.scale import POINTS_PER_LOG_ODDS, on_scale, points_of
from ml.score.fitting import Row, is_unknown

Floats = NDArray[np.float64]

LIMIT = "limit"
LIMIT_LABEL = N_("Ends of the scale")
CARRIED = "unlinked"
CARRIED_LABEL = N_("Accounts that you unlinked")


def largest_remainder(parts: Sequence[float], total: int) -> list[int]:
    """Whole numbers next to `parts` that add up to `total`. What is exactly zero stays zero, while anything else can give."""
    whole = [floor(part) for part in parts]
    open_places = [i for i, part in enumerate(parts) if part != 0] or list(range(len(parts)))
    by_remainder = sorted(open_places, key=lambda i: (whole[i] - parts[i], i))
    rounds, some = divmod(total - sum(whole), len(by_remainder))
    for place, i in enumerate(by_remainder):
        whole[i] += rounds + (place < some)
    return whole


@dataclass(frozen=True)
class Explained:
    """Calibrated log-odds of default (rows,), and what each input adds to the base (rows, inputs)."""

    log_odds: Floats
    effects: Floats
    base: float


def explained(artefact: Artefact, rows: NDArray[Any]) -> Explained:
    """Explain at least one row, against everybody in training. Symmetric trees over numbers are looked up, others asked."""
    leaves = leaves_of(artefact)
    if leaves is None:
        # One at a time, so that a row is the same to the last bit in any company.
        told = np.concatenate([artefact.contributions(rows[index : index + 1]) for index in range(len(rows))])
        usual = np.asarray(artefact.reference or (0.0,) * len(artefact.inputs))
        return Explained(told.sum(axis=1), told[:, :-1] + usual, artefact.baseline - float(usual.sum()))
    shift, slope = artefact.calibration
    raw, added = leaves.explained(rows.astype(float))
    return Explained(shift + slope * raw, slope * added, shift + slope * leaves.base)


def factors(
    artefact: Artefact, row: Row, base: float, effects: Sequence[float], log_odds: float, carried: int = 0
) -> tuple[int, tuple[Factor, ...]]:
    """The base, and five factors that add up from it to the points.

    What is not known of a person is in the base, not in their factors: the base is where somebody starts of whom we know
    no more than that. Nobody reads that an account they have not linked took points from them; one that they unlinked may have
    left points that are `carried`.
    """
    groups = dict.fromkeys(FactGroup, 0.0)
    for each, name, value, effect in zip(artefact.inputs, artefact.facts, row, effects, strict=True):
        if is_unknown(each, value):
            base += effect
        else:
            groups[FEATURES[name].group] -= POINTS_PER_LOG_ODDS * effect
    base_points, unclamped = round(points_of(base)), round(points_of(log_odds))
    whole = largest_remainder(list(groups.values()), unclamped - base_points)
    told = [Factor(group.value, GROUP_LABELS[group], effect) for group, effect in zip(groups, whole, strict=True)]
    if carried:
        told.append(Factor(CARRIED, CARRIED_LABEL, -carried))
    points = on_scale(unclamped - carried)
    if points != unclamped - carried:
        told.append(Factor(LIMIT, LIMIT_LABEL, points - unclamped + carried))
    return base_points, tuple(told)
