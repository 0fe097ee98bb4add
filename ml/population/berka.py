"""Berka: a question asked of real people: does account history help? On the PKDD'99 (Berka) loans of a Czech bank.

The folder holds `loans.csv.gz`, `transactions_354_loans.csv.gz`, `account.csv.gz` and `district.csv.gz` as published,
with dates as YYMMDD. Only what happened before a loan was granted is looked at.
"""

import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml.population.lift import DRAWING, DRAWS, Figure, Progress, bootstrapped, figure, silent

Floats = NDArray[np.float64]
FOLDS, REPEATS = 5, 5
APPLICATION, HISTORY = ("application",), ("application", "history")


@dataclass(frozen=True)
class BerkaLift:
    """Cross-validated, not out of time. Few loans went bad, so every interval is wide."""

    loans: int
    bads: int
    application: Figure  # AUC
    with_history: Figure
    auc: Figure  # the difference on the same loans
    logloss: Figure

    @property
    def helps(self) -> bool:
        return self.auc.low > 0 and self.logloss.low > 0


class NotBerka(Exception):
    """The folder holds something else. Its words say what."""


def on_real_people(folder: Path, progress: Progress = silent, *, seed: int, draws: int = DRAWS) -> BerkaLift:
    """Raises NotBerka where a file is missing, or is not as it was published."""
    progress("Reading what was published", 0.0)
    try:
        loans = _loans(folder)
        application, history = _application(loans, folder), _history(loans, folder)
        bad = loans["bad"].to_numpy() == 1
    except OSError as error:
        raise NotBerka(f"{error.filename or folder} can't be read") from error
    except (KeyError, ValueError, IndexError, AttributeError, EOFError, zlib.error) as error:
        raise NotBerka(f"the files in {folder} are not as they were published") from error
    progress("Testing without account history", 0.2)
    said: dict[tuple[str, ...], Floats] = {APPLICATION: _cross_validated(application, bad, seed)}
    progress("Testing with account history", 0.5)
    said[HISTORY] = _cross_validated(np.column_stack([application, history]), bad, seed)
    progress(DRAWING, 0.8)
    told = bootstrapped(bad, said, seed=seed, draws=draws)
    return BerkaLift(
        loans=len(bad),
        bads=int(bad.sum()),
        application=figure(told.auc[APPLICATION]),
        with_history=figure(told.auc[HISTORY]),
        auc=figure(told.auc[HISTORY] - told.auc[APPLICATION]),
        logloss=figure(told.gain[HISTORY] - told.gain[APPLICATION]),
    )


def _loans(folder: Path) -> pd.DataFrame:
    loans = pd.read_csv(folder / "loans.csv.gz", dtype={"date": str})
    loans = loans[loans["has_raw_trans"] == 1].reset_index(drop=True)
    return loans.assign(granted=_day(loans["date"]))


def _application(loans: pd.DataFrame, folder: Path) -> Floats:
    """What the person asks for, and where they live: all that is known of somebody without an account."""
    accounts = pd.read_csv(folder / "account.csv.gz", dtype={"date": str})
    districts = pd.read_csv(folder / "district.csv.gz", na_values="?", skipinitialspace=True)
    districts = districts.rename(columns=str.strip)
    known = loans.merge(accounts[["account_id", "district_id"]], on="account_id", how="left").merge(
        districts, left_on="district_id", right_on="code", how="left"
    )
    columns = [
        "amount",
        "duration",
        "payments",
        "average salary",
        "unemploymant rate '96",
        "ratio of urban inhabitants",
    ]
    return known[columns].to_numpy(float)


def _history(loans: pd.DataFrame, folder: Path) -> Floats:
    """How the account was used up to the day before the loan."""
    moves = pd.read_csv(folder / "transactions_354_loans.csv.gz", dtype={"date": str}, low_memory=False)
    moves = moves.assign(day=_day(moves["date"])).merge(loans[["account_id", "granted", "payments"]], on="account_id")
    before = moves[moves["day"] < moves["granted"]].sort_values(["account_id", "day", "trans_id"])
    told = {account: _habits(rows) for account, rows in before.groupby("account_id")}
    nothing = [np.nan] * len(_habits(before.iloc[:1]))
    return np.array([told.get(account, nothing) for account in loans["account_id"]], float)


def _habits(rows: pd.DataFrame) -> list[float]:
    """The facts of the vocabulary as far as they can be told: inflow, steadiness, savings, delays."""
    days = max(1, int((rows["granted"].iloc[0] - rows["day"].iloc[0]).days))
    credit = rows.loc[rows["type"] == "credit", "amount"]
    by_month = rows[rows["type"] == "credit"].groupby(rows["day"].dt.to_period("M"))["amount"].sum()
    inflow = float(credit.sum()) / days * 30
    balance = rows["balance"]
    payment = float(rows["payments"].iloc[0])
    return [
        days,
        inflow,
        float(by_month.std(ddof=0) / by_month.mean()) if len(by_month) and by_month.mean() else np.nan,
        float(balance.min()),
        float(balance.mean()),
        float(balance.iloc[-1]),
        float(balance.std(ddof=0)),
        float((balance < 1_000).mean()),
        float((rows["k_symbol"] == "sanction interest if negative balance").any()),
        payment / max(inflow, 1.0),
        float(balance.mean()) / max(payment, 1.0),
    ]


def _day(text: pd.Series) -> Any:
    return pd.to_datetime("19" + text.str.zfill(6), format="%Y%m%d")


def _cross_validated(features: Floats, bad: NDArray[np.bool_], seed: int) -> Floats:
    """Log-odds by a model that had not seen the loan, means over repeated folds."""
    from catboost import CatBoostClassifier
    from sklearn.model_selection import StratifiedKFold

    said = np.zeros(len(bad))
    for repeat in range(REPEATS):
        for learn, test in StratifiedKFold(FOLDS, shuffle=True, random_state=seed + repeat).split(features, bad):
            model = CatBoostClassifier(
                iterations=100,
                depth=3,
                learning_rate=0.05,
                random_seed=seed,
                thread_count=2,
                allow_writing_files=False,
                verbose=False,
            ).fit(features[learn], bad[learn])
            said[test] += np.asarray(model.predict(features[test], prediction_type="RawFormulaVal"), float) / REPEATS
    return said
