"""The watch of the live model as metrics, for alarms that nobody has to sit and look at."""

from prometheus_client import Gauge

from infra.database import Db
from ml.watching import watch
from ml.watching.watch import Watch

DAYS = 30

SCORE_PSI = Gauge("longan_score_psi", "Drift of the live score from training over 30 days", ["version", "simulated"])
FEATURE_PSI = Gauge("longan_feature_psi", "Drift of an input from training over 30 days", ["feature"])
WATCHED = Gauge("longan_watched_scores", "Live scores of the last 30 days that the drift was told from")
SCORED = Gauge("longan_scoring_share", "People with linked accounts by what came of scoring them", ["outcome"])
APPROVAL = Gauge("longan_approval_rate", "Final decisions of the last 90 days", ["column", "group"])
DECLINE = Gauge("longan_decline_rate", "Final decisions of the last 90 days", ["column", "group"])
PROMISED = Gauge("longan_promised_bad_rate", "Mean probability of default of matured loans", ["grade"])
CAME = Gauge("longan_matured_bad_rate", "Share of matured loans that went bad", ["grade"])
GROUP_PROMISED = Gauge("longan_group_promised_bad_rate", "The same by group", ["column", "group"])
GROUP_CAME = Gauge("longan_group_matured_bad_rate", "The same by group", ["column", "group"])
LABELLED = (SCORE_PSI, FEATURE_PSI, SCORED, APPROVAL, DECLINE, PROMISED, CAME, GROUP_PROMISED, GROUP_CAME)


async def refresh(db: Db) -> None:
    """What is no longer known disappears, so that no alarm stays on an old figure."""
    seen = await watch.watch(db, DAYS)
    for gauge in LABELLED:
        gauge.clear()
    WATCHED.set(seen.score.scores if seen else 0)
    if seen:
        _tell_drift(seen)
        _tell_people(seen)


def _tell_drift(seen: Watch) -> None:
    """Only where there are enough scores to tell anything."""
    if seen.score.alarm is not None and seen.score.psi is not None:
        SCORE_PSI.labels(seen.champion.version, str(seen.champion.simulated).lower()).set(seen.score.psi)
    for each in seen.inputs:
        if each.alarm is not None and each.psi is not None:
            FEATURE_PSI.labels(each.name).set(each.psi)


def _tell_people(seen: Watch) -> None:
    for outcome, share in seen.scored:
        SCORED.labels(outcome).set(share.rate)
    for group in seen.approvals:
        APPROVAL.labels(group.column, group.group).set(group.approved.rate)
        DECLINE.labels(group.column, group.group).set(group.declined.rate)
    for truth in seen.truth.grades if seen.truth else ():
        PROMISED.labels(truth.grade).set(truth.promised)
        CAME.labels(truth.grade).set(truth.came.rate)
    for line in seen.group_truths:
        GROUP_PROMISED.labels(line.column, line.group).set(line.promised)
        GROUP_CAME.labels(line.column, line.group).set(line.came.rate)
