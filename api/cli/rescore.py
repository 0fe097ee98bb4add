"""`longan rescore`: everybody scored anew by the worker, watched from here."""

from api.cli import runs
from api.cli.options import AsJson
from api.cli.runs import Ranges, Wait, Watched


def rescore(ranges: Ranges = None, wait: Wait = True, as_json: AsJson = False) -> None:
    """Score everybody anew whose score doesn't stand: other facts, expired facts, or another model."""
    from domain.credit import rescores, rescoring

    anew = Watched(
        "Rescore",
        begin=lambda db: rescoring.begin(db, rescores.RescoreReason.ASKED, ranges),
        progress=rescores.progress,
        handled=lambda now: now.scored,
        describe=lambda now: f"{now.scored:,} of {now.people:,} scored, {now.changed:,} changed",
        counted=lambda now: {"scored": now.scored, "changed": now.changed},
    )
    runs.run(anew, wait=wait, as_json=as_json)
