"""Descriptions of loan books, good and bad."""

from pathlib import Path
from typing import Any

import pytest

from ml.books.describing import parse, read
from ml.books.findings import BookRefused

CONTRACT = Path(__file__).parents[2] / "contract" / "book.toml"


def test_the_contract_s_own_description_is_understood() -> None:
    found = read(CONTRACT)
    assert found.target == "default payment next month"
    assert found.bad == ("1",)
    assert found.features is None
    assert found.exclude == ("ID",)
    assert found.sensitive == ("SEX", "AGE")
    assert not found.use_sensitive
    assert found.monotone == {"LIMIT_BAL": -1, "PAY_0": 1}
    assert found.codes_of("PAY_0") == ("-9", "-8", "-7")
    assert found.facts == {}


def test_sentinel_codes_and_facts_are_told_by_column() -> None:
    found = parse(
        {
            "target": "y",
            "bad": ["1"],
            "missing": {"*": ["-9"], "PAY_0": [99]},
            "facts": {"PAY_0": "repayment.delay_months"},
        }
    )
    assert found.codes_of("PAY_0") == ("-9", "99")
    assert found.codes_of("other") == ("-9",)
    assert found.facts == {"PAY_0": "repayment.delay_months"}


def test_values_may_be_written_without_quotes() -> None:
    assert parse({"target": "y", "bad": 1}).bad == ("1",)
    assert parse({"target": "y", "bad": [True]}).bad == ("true",)


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ({"bad": ["1"]}, "`target` is needed"),
        ({"target": "y"}, "`bad` is needed"),
        ({"target": "y", "bad": ["1"], "excluded": ["a"]}, "`excluded` is no key of a description"),
        ({"target": "y", "bad": ["1"], "monotone": {"a": "up"}}, 'must be "increasing" or "decreasing"'),
        ({"target": "y", "bad": ["1"], "missing": ["-9"]}, r"\[missing\] must be a table"),
        ({"target": ["y"], "bad": ["1"]}, "`target` must be one text"),
        ({"target": "y", "bad": ["1"], "grades": [0.2, 0.1, 0.3]}, "three rising probabilities"),
    ],
)
def test_what_is_wrong_is_named(written: dict[str, Any], why: str) -> None:
    with pytest.raises(BookRefused, match=why):
        parse(written)


def test_a_file_that_is_no_toml_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "book.toml"
    path.write_text("target: y", encoding="utf-8")
    with pytest.raises(BookRefused, match=r"book\.toml can't be read"):
        read(path)
