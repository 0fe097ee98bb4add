"""Writes the page about a training."""

import json
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ml.lab.drifting import drifts
from ml.lab.groups import by_group
from ml.lab.training import Trained
from ml.report import drawing


def page(trained: Trained, *, title: str) -> str:
    """One self-contained HTML document."""
    report = trained.report
    held_out = report.book.take(report.rows)
    seen = (held_out.bad, report.log_odds, held_out.weights)
    drift, importance = drifts(report.book, report.split.folds[0]), drawing.importances(trained)
    template = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined
    ).get_template("page.html")
    return template.render(
        title=title,
        artefact=trained.artefact,
        report=report,
        judgement=report.judgement,
        description=report.book.description,
        bad_rate=report.book.bad.mean(),
        groups=by_group(*seen, held_out.sensitive, trained.artefact.cuts),
        roc=drawing.roc(*seen),
        calibration=drawing.calibration(*seen),
        distribution=drawing.distribution(*seen),
        drift=drawing.drift_chart(drift),
        importance=drawing.importance_chart(importance),
        card=json.dumps(trained.artefact.card, ensure_ascii=False, indent=1),
    )
