"""What is too good to be true in a table of interactions: columns that know the label, and models that hardly ever err."""

from collections.abc import Iterator

import numpy as np

from ml.figures.metrics import Ranked
from ml.ranking.table import Flags, Floats, RankingColumn, Table

AUC_MAX = 0.95
# An NDCG@5 that no honest table of interests has reached where popularity alone does not come near it.
NDCG_MAX, POPULARITY_NEAR = 0.97, 0.05


def leaks(table: Table) -> Iterator[tuple[str, float]]:
    """Columns that alone tell what is liked from what is not, and how well."""
    hit = (table.label > 0).astype(float)[table.is_asked]
    for column in table.columns:
        auc = _alone(column, table.is_asked, hit)
        if auc > AUC_MAX:
            yield column.name, auc


def is_too_good(chosen: float, popularity: float) -> bool:
    """Whether a ranker is too good to be true, by NDCG@5 on users whom nothing has learned from."""
    return chosen > NDCG_MAX and popularity < chosen - POPULARITY_NEAR


def _alone(column: RankingColumn, asked: Flags, hit: Floats) -> float:
    """The AUC of a ranking by this column alone, learned on one half of the rows and told on the other."""
    values = column.values[asked]
    if column.kind == "category":
        values = _rates(values, hit)
    known = ~np.isnan(values)
    if not known.any() or hit[known].min() == hit[known].max():
        return 0.5
    auc = Ranked(hit[known], values[known]).auc(np.ones(int(known.sum())))
    return 0.5 + abs(auc - 0.5) * float(known.mean())


def _rates(levels: Floats, hit: Floats) -> Floats:
    code = levels.astype(np.int64) + 1
    half = np.random.default_rng(0).random(len(code)) < 0.5
    rates = np.empty(len(code))
    for here in (half, ~half):
        rows = np.bincount(code[~here], minlength=code.max() + 1)
        hits = np.bincount(code[~here], hit[~here], minlength=code.max() + 1)
        rates[here] = ((hits + 5 * hit.mean()) / (rows + 5))[code[here]]
    return rates
