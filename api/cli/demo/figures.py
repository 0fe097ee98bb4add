"""What became of one person, on their journey or in a year, for programs."""

from typing import Any

from api.cli.demo.answers import Outcome
from api.cli.demo.doors import Data
from api.cli.demo.year.year_paper import YearOutcome


def of(outcome: Outcome) -> dict[str, Any]:
    score, edges = outcome.viewer["score"], outcome.viewer["matches"]["edges"]
    return {
        "persona": outcome.persona,
        "name": outcome.name,
        "grade": score and score["grade"],
        "points": score and score["points"],
        "bestMatch": edges[0]["node"]["product"]["title"] if edges else None,
        "application": outcome.application and _application(outcome.application),
        "agreement": outcome.agreement
        and {"status": outcome.agreement["status"], "owed": outcome.agreement["outstanding"]},
        "seconds": round(outcome.seconds, 2),
    }


def of_year(outcome: YearOutcome) -> dict[str, Any]:
    agreement, told = outcome.agreement, {"name": outcome.name, "story": outcome.title, **outcome.figures}
    if agreement is None:
        return told
    return {
        **told,
        "agreement": {"id": agreement["id"], "status": agreement["status"], "owed": agreement["outstanding"]},
        "paid": [each["amount"] for each in agreement["repayments"] if each["status"] == "SETTLED"],
    }


def _application(application: Data) -> dict[str, Any]:
    decision, offer = application["decision"], application["offer"]
    return {
        "id": application["id"],
        "status": application["status"],
        "reasons": [reason["code"] for reason in decision["reasons"]] if decision else [],
        "offer": offer and {"monthlyPayment": offer["monthlyPayment"], "termMonths": offer["termMonths"]},
    }
