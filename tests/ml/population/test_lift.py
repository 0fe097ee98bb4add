"""Linking more accounts helps on the simulated people, and no help is claimed where there is none."""

import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import log_loss, roc_auc_score

from ml.models.artefact import Artefact
from ml.population.berka import NotBerka, on_real_people
from ml.population.lift import Figure, Lift, Lifts, bootstrapped, lifted, weighted_auc
from ml.population.parameters import NULL_WORLD
from ml.population.simulating import SOURCES, simulated


@pytest.fixture(scope="module")
def lifts(model: Artefact) -> Lifts:
    return lifted(model, simulated(60_000, seed=77), seed=1, draws=100)


def test_every_source_helps_on_top_of_any_other(lifts: Lifts) -> None:
    pairs = [one for one in lifts.lifts if len(one.to) == 1]
    assert len(pairs) == 6
    assert all(one.auc.low > 0 for one in pairs)


def test_all_three_are_better_than_any_one(lifts: Lifts) -> None:
    assert all(lifts.auc[SOURCES].value > lifts.auc[source,].value for source in SOURCES)


def test_a_model_of_the_null_world_claims_nothing(model: Artefact) -> None:
    """The model believes in its own world; where nothing is so, none of its sources helps."""
    nothing = lifted(model, simulated(20_000, seed=78, world=NULL_WORLD), seed=1, draws=100)
    assert not any(one.helps for one in nothing.lifts)
    assert all(figure.low < 0.5 for figure in nothing.auc.values())


@pytest.mark.parametrize(
    ("auc", "logloss", "helps"),
    [
        (Figure(0.02, 0.01, 0.03), Figure(0.01, 0.001, 0.02), True),
        (Figure(0.02, -0.01, 0.05), Figure(0.01, 0.001, 0.02), False),
        (Figure(0.02, 0.01, 0.03), Figure(0.01, 0.0, 0.02), False),
    ],
)
def test_a_source_helps_only_if_both_lower_bounds_are_above_zero(auc: Figure, logloss: Figure, helps: bool) -> None:
    assert Lift("oidc", ("wechat",), auc, logloss).helps is helps


def test_the_weighted_auc_is_the_usual_one_on_rows_repeated_as_often() -> None:
    rng = np.random.default_rng(3)
    bad, said = rng.random(200) < 0.3, np.round(rng.normal(size=200), 1)
    counts = rng.integers(0, 4, (3, 200)).astype(float)
    for row, told in zip(counts, weighted_auc(bad, said, counts), strict=True):
        again = np.repeat(np.arange(200), row.astype(int))
        assert told == pytest.approx(roc_auc_score(bad[again], said[again]))


def test_the_first_figure_is_that_of_the_people_as_they_are() -> None:
    rng = np.random.default_rng(4)
    bad, said = rng.random(300) < 0.3, rng.normal(size=300)
    told = bootstrapped(bad, {("x",): said}, seed=1, draws=5)
    assert told.auc["x",][0] == pytest.approx(roc_auc_score(bad, said))
    assert told.gain["x",][0] == pytest.approx(-log_loss(bad, 1 / (1 + np.exp(-said))))


class TestBerka:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        """Sixty invented loans: who goes bad lets the account run dry before, and never after the loan is granted."""
        rng = np.random.default_rng(5)
        number, bad = np.arange(60), np.arange(60) % 4 == 0
        pd.DataFrame(
            {
                "loan_id": number,
                "account_id": number + 100,
                "date": "970601",
                "amount": rng.integers(10_000, 90_000, 60),
                "duration": 12,
                "payments": 2_000,
                "bad": bad.astype(int),
                "has_raw_trans": 1,
            }
        ).to_csv(tmp_path / "loans.csv.gz", index=False)
        moves = [
            (
                trans,
                account + 100,
                f"97{month:02d}15",
                "credit",
                5_000,
                200 if bad[account] and month < 6 else 9_000,
                "",
            )
            for trans, (account, month) in enumerate((a, m) for a in number for m in (1, 2, 3, 4, 5, 7))
        ]
        columns = ["trans_id", "account_id", "date", "type", "amount", "balance", "k_symbol"]
        pd.DataFrame(moves, columns=columns).to_csv(tmp_path / "transactions_354_loans.csv.gz", index=False)
        pd.DataFrame({"account_id": number + 100, "district_id": 1, "date": "960101"}).to_csv(
            tmp_path / "account.csv.gz", index=False
        )
        district = {
            "code ": [1],
            "average salary ": [9_000],
            "unemploymant rate '96 ": ["?"],
            "ratio of urban inhabitants ": [60],
        }
        pd.DataFrame(district).to_csv(tmp_path / "district.csv.gz", index=False)
        return tmp_path

    def test_history_from_before_the_loan_helps(self, folder: Path) -> None:
        told = on_real_people(folder, seed=1, draws=100)
        assert (told.loans, told.bads) == (60, 15)
        assert told.with_history.value > 0.99
        assert told.helps

    def test_it_tells_how_far_it_is(self, folder: Path) -> None:
        told: list[float] = []
        on_real_people(folder, lambda label, done: told.append(done), seed=1, draws=10)
        assert told == [0.0, 0.2, 0.5, 0.8]

    @pytest.mark.parametrize(
        ("name", "spoilt"),
        [
            ("loans.csv.gz", b""),
            ("loans.csv.gz", gzip.compress(b"a,b\n1,2\n", mtime=0)),
            ("account.csv.gz", gzip.compress(b"account_id\nx\n", mtime=0)),
        ],
    )
    def test_other_files_are_a_sentence(self, folder: Path, name: str, spoilt: bytes) -> None:
        (folder / name).write_bytes(spoilt)
        with pytest.raises(NotBerka, match="are not as they were published"):
            on_real_people(folder, seed=1, draws=10)
        (folder / name).unlink()
        with pytest.raises(NotBerka, match=f"{name} can't be read"):
            on_real_people(folder, seed=1, draws=10)

    def test_what_happened_after_the_loan_is_not_looked_at(self, folder: Path) -> None:
        path = folder / "transactions_354_loans.csv.gz"
        moves = pd.read_csv(path, dtype={"date": str})
        leak = moves["date"] > "970601"
        moves.loc[leak, "balance"] = np.where(moves.loc[leak, "account_id"] % 4 == 0, -1e6, 1e6)
        moves.loc[~leak, "balance"] = 9_000
        moves.to_csv(path, index=False)
        assert not on_real_people(folder, seed=1, draws=100).helps
