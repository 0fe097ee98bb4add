"""The objects that `--json` prints."""

from dataclasses import asdict
from typing import Any

from ml.books.findings import Finding
from ml.lab.comparing import Comparison
from ml.lab.evaluation import GradeLine, Judgement
from ml.lab.training import Trained
from ml.models.promotable import objections


def of_training(trained: Trained, *, page: str) -> dict[str, Any]:
    report, artefact = trained.report, trained.artefact
    return {
        "model": artefact.version,
        "kind": artefact.kind,
        "rows": len(report.book),
        "sources": dict(report.book.sources),
        **_figures(report.judgement),
        "split": report.split.kind,
        "figures_come_from": artefact.card["figures_come_from"],
        "calibrated_on": artefact.card["calibrated_on"],
        "grades": _grades(report.grades),
        "leaks": report.notes.leaks,
        "questions": [question.written() for question in report.questions],
        "warnings": report.notes.warnings,
        "left_out": report.notes.left_out,
        "candidates": artefact.card["candidates"],
        "can_go_live": not (why := objections(artefact)),
        "cannot_go_live_because": why,
        "simulated": artefact.simulated,
        "page": page,
        "seconds": round(report.seconds, 2),
    }


def of_comparison(comparison: Comparison) -> dict[str, Any]:
    return {
        "rows": len(comparison.cases.bad),
        "bads": int(comparison.cases.bad.sum()),
        "models": [
            {
                "model": each.name,
                "kind": each.artefact.kind,
                "simulated": each.artefact.simulated,
                "can_go_live": not objections(each.artefact),
                **_figures(each.judgement),
                "grades": _grades(each.grades),
                "groups": [{**asdict(line), "concerns": line.concerns} for line in each.groups],
            }
            for each in comparison.models
        ],
        "differences": [{**asdict(each), "clear": each.is_clear} for each in comparison.differences],
        "warnings": comparison.notes.warnings,
    }


def of_refusal(findings: list[Finding]) -> dict[str, Any]:
    return {"refused": [asdict(each) for each in findings]}


def _figures(judgement: Judgement) -> dict[str, Any]:
    return {
        **asdict(judgement.figures),
        "intervals": judgement.intervals,
        "ece_noise": judgement.noise,
        "calibrated": judgement.is_calibrated,
    }


def _grades(lines: tuple[GradeLine, ...]) -> list[dict[str, Any]]:
    return [asdict(line) for line in lines]
