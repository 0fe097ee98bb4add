"""Which products suit a person: the live models behind the port `Matcher`."""

from collections.abc import Collection, Mapping, Sequence

from domain.credit.reasons import Reason
from domain.credit.scoring import Scored
from domain.facts.sheets import FactSheet
from domain.market.arrays import Indices
from domain.matching.cheapest import cheapest_first
from domain.matching.matcher import Candidates, OddsBand, Ranking, RankingWeight, Tested
from domain.matching.odds import reliability
from infra.database import Db
from ml.live.serving import Live, live_matcher_model
from ml.matchers import explaining
from ml.matchers.ranking import ranked
from ml.matchers.values import WEIGHTS, Weights
from ml.models.matcher import MatchArtefact
from ml.models.pairs import INPUTS, of_candidates

CHEAPEST = "cheapest-first"


class LiveMatcher:
    """The matcher that is live. Where none has been trained yet, the cheapest comes first, and nothing is guessed of anybody."""

    def __init__(self, live: Live[MatchArtefact] | None = None, weights: Weights = WEIGHTS) -> None:
        self._live, self._weights = live or live_matcher_model(), weights

    @property
    def model_version(self) -> str:
        model = self._live.current()
        return f"{model.version}+{self._weights.version}" if model else CHEAPEST

    @property
    def is_simulated(self) -> bool:
        model = self._live.current()
        return model is not None and model.simulated

    @property
    def weights(self) -> tuple[RankingWeight, ...]:
        return self._weights.written() if self._live.current() else ()

    @property
    def tested(self) -> Mapping[OddsBand, Tested]:
        model = self._live.current()
        return model.tested if model else {}

    def warm(self) -> None:
        if model := self._live.current():
            model.warm()

    async def catch_up(self, db: Db) -> None:
        await self._live.catch_up(db)

    async def keep_up(self, db: Db) -> None:
        await self._live.keep_up(db)

    def rank(self, sheet: FactSheet, scored: Scored | None, candidates: Candidates) -> Ranking:
        model = self._live.current()
        if model is None or not len(candidates):
            return cheapest_first(candidates)
        rows = of_candidates(sheet, scored, candidates)
        return ranked(model, self._weights, rows, is_scored=scored is not None)

    def band(self, odds: float) -> OddsBand:
        return reliability.band_of(odds)

    def reasons(
        self,
        sheet: FactSheet,
        scored: Scored | None,
        candidates: Candidates,
        shown: Indices,
        kept: Collection[OddsBand],
    ) -> list[tuple[Reason, ...]]:
        rows = of_candidates(sheet, scored, candidates)
        return explaining.reasons(self._live.current(), self._weights, rows, scored, candidates, shown, kept)

    def rows(
        self, sheet: FactSheet, scored: Scored | None, candidates: Candidates, shown: Indices
    ) -> Sequence[Mapping[str, float | None]]:
        rows = of_candidates(sheet, scored, candidates.only(shown))[:, : len(INPUTS)]
        # Equal to itself is what NaN is not.
        told = [[value if value == value else None for value in row] for row in rows.tolist()]
        return [dict(zip(INPUTS, row, strict=True)) for row in told]
