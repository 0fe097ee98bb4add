"""The watch as a whole: what the page and the metrics tell of the live model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from infra import clock
from infra.database import Db
from ml.figures.drift import FOUR_FIFTHS, Alarm, GradeTruth, Share, Shift
from ml.figures.metrics import psi
from ml.live import approvals
from ml.live.registry import ModelStanding, standing
from ml.live.serving import live_scorer_model
from ml.live.store import ModelKind
from ml.models.artefact import Artefact, ArtefactError
from ml.models.features import FEATURES
from ml.models.scale import GRADES
from ml.promotion import challenging
from ml.promotion.challenging import SideBySide
from ml.watching import bins, snapshots

# Below this, chance alone moves the index past 0.10: the 95 % point of chi-square with ten degrees of freedom is 18.3.
SCORES_MIN = 200
SCORED, UNSCORED = "READY", ("THIN", "OUT_OF_RANGE")

_live = live_scorer_model()


@dataclass(frozen=True)
class Spread:
    """One input, or the score: its shares in training, and how many live scores fell into the same bins."""

    name: str
    label: str
    expected: tuple[float, ...]
    found: tuple[int, ...]

    @property
    def scores(self) -> int:
        return sum(self.found)

    @property
    def shares(self) -> tuple[float, ...]:
        return tuple(count / self.scores if self.scores else 0.0 for count in self.found)

    @property
    def psi(self) -> float | None:
        return psi(self.expected, self.shares) if self.scores else None

    @property
    def alarm(self) -> Alarm | None:
        """Whether it is time for an alarm; None where there are too few to tell."""
        if self.psi is None or self.scores < SCORES_MIN:
            return None
        return Shift(self.name, self.psi).alarm


@dataclass(frozen=True)
class GroupApprovals:
    """`ratio`: the approval rate over that of the group approved most."""

    column: str
    group: str
    approved: Share
    declined: Share
    ratio: float
    is_concern: bool  # below four fifths, and not by chance


@dataclass(frozen=True)
class GroupTruth:
    column: str
    group: str
    promised: float
    came: Share


@dataclass(frozen=True)
class BandTruth:
    """What was promised of a band of points, and what came of it."""

    points: int
    promised: float
    came: Share


@dataclass(frozen=True)
class Truth:
    """Calibration against outcomes that are known by now."""

    all: GradeTruth
    grades: tuple[GradeTruth, ...]
    bands: tuple[BandTruth, ...]


@dataclass(frozen=True)
class Watch:
    champion: Artefact
    standing: ModelStanding
    vouched_by: tuple[str, ...]
    days: int
    score: Spread
    inputs: tuple[Spread, ...]  # the most moved first
    taken_at: datetime | None
    scored: tuple[tuple[str, Share], ...]  # READY, THIN, OUT_OF_RANGE, of all whose accounts were looked at
    approvals: tuple[GroupApprovals, ...]
    truth: Truth | None
    group_truths: tuple[GroupTruth, ...]
    challenger: SideBySide | None


async def champion(db: Db) -> Artefact | None:
    """The model that scores people now. One that can't be read is refused here as there, and the old one stays."""
    await _live.keep_up(db)
    return _live.current()


async def _standing(db: Db, live: Artefact) -> ModelStanding:
    try:
        return await standing(db, ModelKind.SCORE)
    except ArtefactError:
        return ModelStanding(live.version)


async def _vouched_by(db: Db, version: str) -> tuple[str, ...]:
    return tuple(name for name, _ in (await approvals.vouchers(db, {version}))[version])


async def watch(db: Db, days: int) -> Watch | None:
    """Watch the live model; None where there is none."""
    live = await champion(db)
    if live is None:
        return None
    since = await clock.today(db) - timedelta(days=days - 1)
    spreads = _spreads(live, await bins.counts(db, live.version, since))
    taken, stands = await snapshots.latest(db), await _standing(db, live)
    return Watch(
        champion=live,
        standing=stands,
        vouched_by=await _vouched_by(db, live.version),
        days=days,
        score=spreads[bins.SCORE],
        inputs=tuple(sorted((each for name, each in spreads.items() if name != bins.SCORE), key=_most_moved)),
        taken_at=taken.taken_at if taken else None,
        scored=_scored(taken.standings if taken else {}),
        approvals=by_approvals(taken.decided if taken else []),
        truth=truth(live.version, taken.truths if taken else []),
        group_truths=tuple(
            GroupTruth(column, group, expected / people, Share(int(bad), people))
            for column, group, people, (bad, expected) in (taken.matured if taken else [])
        ),
        challenger=await challenging.side_by_side(db, stands.challenger) if stands.challenger else None,
    )


def _most_moved(spread: Spread) -> tuple[float, str]:
    return -(spread.psi or 0.0), spread.name


def _spreads(live: Artefact, found: Mapping[str, Mapping[int, int]]) -> dict[str, Spread]:
    """Flags are left out: they repeat what the last bin of their column tells."""
    profile, known = live.profile, live.profile.get("inputs", {})
    spreads = {
        each.name: _spread(each.name, each.fact or each.name, known[each.name], found.get(each.name, {}))
        for each in live.inputs
        if each.code is None and each.name in known
    }
    points = profile.get("log_odds", {"edges": [], "shares": []})
    return {**spreads, bins.SCORE: _spread(bins.SCORE, bins.SCORE, points, found.get(bins.SCORE, {}))}


def _spread(name: str, about: str, known: Mapping[str, Any], found: Mapping[int, int]) -> Spread:
    shares = tuple(bins.expected(known))
    label = FEATURES[about].label if about in FEATURES else about
    return Spread(name, label, shares, tuple(found.get(place, 0) for place in range(len(shares))))


def _scored(standings: Mapping[str, int]) -> tuple[tuple[str, Share], ...]:
    """Whoever has linked nothing was not looked at."""
    kinds = (SCORED, *UNSCORED)
    looked_at = sum(standings.get(kind, 0) for kind in kinds)
    return tuple((kind, Share(standings.get(kind, 0), looked_at)) for kind in kinds) if looked_at else ()


def by_approvals(lines: Sequence[Any]) -> tuple[GroupApprovals, ...]:
    shares = {(column, group): Share(int(approved), people) for column, group, people, (approved,) in lines}
    most = {
        column: max((share for (other, _), share in shares.items() if other == column), key=lambda share: share.rate)
        for column, _ in shares
    }
    return tuple(_approvals(*place, share, most[place[0]]) for place, share in shares.items())


def _approvals(column: str, group: str, approved: Share, most: Share) -> GroupApprovals:
    ratio = approved.rate / most.rate if most.rate else 1.0
    is_beyond_chance = approved.interval[1] < most.interval[0]
    return GroupApprovals(
        column=column,
        group=group,
        approved=approved,
        declined=Share(approved.count - approved.some, approved.count),
        ratio=ratio,
        is_concern=ratio < FOUR_FIFTHS and is_beyond_chance,
    )


def truth(version: str, lines: Sequence[Any]) -> Truth | None:
    """How one model's scores turned out; None where none of them has matured."""
    mine = [line[1:] for line in lines if line[0] == version]
    if not mine:
        return None
    by_grade = {grade: [line for line in mine if line[0] == grade] for grade in GRADES}
    by_band = {band: [line for line in mine if line[1] == band] for band in sorted({line[1] for line in mine})}
    return Truth(
        all=GradeTruth("", *_sum(mine)),
        grades=tuple(GradeTruth(grade, *_sum(some)) for grade, some in by_grade.items() if some),
        bands=tuple(BandTruth(band, *_sum(some)) for band, some in by_band.items()),
    )


def _sum(lines: Sequence[Any]) -> tuple[float, Share]:
    people = sum(line[2] for line in lines)
    return sum(line[4] for line in lines) / people, Share(sum(line[3] for line in lines), people)
