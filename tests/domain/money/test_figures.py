"""Ours beside the figures of other systems and of laws, record by record."""

import gzip
import json
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from api.cli.money import rates, schedules
from api.cli.money.fields import Fields
from domain.money.conventions import DayCount
from domain.money.day_counts import days_between, year_fraction

FIGURES = Path(__file__).parent / "figures"
SCHEDULES = json.loads(gzip.decompress((FIGURES / "schedules.json.gz").read_bytes()))
RATES = json.loads((FIGURES / "annual_rates.json").read_text("utf-8"))
DAY_COUNTS = json.loads((FIGURES / "daycounts.json").read_text("utf-8"))

# These loans were written down long after they began, so their first plan was already made with what was overdue by then.
BEGUN_LATE = {
    "ev-loanmigration-2": "2025-04-10",
    "ev-loanmigration-5": "2025-04-10",
    "ev-loanmigration-6": "2025-04-10",
}


def test_every_schedule_comes_out_to_the_cent_after_all_its_events() -> None:
    wrong = {}
    for record in SCHEDULES:
        rows = schedules.answer(Fields(record))["instalments"]
        if not _is_alike(rows, record["expected"][-1]):
            wrong[record["id"]] = rows
    assert (len(SCHEDULES), wrong) == (139, {})


def _is_alike(rows: list[dict[str, Any]], expected: dict[str, Any]) -> bool:
    if "due_dates" in expected:
        return bool([row["due_date"] for row in rows] == expected["due_dates"])
    figures: list[dict[str, Any]] = [{name: row[name] for name in rows[0]} for row in expected["instalments"]]
    return bool(rows == figures)


def test_and_after_each_of_them_with_what_is_paid_and_since_when() -> None:
    wrong = []
    for record in SCHEDULES:
        for state in record["expected"] if record["kind"] == "events" else ():
            so_far = record | {"events": record["events"][: state["after_events"]]}
            on = BEGUN_LATE.get(record["id"], state["as_of"]) if state["after_events"] == 0 else state["as_of"]
            rows, credit = _replayed(Fields(so_far), date.fromisoformat(on))
            expected = [{name: row[name] for name in rows[0]} for row in state["instalments"]]
            if rows != expected or credit != state.get("overpaid", "0.00"):
                wrong.append((record["id"], state["after_events"]))
    assert wrong == []


def _replayed(record: Fields, on: date) -> tuple[list[dict[str, Any]], str]:
    loan = schedules.read(record)
    replay, rows = loan.replayed(on), []
    for row in replay.planned(on):
        paid = {"paid": _written(row.paid.total), "outstanding": _written(row.outstanding)}
        settled = {"settled_on": row.settled_on.isoformat() if row.settled_on else None}
        rows.append(schedules.row_of(row, loan.decimals) | paid | settled)
    return rows, _written(replay.credit)


def _written(minor: int) -> str:
    return f"{Decimal(minor).scaleb(-2):.2f}"


def test_every_rate_comes_out_to_the_last_digit_that_was_worked_out_again() -> None:
    wrong = {}
    for record in RATES:
        again = record["recomputed"]
        digits = {"result_decimals": len(again.partition(".")[2])} if again else {}
        result = rates.answer(Fields(record | digits))["result"]
        if result != again:
            wrong[record["id"]] = result
    assert (len(RATES), wrong) == (27, {})


def test_every_day_count_is_the_same_fraction() -> None:
    wrong = []
    for record in DAY_COUNTS:
        count, termination = DayCount(record["convention"]), record.get("termination_date")
        days = [date.fromisoformat(record[name]) for name in ("start", "end")]
        days += [date.fromisoformat(termination)] if termination else []
        fraction = Fraction(record.get("exact_fraction") or record["fraction"])
        if year_fraction(count, *days) != fraction or days_between(count, *days) != int(record["days"]):
            wrong.append(record["id"])
    assert (len(DAY_COUNTS), wrong) == (95, [])
