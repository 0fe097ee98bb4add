"""Trainings, comparisons and refusals as a person reads them on a console."""

from collections.abc import Iterable, Sequence

from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from infra.terminal import Listing
from ml.books.findings import Finding
from ml.lab.comparing import Comparison
from ml.lab.costing import OpenQuestion
from ml.lab.evaluation import FIGURES, GradeLine, Judgement
from ml.lab.groups import GroupFigures
from ml.lab.training import Trained
from ml.models.promotable import objections
from ml.report.drawing import importances

_LABELS = {"auc": "AUC", "ks": "KS", "brier": "Brier", "logloss": "Log-loss", "ece": "ECE"}
_COLOURS = {"A": "green", "B": "cyan", "C": "yellow", "D": "red"}
_IMPORTANT = 8
_BAR_CELLS = 28


def training(trained: Trained, *, page: str, console: Console) -> None:
    report, artefact = trained.report, trained.artefact
    console.print()
    console.print(_headline(trained))
    console.print(_figures([("", report.judgement)]))
    card = artefact.card
    console.print(Text(f"  From rows that the model had not seen: {card['figures_come_from']}.", style="dim"))
    console.print(Text(f"  Calibrated on {card['calibrated_on']}.", style="dim"))
    if told := ", ".join(f"{source} {rows:,}" for source, rows in report.book.sources.items()):
        console.print(Text(f"  Loans by who told of them: {told}.", style="dim"))
    console.print(_calibrated(report.judgement))
    console.print(_candidates(trained))
    console.print(_grades(report.grades))
    console.print(_importances(trained))
    if report.questions:
        console.print(_questions(report.questions))
    _notes(report.notes.warnings, console)
    console.print(f"\n  Model   [bold]{artefact.version}[/]   {report.seconds:.0f} s", highlight=False)
    console.print(f"  Page    {page}\n", highlight=False, soft_wrap=True)


def comparison(found: Comparison, *, console: Console) -> None:
    console.print()
    console.print(f"  {len(found.cases.bad):,} loans, {int(found.cases.bad.sum()):,} bad", highlight=False)
    console.print(_figures([(each.name, each.judgement) for each in found.models]))
    for each in found.models:
        console.print(_calibrated(each.judgement, each.name))
    if found.differences:
        console.print(_differences(found))
    for each in found.models:
        if each.groups:
            console.print(_groups(each.groups, each.name))
    _notes(found.notes.warnings, console)
    console.print()


def refusal(findings: list[Finding], thing: str, *, console: Console) -> None:
    table = Listing("Row", "Column", "What is wrong", prose=("What is wrong",))
    for each in findings:
        table.add_row(f"{each.row:,}" if each.row else "", Text(each.column or ""), Text(each.why))
    console.print(
        Panel(table, title=f"[bold red]This {thing} can't be used as it is[/]", border_style="red", expand=False)
    )
    console.print("  [dim]Rows count from 1 below the header.[/]")


def _headline(trained: Trained) -> Panel:
    artefact, report = trained.artefact, trained.report
    lines = [
        Text.assemble((artefact.kind, "bold green"), f"   {report.search.chosen.story}"),
        Text(
            f"{len(report.book):,} loans, {report.book.bads:,} bad ({report.book.bad.mean():.1%}), "
            f"{len(artefact.inputs)} inputs"
        ),
    ]
    if artefact.simulated:
        lines.append(Text("Trained on SIMULATED people: its figures say nothing about real ones.", style="bold red"))
    if artefact.unmapped:
        shown = ", ".join(artefact.unmapped[:4]) + (" ..." if len(artefact.unmapped) > 4 else "")
        lines.append(Text(f"Can't go live: no fact feeds {shown}.", style="dim"))
    elif why := objections(artefact):
        lines.append(Text(f"Can't go live: {why[0]}", style="dim"))
    return Panel(Group(*lines), border_style="green", expand=False, padding=(0, 2))


def _figures(judgements: Iterable[tuple[str, Judgement]]) -> RenderableType:
    table = Listing("Model", *_LABELS.values(), right=tuple(_LABELS.values()))
    for name, judgement in judgements:
        cells = []
        for figure in FIGURES:
            digits = 4 if figure in ("brier", "logloss", "ece") else 3
            low, high = judgement.intervals[figure]
            value = getattr(judgement.figures, figure)
            cells.append(f"[bold]{value:.{digits}f}[/]\n[dim]{low:.{digits}f}-{high:.{digits}f}[/]")
        table.add_row(Text(name), *cells)
    if all(not name for name, _ in judgements):
        table.columns.pop(0)
    return table


def _calibrated(judgement: Judgement, name: str = "") -> Text:
    within = "within" if judgement.is_calibrated else "OUTSIDE"
    return Text.assemble(
        f"  {name}{': ' if name else ''}ECE ",
        f"{judgement.figures.ece:.4f} is ",
        (within, "green" if judgement.is_calibrated else "bold red"),
        f" what a perfectly calibrated model shows on {judgement.rows:,} rows (up to {judgement.noise[1]:.4f})",
    )


def _candidates(trained: Trained) -> RenderableType:
    search = trained.report.search
    table = Listing("Candidate", "Settings", "Log-loss", right=("Log-loss",), prose=("Settings",))
    for trial in search.trials:
        chosen = trial is search.chosen
        table.add_row(f"[bold green]{trial.kind} ✓[/]" if chosen else trial.kind, trial.story, f"{trial.logloss:.4f}")
    return Group(table, Text(f"  {search.why}", style="dim"))


def _grades(lines: tuple[GradeLine, ...]) -> Table:
    table = Listing("Grade", "Share", "", "Bad rate", "Mean PD", right=("Share", "Bad rate", "Mean PD"))
    for line in lines:
        bar = Text("█" * round(_BAR_CELLS * line.share) or "▏", style=_COLOURS[line.grade])
        grade = Text(line.grade, style=f"bold {_COLOURS[line.grade]}")
        table.add_row(grade, f"{line.share:.1%}", bar, _percent(line.bad_rate), _percent(line.mean_pd))
    return table


def _importances(trained: Trained) -> Table:
    found = importances(trained)[:_IMPORTANT]
    top = max((value for _, value in found), default=1.0) or 1.0
    table = Listing("What moves the score", "Points", "", right=("Points",))
    for name, value in found:
        table.add_row(Text(name), f"{value:.1f}", Text("█" * max(round(_BAR_CELLS * value / top), 1), style="green"))
    return table


def _differences(found: Comparison) -> Table:
    table = Listing("Second minus first", "Figure", "Difference", "95 % interval", "")
    for each in found.differences:
        clear = Text("clear", style="green") if each.is_clear else Text("may be chance", style="dim")
        span = f"{each.interval[0]:+.4f} to {each.interval[1]:+.4f}"
        table.add_row(f"{each.second} − {each.first}", _LABELS[each.figure], f"{each.value:+.4f}", span, clear)
    return table


def _groups(lines: tuple[GroupFigures, ...], name: str) -> Table:
    columns = ("Column", "Group", "Rows", "Bad rate", "PD − bad", "AUC", "Approved", "Ratio", "Concerns")
    table = Listing(*columns, prose=("Concerns",), title=f"{name} by group")
    for line in lines:
        table.add_row(
            Text(line.column),
            Text(line.group),
            f"{line.rows:,}",
            f"{line.bad_rate:.1%}",
            f"{line.gap:+.3f}\n[dim]{line.gap_interval[0]:+.3f} to {line.gap_interval[1]:+.3f}[/]",
            f"{line.auc:.3f}",
            f"{line.approved:.1%}",
            f"{line.ratio:.2f}\n[dim]{line.ratio_interval[0]:.2f}-{line.ratio_interval[1]:.2f}[/]",
            Text("; ".join(line.concerns), style="bold red"),
        )
    return table


def _questions(asked: Sequence[OpenQuestion]) -> RenderableType:
    columns = ("Known before the decision?", "AUC with", "without", "What it adds", "Answer")
    table = Listing(*columns, right=columns[1:4])
    for each in asked:
        cells = ["–", "–", "–"]
        if (cost := each.cost) is not None:
            span = f"[dim]{cost.gain_interval[0]:+.3f} to {cost.gain_interval[1]:+.3f}[/]"
            cells = [f"{cost.with_it.auc:.3f}", f"{cost.without_it.auc:.3f}", f"{cost.gain:+.3f} {span}"]
        answer = Text("none yet", style="bold red") if each.is_open else Text("yes")
        table.add_row(Text("\n".join(each.suspicion.columns)), *cells, answer)
    return table


def _notes(warnings: list[str], console: Console) -> None:
    for warning in warnings:
        console.print(Text.assemble(("  ! ", "bold yellow"), warning))


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.1%}"
