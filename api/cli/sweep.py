"""`longan match sweep`: everybody matched anew by the worker, watched from here."""

from api.cli import runs
from api.cli.options import AsJson
from api.cli.runs import Ranges, Wait, Watched


def sweep(ranges: Ranges = None, wait: Wait = True, as_json: AsJson = False) -> None:
    """Match everybody anew: the picks for campaigns, and for how many people each product is eligible."""
    from domain.matching.sweeps import sweeping, sweeps

    anew = Watched(
        "Sweep",
        begin=lambda db: sweeping.begin(db, ranges),
        progress=sweeps.progress,
        handled=lambda now: now.matched,
        describe=lambda now: f"{now.matched:,} of {now.people:,} matched",
        counted=lambda now: {"matched": now.matched},
    )
    runs.run(anew, wait=wait, as_json=as_json)
