"""From contributions in log-odds to factors in whole points, which add up to the last point."""

from collections.abc import Sequence
from math import floor

from domain.credit.scoring import Factor
from domain.facts.vocabulary import GROUP_LABELS, FactGroup
from infra.words import N_
from ml.artefact import Artefact
from ml.features import FEATURES
from ml.fitting import Row, facts_of, is_unknown
from ml.scale import POINTS_PER_LOG_ODDS, points_of

LIMIT = "limit"
LIMIT_LABEL = N_("Ends of the scale")


def largest_remainder(parts: Sequence[float], total: int) -> list[int]:
    """Whole numbers next to `parts` that add up to `total`. What is exactly zero stays zero, while anything else can give."""
    whole = [floor(part) for part in parts]
    open_places = [i for i, part in enumerate(parts) if part != 0] or list(range(len(parts)))
    by_remainder = sorted(open_places, key=lambda i: (whole[i] - parts[i], i))
    rounds, some = divmod(total - sum(whole), len(by_remainder))
    for place, i in enumerate(by_remainder):
        whole[i] += rounds + (place < some)
    return whole


def factors(artefact: Artefact, row: Row, harms: Sequence[float], points: int) -> tuple[int, tuple[Factor, ...]]:
    """The base, and five factors that add up from it to `points`. `harms` are in log-odds, against approved people.

    What is not known of a person is in the base, not in his factors: the base is where somebody starts of whom we know
    no more than that. Nobody reads that an account he has not linked took points from him.
    """
    # Reasons compare with those who were approved; factors, with everybody.
    usual = artefact.reference or (0.0,) * len(harms)
    base, effects = artefact.baseline - sum(usual), dict.fromkeys(FactGroup, 0.0)
    for each, name, value, harm, shift in zip(artefact.inputs, facts_of(artefact), row, harms, usual, strict=True):
        if is_unknown(each, value):
            base += harm + shift
        else:
            effects[FEATURES[name].group] -= POINTS_PER_LOG_ODDS * (harm + shift)
    base_points, unclamped = round(points_of(base)), round(points_of(artefact.baseline + sum(harms)))
    whole = largest_remainder(list(effects.values()), unclamped - base_points)
    told = [Factor(group.value, GROUP_LABELS[group], effect) for group, effect in zip(effects, whole, strict=True)]
    if points != unclamped:
        told.append(Factor(LIMIT, LIMIT_LABEL, points - unclamped))
    return base_points, tuple(told)
