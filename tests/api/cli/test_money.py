"""`longan money`: anybody's records, answered one by one; what is wrong is named, and what Longan does not do is said."""

import ast
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from api.cli import app

CONVENTION = {
    "method": "equal_instalment_declining_balance",
    "day_count": "act/365",
    "rounding": "half_up",
    "due_dates": "same_day_else_month_end",
}
LOAN = {
    "currency": "JPY",
    "principal": "100000",
    "annual_rate_percent": "15",
    "instalments": 2,
    "every": 1,
    "unit": "MONTHS",
    "start_date": "2024-01-31",
    "down_payment": None,
}
RECORD = {"id": "yen", "kind": "schedule", "convention": CONVENTION, "loan": LOAN, "events": []}


def ask(tmp_path: Path, what: str, records: Any) -> tuple[int, Any]:
    file = tmp_path / "records.json"
    file.write_text(json.dumps(records), "utf-8")
    ran = CliRunner().invoke(app, ["money", what, str(file), "--json"])
    return ran.exit_code, json.loads(ran.stdout)


def test_a_schedule_has_as_many_decimals_as_its_currency(tmp_path: Path) -> None:
    rows = [
        {"no": 1, "due_date": "2024-02-29", "principal": "49724", "interest": "1192", "total": "50916"},
        {"no": 2, "due_date": "2024-03-31", "principal": "50276", "interest": "641", "total": "50917"},
    ]
    code, answers = ask(tmp_path, "schedule", {"what": "an object that holds a list", "records": [RECORD]})
    nothing = {"fees": "0", "penalties": "0"}
    assert (code, [each["id"] for each in answers]) == (0, ["yen"])
    assert answers[0]["instalments"] == [row | nothing for row in rows]


@pytest.mark.parametrize(
    ("where", "name", "value", "field"),
    [
        ("loan", "principal", "1.5", ["loan", "principal"]),
        ("loan", "principal", "-5", ["loan", "principal"]),
        ("loan", "principal", "NaN", ["loan", "principal"]),
        ("loan", "principal", "1e999999999", ["loan", "principal"]),
        ("loan", "currency", "XXQ", ["loan", "currency"]),
        ("loan", "instalments", 0, ["loan", "instalments"]),
        ("loan", "instalments", 10**9, ["loan", "instalments"]),
        ("loan", "start_date", "2024-02-30", ["loan", "start_date"]),
        ("loan", "start_date", "9999-12-01", ["loan", "instalments"]),
        ("loan", "start_date", "0001-01-01x", ["loan", "start_date"]),
        ("loan", "annual_rate_percent", None, ["loan", "annual_rate_percent"]),
        ("loan", "down_payment", "100000", ["loan", "down_payment"]),
        ("convention", "decimals", 2.5, ["convention", "decimals"]),
        ("convention", "allocation_order", ["DUE_FEE"], ["convention", "allocation_order"]),
    ],
)
def test_a_malformed_record_is_refused_by_its_field_and_the_others_go_on(
    tmp_path: Path, where: str, name: str, value: object, field: list[str]
) -> None:
    inner = RECORD[where]
    assert isinstance(inner, dict)
    wrong = RECORD | {"id": "wrong", where: inner | {name: value}}
    code, (refused, answered) = ask(tmp_path, "schedule", [wrong, RECORD])
    assert (code, refused["id"], refused["refused"]["code"], refused["refused"]["field"]) == (
        2,
        "wrong",
        "INVALID",
        field,
    )
    assert len(answered["instalments"]) == 2


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("day_count", "bus/252", "day_count bus/252"),
        ("rounding", "up", "rounding up"),
        ("method", "sum_of_digits", "method sum_of_digits"),
        ("processing", "vertical", "a payment goes row by row, never part by part over all rows"),
        ("surplus_goes_to", "LAST_INSTALLMENT", "what is paid too early goes to the next instalments"),
        ("last_instalment", "extra_row", "the last instalment always absorbs the difference"),
    ],
)
def test_what_longan_does_not_do_is_said(tmp_path: Path, name: str, value: str, why: str) -> None:
    record = RECORD | {"convention": CONVENTION | {name: value}}
    assert ask(tmp_path, "schedule", [record]) == (0, [{"id": "yen", "unsupported": why}])


def test_a_rate_has_as_many_decimals_as_are_asked_for(tmp_path: Path) -> None:
    flows = [{"period": 0, "amount": "-100"}, {"period": 2, "amount": "121"}]
    record = {"id": "a", "method": "irr_per_period", "cash_flows": flows, "result_decimals": 3}
    months = [{"month": 0, "amount": "-1000"}, {"month": 18, "amount": "1200"}]
    equal = {"id": "b", "method": "effective_equal_months", "cash_flows": months, "result_decimals": 2}
    none = {"id": "c", "method": "irr_per_period", "cash_flows": [{"amount": "1"}]}
    other = {"id": "d", "method": "rule_of_78"}
    wrong = {"id": "e", "method": "irr_per_period", "cash_flows": [{"amount": "a lot"}]}
    assert ask(tmp_path, "rate", [record, equal, none, other, wrong]) == (
        2,
        [
            {"id": "a", "result": "0.100"},
            {"id": "b", "result": "12.92"},
            {"id": "c", "result": None},
            {"id": "d", "unsupported": "method rule_of_78"},
            {
                "id": "e",
                "refused": {
                    "code": "INVALID",
                    "field": ["cash_flows", "0", "amount"],
                    "message": "This is to be a decimal number, as 1234.50.",
                },
            },
        ],
    )


def test_payments_on_the_last_day_of_each_month_are_a_month_apart(tmp_path: Path) -> None:
    """As Regulation Z counts them, whatever the months' days."""
    days = {"2026-01-31": "-1000", "2026-02-28": "10", "2026-03-31": "10", "2026-04-30": "1010"}
    flows = [{"date": day, "amount": amount} for day, amount in days.items()]
    unit = {"unit_period": "1 month(s)", "unit_periods_per_year": "12", "result_decimals": 10}
    record = {"id": "a", "method": "us_regz_actuarial", "cash_flows": flows} | unit
    assert ask(tmp_path, "rate", [record]) == (0, [{"id": "a", "result": "12.0000000000"}])


def test_what_lies_at_either_end_of_the_calendar_is_answered_or_refused(tmp_path: Path) -> None:
    last = RECORD | {"loan": LOAN | {"start_date": "9999-10-31"}}
    pause = {"type": "interest_pause", "booked_on": "0001-01-01", "date_from": "0001-01-01", "date_to": "9999-12-31"}
    first = RECORD | {"loan": LOAN | {"start_date": "0001-01-01"}, "events": [pause]}
    code, (answered, refused) = ask(tmp_path, "schedule", [last, first])
    assert [row["due_date"] for row in answered["instalments"]] == ["9999-11-30", "9999-12-31"]
    assert (code, refused["refused"]["message"]) == (2, "A day of this record lies outside the calendar.")


def test_what_is_no_list_of_records_is_a_sentence(tmp_path: Path) -> None:
    file = tmp_path / "records.json"
    for text, message in (("[", "This file is no JSON."), ("5", "This file holds no list of records.")):
        file.write_text(text, "utf-8")
        ran = CliRunner().invoke(app, ["money", "schedule", str(file)])
        assert (ran.exit_code, ran.stdout) == (2, f"file: {message}\n")


def test_a_person_reads_a_table_of_eighty_columns(tmp_path: Path) -> None:
    file = tmp_path / "records.json"
    file.write_text(json.dumps([RECORD]), "utf-8")
    shown = CliRunner().invoke(app, ["money", "schedule", str(file)]).stdout
    assert "2024-02-29" in shown and "49724" in shown
    assert max(len(line) for line in shown.splitlines()) <= 80


def test_the_room_is_imported_without_any_library() -> None:
    code = "import sys, domain.money.lives, domain.money.rates; print(sorted({name.partition('.')[0] for name in sys.modules}))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(ast.literal_eval(ran.stdout)) - set(sys.stdlib_module_names)
    assert "domain" in loaded
    assert loaded & {"sqlalchemy", "numpy", "babel", "pydantic", "starlette", "strawberry", "infra"} == set()
