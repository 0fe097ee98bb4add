"""From facts to a score: the live model behind the port `Scorer`."""

from collections.abc import Mapping, Sequence

import numpy as np

from domain.credit.grades import Grade
from domain.credit.scoring import NotEnoughKnown, Scored
from domain.facts.sheets import FactSheet
from infra.database import Db
from infra.words import N_
from ml.live import store
from ml.live.serving import Live, live_scorer_model
from ml.models.artefact import Artefact, ArtefactError
from ml.models.features import Value
from ml.models.scale import pd_of, points_of
from ml.score.carrying import NOTHING, Carried, carried_by, carried_in
from ml.score.explaining import explained, factors
from ml.score.fitting import Row, fit, is_thin, never_judged, outside, row_of
from ml.score.reasons import against, by_feature, principal
from ml.score.together import score_together

NOTHING_LINKED = NotEnoughKnown(
    "NOTHING_LINKED",
    N_("You have no score yet, because no account is linked."),
    N_("Link one account and your score is here within seconds."),
)
THIN = NotEnoughKnown(
    "THIN",
    N_("Your linked accounts tell too little for a score, and we do not guess."),
    N_("Link an account that shows your bills, instalments or income, and we look again at once."),
)
OUT_OF_RANGE_MESSAGE = N_("Your linked accounts tell something that we cannot judge, and we do not guess.")
OUT_OF_RANGE_HELP = N_("Link the account again so that it is read anew, or link another one.")


class LiveScorer:
    def __init__(self, live: Live[Artefact] | None = None) -> None:
        self._live = live or live_scorer_model()

    @property
    def model_version(self) -> str:
        return self.model().version

    def model(self) -> Artefact:
        model = self._live.current()
        if model is None:
            raise ArtefactError("No score model is live.")
        return model

    def warm(self) -> None:
        model = self.model()
        scored(model, tuple(None for _ in model.inputs))

    async def catch_up(self, db: Db) -> None:
        await self._live.catch_up(db)

    async def keep_up(self, db: Db) -> None:
        await self._live.keep_up(db)

    def score(self, sheet: FactSheet) -> Scored | NotEnoughKnown:
        return score_with(self.model(), sheet)

    def score_many(self, sheets: Sequence[FactSheet]) -> list[Scored | NotEnoughKnown]:
        return score_all_with(self.model(), sheets)

    def points(self, sheet: FactSheet) -> int | None:
        model = self._live.current()
        return None if model is None else points_with(model, sheet)


def score_with(artefact: Artefact, sheet: FactSheet) -> Scored | NotEnoughKnown:
    return score_all_with(artefact, [sheet])[0]


def score_all_with(artefact: Artefact, sheets: Sequence[FactSheet]) -> list[Scored | NotEnoughKnown]:
    """Score many with one call of the model, and those about whom there is something unusual with another."""
    answers = score_together(artefact, sheets)
    alone = iter(_score_apart(artefact, [sheets[index] for index, answer in enumerate(answers) if answer is None]))
    return [answer or next(alone) for answer in answers]


def _score_apart(artefact: Artefact, sheets: Sequence[FactSheet]) -> list[Scored | NotEnoughKnown]:
    rows = [row_or_why_not(artefact, sheet) for sheet in sheets]
    asked = [(row, carried_by(sheet)) for row, sheet in zip(rows, sheets, strict=True) if isinstance(row, tuple)]
    told = iter(scored_all(artefact, [row for row, _ in asked], [carried for _, carried in asked]))
    return [row if isinstance(row, NotEnoughKnown) else next(told) for row in rows]


def points_with(artefact: Artefact, sheet: FactSheet) -> int:
    """Beyond the ends of the scale too, and however little is known."""
    told = explained(artefact, np.array([fit(artefact, row_of(artefact, sheet))], dtype=object))
    return round(points_of(float(told.log_odds[0]))) - sheet.points_carried


def row_or_why_not(artefact: Artefact, sheet: FactSheet) -> Row | NotEnoughKnown:
    if not sheet.linked_sources:
        return NOTHING_LINKED
    row = row_of(artefact, sheet)
    if is_thin(artefact, row) or never_judged(artefact, row):
        return THIN
    odd = outside(artefact, sheet, row)
    if odd is not None:
        return NotEnoughKnown("OUT_OF_RANGE", OUT_OF_RANGE_MESSAGE, OUT_OF_RANGE_HELP, {"fact": odd})
    return row


def scored(artefact: Artefact, row: Row, carried: Carried = NOTHING) -> Scored:
    """What the model makes of one row; the same row, artefact and points carried always give the same answer."""
    return scored_all(artefact, [row], [carried])[0]


def scored_all(artefact: Artefact, rows: Sequence[Row], carried: Sequence[Carried]) -> list[Scored]:
    if not rows:
        return []
    told = explained(artefact, np.array([fit(artefact, row) for row in rows], dtype=object))
    each = zip(rows, told.log_odds.tolist(), told.effects.tolist(), carried, strict=True)
    return [_scored(artefact, row, told.base, log_odds, effects, more) for row, log_odds, effects, more in each]


def _scored(
    artefact: Artefact, row: Row, base: float, log_odds: float, effects: list[float], carried: Carried
) -> Scored:
    base_points, groups = factors(artefact, row, base, effects, log_odds, carried.points)
    points = base_points + sum(factor.effect for factor in groups)
    return Scored(
        probability=pd_of(points),
        points=points,
        grade=Grade(artefact.cuts.grade(points)),
        base_points=base_points,
        factors=groups,
        reasons=principal(by_feature(artefact, row, against(artefact, effects)), carried.reasons),
        vector={each.name: value for each, value in zip(artefact.inputs, row, strict=True)} | carried.vector,
        model_version=artefact.version,
        simulated=artefact.simulated,
    )


async def replayed(db: Db, vector: Mapping[str, Value], model_version: str) -> Scored:
    """A score of the past, worked out again from its stored vector. Raises ArtefactError when that model is gone."""
    artefact = await store.load_score(db, model_version)
    inputs, carried = carried_in(vector)
    missing = [each.name for each in artefact.inputs if each.name not in inputs]
    if missing or len(inputs) != len(artefact.inputs):
        raise ArtefactError(f"The vector is not one of model {model_version}.")
    return scored(artefact, tuple(inputs[each.name] for each in artefact.inputs), carried)
