"""The simulated people's loans as a book: what was known of each person by what they linked, and how the loan ended."""

from collections.abc import Mapping
from hashlib import sha256

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml.books.book import Book
from ml.books.describing import Description
from ml.models.artefact import Input
from ml.models.features import FEATURES, STANDARD
from ml.population.people import Flags
from ml.population.simulating import Population

Floats = NDArray[np.float64]

TARGET = "bad"

# Trees read a missing number as the smallest. Where more is held to be better, that alone would make the unknown the
# worst of all; these let it be itself. One for each set of facts that comes and goes together.
FLAGS = tuple(
    Input(f"{name} = missing", column=name, code="", low=0.0, high=1.0)
    for name in (
        "account.real_name",
        "account.age_months",
        "social.address_stability_months",
        "repayment.worst_delay_days",
        "repayment.bills_on_time_rate",
        "income.monthly_inflow",
        "income.buffer_days",
        "credit.utilisation",
        "shopping.return_rate",
    )
)

DESCRIPTION = Description(
    target=TARGET,
    bad=("1",),
    monotone={name: 1 if FEATURES[name].risk > 0 else -1 for name in STANDARD if FEATURES[name].risk},
    facts={name: name for name in STANDARD},
    simulated=True,
)


def loan_book(population: Population, *links: Mapping[str, Flags]) -> Book:
    """The loans whose outcome is known, once for each way to link."""
    known = np.flatnonzero(population.outcome_known)
    features = with_flags(np.concatenate([population.features(linked)[known] for linked in links]))
    people = np.concatenate([known] * len(links))
    bad = population.bad[people].astype(float)
    inputs = tuple(_input(name, features[:, index]) for index, name in enumerate(STANDARD)) + FLAGS
    return Book(
        description=DESCRIPTION,
        inputs=inputs,
        frame=pd.DataFrame(features, columns=[each.name for each in inputs]),
        bad=bad,
        weights=np.ones(len(bad)),
        groups=people.astype(np.int64),
        data_hash=sha256(features.tobytes() + bad.tobytes()).hexdigest()[:16],
    )


def with_flags(features: Floats) -> Floats:
    """All inputs of the model, from the standard features."""
    return np.column_stack([features, *(np.isnan(features[:, STANDARD.index(flag.column)]) for flag in FLAGS)])


def _input(name: str, column: Floats) -> Input:
    risk = FEATURES[name].risk
    return Input(
        name,
        monotone=1 if risk > 0 else -1 if risk < 0 else 0,
        fact=name,
        low=float(np.nanmin(column)),
        high=float(np.nanmax(column)),
    )
