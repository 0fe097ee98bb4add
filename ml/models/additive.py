"""Models whose log-odds are a sum of one term per input: the logistic model and the scorecard."""

import json
import math
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Curve:
    """Straight pieces between knots, flat beyond them; over the number itself or its signed logarithm."""

    logarithm: bool
    knots: list[float]
    values: list[float]
    missing: float

    def effects(self, values: NDArray[Any]) -> Floats:
        numbers = values.astype(np.float64)
        shaped = np.sign(numbers) * np.log1p(np.abs(numbers)) if self.logarithm else numbers
        return np.where(np.isnan(numbers), self.missing, np.interp(shaped, self.knots, self.values))


@dataclass(frozen=True)
class Steps:
    """One effect per bin of a number; bin i holds `edges[i-1] <= x < edges[i]`."""

    edges: list[float]
    values: list[float]
    missing: float

    def effects(self, values: NDArray[Any]) -> Floats:
        numbers = values.astype(np.float64)
        found = np.asarray(self.values)[np.searchsorted(self.edges, numbers, side="right")]
        return np.where(np.isnan(numbers), self.missing, found)


@dataclass(frozen=True)
class Levels:
    """One effect per level of a category; a level that training never saw has the effect `other`."""

    values: dict[str, float]
    other: float

    def effects(self, values: NDArray[Any]) -> Floats:
        return np.fromiter((self.values.get(level, self.other) for level in values), np.float64, len(values))


Term = Curve | Steps | Levels
_TERMS: dict[str, type[Curve] | type[Steps] | type[Levels]] = {"curve": Curve, "steps": Steps, "levels": Levels}


@dataclass(frozen=True)
class Additive:
    """`intercept` plus the effects of all terms, in the order of the inputs; None where an input has no effect."""

    intercept: float
    terms: list[Term | None] = field(default_factory=list)

    def log_odds(self, rows: NDArray[Any]) -> Floats:
        result: Floats = self.contributions(rows).sum(axis=1)
        return result

    def contributions(self, rows: NDArray[Any]) -> Floats:
        """Raw log-odds per input; the last column is the intercept."""
        result = np.zeros((len(rows), len(self.terms) + 1))
        result[:, -1] = self.intercept
        for index, term in enumerate(self.terms):
            if term is not None:
                result[:, index] = term.effects(rows[:, index])
        return result

    def files(self) -> dict[str, bytes]:
        terms = [None if term is None else {"term": _name(term), **asdict(term)} for term in self.terms]
        return {"model.json": json.dumps({"intercept": self.intercept, "terms": terms}, ensure_ascii=False).encode()}


def from_files(files: dict[str, bytes]) -> Additive:
    written = json.loads(files["model.json"])
    terms = [None if term is None else _TERMS[term.pop("term")](**term) for term in written["terms"]]
    if not math.isfinite(written["intercept"]):
        raise ValueError("The intercept is not a number.")
    return Additive(written["intercept"], terms)


def _name(term: Term) -> str:
    return next(name for name, kind in _TERMS.items() if isinstance(term, kind))
