"""The release gate: what learned from the log goes live only where it is measurably better than base rates, and measurably
as good as the model that is live, on the same people, whom neither has seen."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from domain.market.arrays import Flags, Floats, Indices
from domain.matching.odds.reliability import PROMISES
from infra.settings import settings
from ml.figures.metrics import ece, losses, noise_band
from ml.lab.evaluation import interval
from ml.matchers import evidence, valuing
from ml.matchers.interactions import Interactions
from ml.matchers.logs import ImpressionLog
from ml.matchers.values import WEIGHTS
from ml.models.matcher import MatchArtefact
from ml.models.pairs import COLUMNS, POSITION
from ml.promotion.releasing import Gate

# As good: its log-loss is at most this share above the champion's, in 39 of 40 resamples.
TOLERANCE = 0.01
# An ECE so far above what chance makes misleads nobody.
ECE_TOLERANCE = 0.01
# How much wider than 95 % of them the band is that holds all but one in a thousand sound models.
ONE_IN_A_THOUSAND = 3.09 / 1.96
DRAWS = 1_000
OF_EACH_MIN = 5
POSITIONS_APART = 20


def lacking(log: ImpressionLog) -> tuple[str, ...]:
    """What there is too little of to learn from, in sentences; nothing where there is enough."""
    seen, least = log.seen, settings().learning
    counts = {
        "impressions": (len(seen), least.impressions_min),
        "applications": (int(seen.applied.sum()), least.applied_min),
        "decided applications": (int(seen.decided.sum()), least.decided_min),
    }
    few = [f"{have:,} {what} are there; {need:,} are needed." for what, (have, need) in counts.items() if have < need]
    return tuple(few) or tuple(_one_sided(seen))


def _one_sided(seen: Interactions) -> Iterator[str]:
    """Each part of the people must have met both outcomes, or nothing can be learned, calibrated or tested."""
    for part, where in (("learn", seen.is_fit), ("calibrate", seen.is_calibration), ("test", seen.is_test)):
        for what, outcome in (
            ("applications", seen.applied[where]),
            ("approvals", seen.approved[where & seen.decided]),
        ):
            least = min(int(outcome.sum()), int((~outcome).sum()))
            if least < OF_EACH_MIN:
                yield f"Among the people to {part} from, {what} came out one way in all but {least} cases."


def judged(candidate: MatchArtefact, champion: MatchArtefact | None, log: ImpressionLog, *, seed: int) -> Gate:
    """`champion`: None where there is none that can be compared."""
    seen = log.seen
    held_out = seen.only(seen.is_test)
    duels = [_relevance(candidate, champion, seen, held_out), _odds(candidate, champion, seen, held_out)]
    verdicts = [_verdict(duel, seed) for duel in duels]
    bands = dict(_bands(candidate))
    figures = {
        "people": len(np.unique(held_out.person)),
        "shown": len(held_out),
        "applied": int(held_out.applied.sum()),
        "decided": int(held_out.decided.sum()),
        "against": champion.version if champion else None,
        **{duel.name: verdict.figures for duel, verdict in zip(duels, verdicts, strict=True)},
        "bands": bands,
        "policy": valuing.valued(candidate, WEIGHTS, log.only(seen.is_test), seed=seed),
    }
    failures = [failure for verdict in verdicts for failure in verdict.failures]
    return Gate((*failures, *_broken(bands)), figures)


@dataclass(frozen=True, eq=False)
class _Duel:
    """One of the two chances on held-out rows, as the candidate tells it, and as base rates and the champion do."""

    name: str
    person: Indices
    weight: Floats
    outcome: Floats
    candidate: Floats
    bases: Mapping[str, Floats]
    champion: Floats | None


def _relevance(
    candidate: MatchArtefact, champion: MatchArtefact | None, seen: Interactions, held_out: Interactions
) -> _Duel:
    """Each row where it stood. One of the base rates knows the position too, so that knowing it alone wins nothing."""
    known = seen.only(~seen.is_test)
    rates = _rates(known)[_place(held_out)]
    return _Duel(
        "relevance",
        held_out.person,
        held_out.weight,
        held_out.applied.astype(float),
        candidate.chances(held_out.rows)[1],
        {"usual": _usual(known, known.applied, len(held_out)), "position": rates},
        champion.chances(held_out.rows)[1] if champion else None,
    )


def _odds(
    candidate: MatchArtefact, champion: MatchArtefact | None, seen: Interactions, held_out: Interactions
) -> _Duel:
    known, here = seen.only(~seen.is_test & seen.decided), held_out.only(held_out.decided)
    bases = {"usual": _usual(known, known.approved, len(here))}
    mine, theirs = (model.chances(here.rows)[0] if model else None for model in (candidate, champion))
    assert mine is not None
    return _Duel("odds", here.person, here.weight, here.approved.astype(float), mine, bases, theirs)


def _usual(known: Interactions, outcome: Flags, rows: int) -> Floats:
    return np.full(rows, np.average(outcome, weights=known.weight))


def _rates(known: Interactions) -> Floats:
    """How often was applied at each position; one impression more at the usual rate, so that no rate is 0 or 1."""
    usual = np.average(known.applied, weights=known.weight)
    applied = np.bincount(_place(known), known.weight * known.applied, POSITIONS_APART)
    return np.asarray((applied + usual) / (np.bincount(_place(known), known.weight, POSITIONS_APART) + 1))


def _place(seen: Interactions) -> Indices:
    return np.minimum(seen.rows[:, COLUMNS.index(POSITION)], POSITIONS_APART - 1).astype(np.intp)


@dataclass(frozen=True)
class _Verdict:
    failures: tuple[str, ...]
    figures: dict[str, Any]


def _verdict(duel: _Duel, seed: int) -> _Verdict:
    mine = losses(duel.outcome, duel.candidate)
    rivals = {**duel.bases} | ({} if duel.champion is None else {"champion": duel.champion})
    against = {name: losses(duel.outcome, chances) for name, chances in rivals.items()}
    gaps = _gaps(duel, {name: mine - theirs for name, theirs in against.items()}, seed)
    error = ece(duel.outcome, duel.candidate, duel.weight)
    low, high = noise_band(duel.candidate, duel.weight, seed=seed)
    noise = (low + high) / 2 + ONE_IN_A_THOUSAND * (high - low) / 2
    figures = {
        "rows": len(mine),
        "logloss": round(float(np.average(mine, weights=duel.weight)), 5),
        "differences": {name: [round(each, 5) for each in gap] for name, gap in gaps.items()},
        "ece": round(error, 5),
        "eceNoise": round(noise, 5),
    }
    failures = [*_worse(duel, gaps, against), *_uncalibrated(duel, error, noise)]
    return _Verdict(tuple(failures), figures)


def _gaps(duel: _Duel, differences: Mapping[str, Floats], seed: int) -> dict[str, tuple[float, float, float]]:
    """Mean difference of the log-loss, and its 95 % interval over resampled people."""
    person = np.unique(duel.person, return_inverse=True)[1]
    columns = [duel.weight, *(duel.weight * each for each in differences.values())]
    sums = np.column_stack([np.bincount(person, column) for column in columns])
    rng = np.random.default_rng(seed)
    drawn = np.array([rng.poisson(1.0, len(sums)) @ sums for _ in range(DRAWS)])
    found = {}
    for place, name in enumerate(differences, start=1):
        middle = float(sums[:, place].sum() / sums[:, 0].sum())
        found[name] = (middle, *interval((drawn[:, place] / np.maximum(drawn[:, 0], 1e-12)).tolist()))
    return found


def _worse(duel: _Duel, gaps: Mapping[str, tuple[float, float, float]], against: Mapping[str, Floats]) -> Iterator[str]:
    for rival, (middle, low, high) in gaps.items():
        told = f"log-loss {middle:+.4f}, 95 % interval {low:+.4f} to {high:+.4f}"
        if rival == "champion":
            if high > TOLERANCE * np.average(against[rival], weights=duel.weight):
                yield f"Its {duel.name} is not measurably as good as the champion's: {told}."
        elif high >= 0:
            yield f"Its {duel.name} is not measurably better than the {rival} rate: {told}."


def _uncalibrated(duel: _Duel, error: float, noise: float) -> Iterator[str]:
    if error <= noise + ECE_TOLERANCE:
        return
    if duel.champion is None or error > ece(duel.outcome, duel.champion, duel.weight):
        yield f"Its {duel.name} is not calibrated: an ECE of {error:.4f}, where chance makes at most {noise:.4f}."


def _bands(candidate: MatchArtefact) -> Iterator[tuple[str, list[int]]]:
    for band, told in candidate.tested.items():
        yield band.value, [told.approved, told.decided]


def _broken(bands: Mapping[str, list[int]]) -> Iterator[str]:
    """A band that has enough evidence must keep what it says; one that has not is not shown."""
    for band, promise in PROMISES.items():
        approved, decided = bands[band.value]
        if decided >= evidence.DECIDED_MIN and not evidence.holds(approved, decided, promise):
            yield f"Its band {band.value} does not keep its word: {approved} of {decided} were approved."
