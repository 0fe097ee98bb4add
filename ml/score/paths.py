"""The path to the next grade: steps that the live model has really scored again, one upon the other."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import combinations

from domain.credit.grades import Grade
from domain.credit.reasons import ReasonValue
from domain.credit.scoring import Scored
from domain.facts.sheets import FactSheet
from ml.models.artefact import Artefact
from ml.score.scoring import score_with
from ml.score.steps import GradeStep, possible

STEPS_MAX = 3


@dataclass(frozen=True)
class PathStep:
    """`points` is what the person would have after this step and those before it."""

    code: str
    message: str
    values: Mapping[str, ReasonValue]
    points: int
    grade: Grade


@dataclass(frozen=True)
class ScorePath:
    """`reaches` is false when these steps help, but do not bring the next grade."""

    target: Grade
    points_needed: int
    steps: tuple[PathStep, ...]
    reaches: bool


def path(artefact: Artefact, sheet: FactSheet) -> ScorePath | None:
    """The path to the next better grade, by as few steps as it takes; by the three that help most where none suffice.

    None at the best grade, and for somebody who has no score.
    """
    now = score_with(artefact, sheet)
    if not isinstance(now, Scored) or now.grade is Grade.A:
        return None
    target = tuple(Grade)[tuple(Grade).index(now.grade) - 1]
    needed = artefact.cuts.points[tuple(Grade).index(target)]
    helpful = [step for step in possible(sheet) if _points(artefact, sheet, (step,)) > now.points]
    chosen = _fewest(artefact, sheet, helpful, needed)
    steps = _choose_steps(artefact, sheet, chosen, now.points)
    return ScorePath(target, needed, steps, bool(steps) and steps[-1].points >= needed)


def _fewest(artefact: Artefact, sheet: FactSheet, helpful: list[GradeStep], needed: int) -> tuple[GradeStep, ...]:
    """The best combination of the smallest size that reaches; otherwise the best of the largest."""
    best: tuple[GradeStep, ...] = ()
    for size in range(1, min(STEPS_MAX, len(helpful)) + 1):
        best = max(combinations(helpful, size), key=lambda steps: _points(artefact, sheet, steps))
        if _points(artefact, sheet, best) >= needed:
            break
    return best


def _choose_steps(
    artefact: Artefact, sheet: FactSheet, steps: tuple[GradeStep, ...], points: int
) -> tuple[PathStep, ...]:
    """The most helpful first; a step that adds nothing on top of those before it is left out."""
    told: list[PathStep] = []
    taken: tuple[GradeStep, ...] = ()
    rest = list(steps)
    while rest:
        step = max(rest, key=lambda one: _points(artefact, sheet, (*taken, one)))
        rest.remove(step)
        after = score_with(artefact, _after(sheet, (*taken, step)))
        if not isinstance(after, Scored) or after.points <= points:
            continue
        taken, points = (*taken, step), after.points
        told.append(PathStep(step.code, step.message, step.values, after.points, after.grade))
    return tuple(told)


def _points(artefact: Artefact, sheet: FactSheet, steps: tuple[GradeStep, ...]) -> int:
    answer = score_with(artefact, _after(sheet, steps))
    return answer.points if isinstance(answer, Scored) else 0


def _after(sheet: FactSheet, steps: tuple[GradeStep, ...]) -> FactSheet:
    values = dict(sheet.values)
    for step in steps:
        values |= step.facts
    return replace(sheet, values=values)
