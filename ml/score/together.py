"""Many sheets at once: who can be is scored in columns, everybody else one at a time, to the same answers."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from domain.credit.grades import Grade
from domain.credit.reasons import Reason
from domain.credit.scoring import Factor, Scored
from domain.facts.sheets import FactSheet
from domain.facts.vocabulary import GROUP_LABELS, VOCABULARY
from ml.models.artefact import Artefact
from ml.models.features import FEATURES
from ml.models.leaves import leaves_of
from ml.models.scale import pd_of
from ml.score.explaining import LIMIT, LIMIT_LABEL
from ml.score.fitting import are_near, are_thin, rows_of
from ml.score.reasons import HARM_MIN, REASONS_MAX, SENTENCES
from ml.score.rescoring import GROUPS, Floats, score_many

Flags = NDArray[np.bool_]
# Fewer are scored sooner one at a time.
TOGETHER_MIN = 32
CODES = [*(group.value for group in GROUPS), LIMIT]
LABELS = [*(GROUP_LABELS[group] for group in GROUPS), LIMIT_LABEL]

_pd_of = lru_cache(1_024)(pd_of)


def score_together(artefact: Artefact, sheets: Sequence[FactSheet]) -> list[Scored | None]:
    """The score of each; None for who must be looked at alone, because there may be no score, or it is an unusual one."""
    answers: list[Scored | None] = [None] * len(sheets)
    if len(sheets) < TOGETHER_MIN or not _is_of_numbers(artefact):
        return answers
    rows, usual = _rows(artefact, sheets)
    found = np.flatnonzero(usual)
    if len(found):
        for index, answer in zip(found.tolist(), _scored(artefact, rows[found]), strict=True):
            answers[index] = answer
    return answers


def _is_of_numbers(artefact: Artefact) -> bool:
    return leaves_of(artefact) is not None and not any(FEATURES[name].is_category for name in artefact.facts)


def _rows(artefact: Artefact, sheets: Sequence[FactSheet]) -> tuple[Floats, Flags]:
    """The inputs of the model, NaN where unknown; and of whom these say all that there is to say."""
    names = sorted({fact for name in artefact.facts for fact in FEATURES[name].facts})
    nothing: list[Any] = [None] * len(names)
    told = [list(map(sheet.values.get, names)) for sheet in sheets]
    usual = np.array(
        [
            str not in map(type, values) and not sheet.counting_on and bool(sheet.linked_sources)
            for sheet, values in zip(sheets, told, strict=True)
        ]
    )
    known = np.array([values if one else nothing for values, one in zip(told, usual.tolist(), strict=True)], float)
    unknown = np.isnan(known)
    # What is told as no number is not unknown.
    usual &= unknown.sum(axis=1) == [values.count(None) for values in told]
    usual &= ~np.isinf(known).any(axis=1)
    columns = dict(zip(names, known.T, strict=True))
    rows = rows_of(artefact, columns)
    usual &= ~are_thin(artefact, rows) & are_near(artefact, rows)
    for name, column in columns.items():
        kind = VOCABULARY[name]
        with np.errstate(invalid="ignore"):
            usual &= ~(
                (column < (-np.inf if kind.low is None else kind.low))
                | (column > (np.inf if kind.high is None else kind.high))
            )
    return rows, usual


def _scored(artefact: Artefact, rows: Floats) -> list[Scored]:
    many, inputs = score_many(artefact, rows), [each.name for each in artefact.inputs]
    told = rows.astype(object)
    told[np.isnan(rows)] = None
    each = zip(
        many.points.tolist(),
        many.grades.tolist(),
        many.base_points.tolist(),
        many.factors.tolist(),
        _reasons(artefact, rows, many.effects),
        told.tolist(),
        strict=True,
    )
    return [
        Scored(
            probability=_pd_of(points),
            points=points,
            grade=_GRADES[grade],
            base_points=base_points,
            factors=_factors(effects),
            reasons=reasons,
            vector=dict(zip(inputs, row, strict=True)),
            model_version=artefact.version,
            simulated=artefact.simulated,
        )
        for points, grade, base_points, effects, reasons, row in each
    ]


_GRADES = {grade.value: grade for grade in Grade}


def _factors(effects: list[int]) -> tuple[Factor, ...]:
    told = effects if effects[-1] else effects[:-1]
    return tuple([_factor(place, effect) for place, effect in enumerate(told)])


@lru_cache(16_384)
def _factor(place: int, effect: int) -> Factor:
    return Factor(CODES[place], LABELS[place], effect)


def _reasons(artefact: Artefact, rows: Floats, effects: Floats) -> list[tuple[Reason, ...]]:
    """As `reasons.principal` tells each of them: the most harmful first, of equals the first by name."""
    names = sorted(name for name in set(artefact.facts) if name in SENTENCES)
    if not names:
        return [()] * len(rows)
    harms, values = _by_feature(artefact, rows, effects, names)
    sentences = [SENTENCES[name] for name in names]
    above, below = np.array([(each.above, each.below) for each in sentences]).T
    shown = np.array([each.shown_times for each in sentences])
    with np.errstate(invalid="ignore"):
        counts = (harms >= HARM_MIN) & (above < values) & (values < below)
    order = np.argsort(np.where(counts, -harms, np.inf), axis=1, kind="stable")[:, :REASONS_MAX]
    whole = np.rint(np.take_along_axis(np.where(counts, values, 0.0) * shown, order, axis=1)).astype(np.int64)
    fewer = np.minimum(counts.sum(axis=1), REASONS_MAX)
    return [
        tuple([_reason(names[place], value) for place, value in zip(places[:count], values[:count], strict=True)])
        for places, values, count in zip(order.tolist(), whole.tolist(), fewer.tolist(), strict=True)
    ]


def _by_feature(artefact: Artefact, rows: Floats, effects: Floats, names: list[str]) -> tuple[Floats, Floats]:
    """The harm and the value behind each feature, summed input by input, as `reasons.by_feature` does."""
    harms, values = np.zeros((len(names), len(rows))), np.full((len(names), len(rows)), np.nan)
    usual = artefact.reference or (0.0,) * len(artefact.inputs)
    for index, (each, name) in enumerate(zip(artefact.inputs, artefact.facts, strict=True)):
        if name in names:
            place = names.index(name)
            harms[place] += effects[:, index] - usual[index]
            if each.fact is not None:
                values[place] = rows[:, index]
    return np.ascontiguousarray(harms.T), np.ascontiguousarray(values.T)


@lru_cache(65_536)
def _reason(name: str, value: int) -> Reason:
    return Reason(SENTENCES[name].code, SENTENCES[name].message, {"value": value})
