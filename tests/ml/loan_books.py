"""Small loan books, made from a seed, whose truth is known."""

from typing import Any

import numpy as np
import pandas as pd

from ml.books.describing import Description, parse

DESCRIPTION: dict[str, Any] = {
    "target": "defaulted",
    "bad": ["1"],
    "sensitive": ["sex"],
    "missing": {"*": ["-9"]},
    "monotone": {"income": "decreasing", "delays": "increasing"},
}


def described(**changes: Any) -> Description:
    return parse({**DESCRIPTION, **changes})


def loan_book(rows: int = 800, *, seed: int = 1) -> pd.DataFrame:
    """Loans as a CSV file would give them: every cell is text. About one in four went bad."""
    rng = np.random.default_rng(seed)
    income = np.exp(rng.normal(9, 0.5, rows)).round()
    delays = rng.poisson(0.6, rows)
    purpose = rng.choice(["car", "home", "study"], rows)
    log_odds = -1.7 - 1.2 * (np.log(income) - 9) + 0.8 * delays + 0.6 * (purpose == "car")
    return pd.DataFrame(
        {
            "income": income.astype(int).astype(str),
            "delays": np.where(rng.random(rows) < 0.1, -9, delays).astype(str),
            "noise": rng.normal(0, 1, rows).round(4).astype(str),
            "purpose": purpose,
            "sex": rng.choice(["f", "m"], rows),
            "defaulted": (rng.random(rows) < 1 / (1 + np.exp(-log_odds))).astype(int).astype(str),
        },
        dtype=object,
    )
