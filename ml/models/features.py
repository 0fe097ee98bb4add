"""Every feature of the models, defined once: training, live scoring and batch all read it here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import copysign, inf, isnan

import numpy as np
from numpy.typing import NDArray

from domain.facts.sheets import FactSheet, FactValue
from domain.facts.vocabulary import VOCABULARY, FactGroup, FactType
from infra.words import N_

Value = float | str | None
Matrix = NDArray[np.float64]
# Of what is owed or spent against what there is; more tells nothing more, and a base of nothing leads here.
RATIO_MAX = 3.0


@dataclass(frozen=True)
class Feature:
    """A fact, or the ratio of two. `risk`: +1 when more of it means more risk, -1 when less, 0 when it can be either."""

    name: str
    group: FactGroup
    label: str
    unit: str
    risk: int
    fact: str
    over: str | None = None
    times: float = 1.0  # the ratio is fact / (times * over)

    @property
    def facts(self) -> tuple[str, ...]:
        return (self.fact,) if self.over is None else (self.fact, self.over)

    @property
    def is_category(self) -> bool:
        return VOCABULARY[self.fact].type is FactType.TEXT


# Age, sex, place and friends are no inputs, whatever a loan book holds.
NEVER = frozenset({"identity.checked", "profile.birth_date", "profile.region", "social.contacts"})

_RISK = {
    "account.real_name": -1,
    "account.age_months": -1,
    "repayment.delay_months": +1,
    "repayment.on_time_24m": -1,
    "repayment.late_24m": +1,
    "repayment.worst_delay_days": +1,
    "repayment.bills_on_time_rate": -1,
    "repayment.bill_months": -1,
    "credit.limit": -1,
    "credit.open_loans": +1,
    "credit.applications_90d": +1,
    "income.monthly_inflow": -1,
    "income.stability": -1,
    "income.buffer_days": -1,
    "shopping.active_months_12m": -1,
    "shopping.return_rate": +1,
    "shopping.spend_variation": +1,
    "social.address_stability_months": -1,
}

_RATIOS = (
    Feature(
        name="credit.burden",
        group=FactGroup.ABILITY,
        label=N_("Debt against a year's income"),
        unit="share",
        risk=+1,
        fact="credit.outstanding",
        over="income.monthly_inflow",
        times=12,
    ),
    Feature(
        name="credit.utilisation",
        group=FactGroup.ABILITY,
        label=N_("Share of the credit limit in use"),
        unit="share",
        risk=+1,
        fact="credit.outstanding",
        over="credit.limit",
    ),
    Feature(
        name="shopping.spend_share",
        group=FactGroup.ABILITY,
        label=N_("Shopping against income"),
        unit="share",
        risk=+1,
        fact="shopping.monthly_spend",
        over="income.monthly_inflow",
    ),
)


def _plain(name: str) -> Feature:
    kind = VOCABULARY[name]
    return Feature(name, kind.group, kind.label, kind.unit, _RISK.get(name, 0), name)


FEATURES: dict[str, Feature] = {name: _plain(name) for name in VOCABULARY if name not in NEVER}
FEATURES |= {feature.name: feature for feature in _RATIOS}

# What the built-in model reads. How much one chats or buys is left out: it says nothing of how one repays. What one
# says of oneself is left out too: nobody should gain by exaggerating.
STANDARD: tuple[str, ...] = (
    "account.real_name",
    "account.age_months",
    "social.address_stability_months",
    "repayment.delay_months",
    "repayment.on_time_24m",
    "repayment.late_24m",
    "repayment.worst_delay_days",
    "repayment.bills_on_time_rate",
    "repayment.bill_months",
    "income.monthly_inflow",
    "income.stability",
    "income.buffer_days",
    "credit.burden",
    "credit.utilisation",
    "shopping.spend_share",
    "credit.open_loans",
    "credit.applications_90d",
    "shopping.return_rate",
    "shopping.spend_variation",
)


def vector(sheet: FactSheet, names: Sequence[str] = STANDARD) -> tuple[Value, ...]:
    """The sheet's features in the order of `names`; None where unknown."""
    return tuple(_value(FEATURES[name], sheet.values) for name in names)


def matrix(columns: Mapping[str, Matrix], names: Sequence[str] = STANDARD) -> Matrix:
    """Features of many people at once: facts by column, NaN where unknown, to one column per feature."""
    return np.column_stack([_column(FEATURES[name], columns) for name in names])


def _value(feature: Feature, values: Mapping[str, FactValue]) -> Value:
    known = values.get(feature.fact)
    if known is None or feature.over is None:
        return known if known is None or isinstance(known, str) else float(known)  # type: ignore[arg-type]
    base = values.get(feature.over)
    if base is None:
        return None
    return _ratio_of(float(known), feature.times * float(base))  # type: ignore[arg-type]


def _ratio_of(known: float, base: float) -> float | None:
    """As `_ratio`, of one person, to the last bit; None where it is not a number."""
    if not base >= 0:
        return None
    ratio = (known * copysign(inf, base) if known else 0.0) if base == 0 else known / base
    return None if isnan(ratio) else min(ratio, RATIO_MAX)


def _column(feature: Feature, columns: Mapping[str, Matrix]) -> Matrix:
    known = columns[feature.fact]
    if feature.over is None:
        return known
    return _ratio(feature, known, columns[feature.over])


def _ratio(feature: Feature, known: Matrix, base: Matrix) -> Matrix:
    """Zero is known: whoever owes on a limit of nothing has used all of it and more, and nothing of nothing is nothing."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where((base == 0) & (known == 0), 0.0, known / (feature.times * base))
    return np.where(base >= 0, np.minimum(ratio, RATIO_MAX), np.nan)
