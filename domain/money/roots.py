"""Where a sum of discounted amounts is nothing: all such rates, as near as floats come."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from math import exp, inf

FAR = 1e4  # logarithms of rates beyond are not looked for
HALVINGS = 200


@dataclass(frozen=True)
class Term:
    amount: float
    periods: float


def logarithms(terms: Sequence[Term]) -> list[float]:
    """Each `u` for which the sum of `amount * exp(-u * periods)` changes its sign: logarithms of 1 + rate, lowest first.

    There are at most as many as the amounts change their sign (Descartes). Divided by its first discount, the sum has a
    derivative of one term less, whose own zeros part the line into stretches with one zero each at most.
    """
    merged = _merged(terms)
    if sign_changes(merged) == 0:
        return []
    first = merged[0].periods
    shifted = [Term(term.amount, term.periods - first) for term in merged]
    slope = [Term(-term.amount * term.periods, term.periods) for term in shifted[1:]]
    turns = logarithms(slope) if sign_changes(merged) > 1 else []
    stretches = pairwise([-inf, *turns, inf])
    return [zero for low, high in stretches if (zero := _zero(shifted, low, high)) is not None]


def _merged(terms: Sequence[Term]) -> list[Term]:
    """One term a moment, in their order, without those that are nothing."""
    ordered = sorted(terms, key=lambda term: term.periods)
    groups = groupby(ordered, key=lambda term: term.periods)
    merged = [Term(sum(term.amount for term in group), periods) for periods, group in groups]
    return [term for term in merged if term.amount]


def sign_changes(terms: Sequence[Term]) -> int:
    return sum((one.amount > 0) != (other.amount > 0) for one, other in pairwise(terms))


def _zero(terms: Sequence[Term], low: float, high: float) -> float | None:
    """Where the sum changes its sign between two turns; None where it does not."""
    low, high = _near(terms, low, high, -1), _near(terms, high, low, 1)
    at_low = _sign(terms, low)
    if at_low == _sign(terms, high):
        return None
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        if _sign(terms, middle) == at_low:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _near(terms: Sequence[Term], end: float, other: float, direction: int) -> float:
    """An end that is no infinity: so far out that the sum has the sign that it keeps from there on."""
    if abs(end) != inf:
        return end
    lasting = terms[0] if direction > 0 else terms[-1]
    far, step = (0.0 if abs(other) == inf else other), 1.0
    while step < FAR:
        far += direction * step
        if _sign(terms, far) == (1 if lasting.amount > 0 else -1):
            return far
        step *= 2
    return far


def _sign(terms: Sequence[Term], u: float) -> int:
    largest = max(-u * term.periods for term in terms)
    total = sum(term.amount * exp(-u * term.periods - largest) for term in terms)
    return (total > 0) - (total < 0)
