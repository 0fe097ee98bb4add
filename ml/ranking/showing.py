"""Evaluations and valuations as a person reads them on a console, and as the objects that `--json` prints."""

from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from infra.terminal import Listing
from ml.ranking.evaluating import Evaluation, RankerLine
from ml.ranking.measuring import FIGURES, Interval
from ml.ranking.offpolicy import Estimate, Valued

_BAR_CELLS = 36
_DIGITS = 5


def of_evaluation(found: Evaluation) -> dict[str, Any]:
    return {
        "rows": found.rows,
        "users": found.users,
        "items": found.items,
        "test_users": found.test_users,
        "judged_users": found.judged_users,
        "models": [_line(line) for line in found.lines],
        "chosen": found.chosen,
        "chosen_on": "ndcg@5 of training users, each ranked by a model that has not seen them",
        "inputs": list(found.inputs),
        "left_out": found.notes.left_out,
        "leaks": found.notes.leaks,
        "too_good": found.is_too_good,
        "warnings": found.notes.warnings,
        "seconds": round(found.seconds, 2),
    }


def of_valuation(valued: Valued, truth: Estimate | None) -> dict[str, Any]:
    return {
        "rows": valued.rows,
        "target": valued.target,
        "logged": _estimate(valued.logged),
        "estimates": [_estimate(each) for each in valued.estimates],
        "truth": truth and _estimate(truth),
        "clip": round(valued.clip, 3),
        "clipped_share": round(valued.clipped_share, 6),
        "highest_weight": round(valued.highest_weight, 3),
        "effective_rows": round(valued.effective_rows, 1),
        "mean_weight": round(valued.mean_weight, 4),
    }


def evaluation(found: Evaluation, *, console: Console) -> None:
    console.print(
        f"\n  {found.rows:,} rows, {found.users:,} users, {found.items:,} items; measured on {found.judged_users:,} users "
        "that no model has seen",
        highlight=False,
    )
    table = _table("Model", "NDCG@1", "NDCG@5", "MAP@7", "Coverage", "Novelty", "Seconds")
    for line in found.lines:
        figures = line.measured.figures
        table.add_row(
            _named(line.name, found.chosen),
            f"{figures['ndcg@1']:.3f}",
            f"{figures['ndcg@5']:.3f} [dim]±{_half(line.intervals['ndcg@5']):.3f}[/]",
            f"{figures['map@7']:.3f}",
            f"{line.measured.coverage:.0%}",
            f"{figures['novelty']:.1f}",
            f"{line.seconds:.1f}",
        )
    console.print(table)
    console.print(_bars(found))
    console.print("  [dim]± is half of the 95 % interval; the choice was made on training users.[/]")
    for warning in found.notes.warnings:
        console.print(Text.assemble(("  ! ", "bold yellow"), warning))
    console.print()


def valuation(valued: Valued, truth: Estimate | None, *, console: Console) -> None:
    console.print(f"\n  {valued.rows:,} logged rows; what would {valued.target} earn?", highlight=False)
    table = _table("Estimate", "Value", "95 % interval", "")
    lines = [("logged, on-policy", valued.logged), *((each.name, each) for each in valued.estimates)]
    lines += [("target, on-policy", truth)] if truth else []
    reach = max(each.interval[1] for _, each in lines) or 1.0
    for name, each in lines:
        style = "dim" if "on-policy" in name else "green"
        low, high = each.interval
        table.add_row(name, f"{each.value:.5f}", f"{low:.5f} to {high:.5f}", _whisker(each, reach, style))
    console.print(table)
    console.print(
        f"  Weights up to {valued.highest_weight:,.1f}, {valued.clipped_share:.2%} clipped at {valued.clip:,.1f}; their "
        f"mean is {valued.mean_weight:.3f}; they tell as much as {valued.effective_rows:,.0f} rows of equal weight.",
        highlight=False,
    )
    if not 0.9 <= valued.mean_weight <= 1.1:
        what = "The weights' mean should be 1: some propensities are wrong, or so small that the log can hardly tell."
        console.print(Text.assemble(("  ! ", "bold yellow"), what))
    console.print()


def _line(line: RankerLine) -> dict[str, Any]:
    figures = {name: round(line.measured.figures[name], _DIGITS) for name in FIGURES}
    return {
        "name": line.name,
        **figures,
        "coverage": round(line.measured.coverage, _DIGITS),
        "seconds": round(line.seconds, 2),
        "intervals": {name: _ends(interval) for name, interval in line.intervals.items()},
        "chosen_minus_this": {"ndcg@5": round(line.gain, _DIGITS), "interval": _ends(line.gain_interval)},
        "validation_ndcg@5": round(line.validation, _DIGITS),
        "inputs": line.inputs,
        "trees": line.trees,
    }


def _estimate(each: Estimate) -> dict[str, Any]:
    return {"name": each.name, "value": round(each.value, 7), "interval": [round(end, 7) for end in each.interval]}


def _ends(interval: Interval) -> list[float]:
    return [round(end, _DIGITS) for end in interval]


def _half(interval: Interval) -> float:
    return (interval[1] - interval[0]) / 2


def _named(name: str, chosen: str) -> str:
    return f"[bold green]{name} ✓[/]" if name == chosen else name


def _bars(found: Evaluation) -> Table:
    table = Table(box=None, show_header=False, pad_edge=True)
    for line in sorted(found.lines, key=lambda line: -line.measured.figures["ndcg@5"]):
        value = line.measured.figures["ndcg@5"]
        bar = Text("█" * max(round(_BAR_CELLS * value), 1), style="green" if line.name == found.chosen else "cyan")
        table.add_row(line.name, bar, f"{value:.3f}")
    return table


def _whisker(each: Estimate, reach: float, style: str) -> Text:
    low, middle, high = (
        round((_BAR_CELLS - 1) * max(min(x / reach, 1), 0)) for x in (each.interval[0], each.value, each.interval[1])
    )
    line = "".join("●" if i == middle else "─" if low <= i <= high else " " for i in range(_BAR_CELLS))
    return Text(line, style=style)


def _table(*headers: str) -> Listing:
    return Listing(*headers, right=headers[1:])
