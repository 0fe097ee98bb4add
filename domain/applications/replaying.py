"""Deciding again: the same rules on what they looked at then, which was sealed with the decision."""

from dataclasses import astuple
from decimal import Decimal
from typing import Any

from domain.applications.decisions import Decision
from domain.credit import policy
from domain.credit.grades import Grade
from domain.credit.policy import AskedTerms, PolicyVerdict
from domain.credit.scoring import Scored
from domain.facts.sheets import FactSheet, FactValue


class RulesAreGone(Exception):
    """The rules have another version now, and old ones are not kept in a running program."""


def record_input(request: AskedTerms, sheet: FactSheet) -> dict[str, Any]:
    """What is kept: the request, and the facts that the rules read."""
    return {
        "request": [*astuple(request)],
        "facts": {name: _plain(sheet.values[name]) for name in policy.READS if name in sheet.values},
    }


def _plain(value: FactValue) -> Any:
    return str(value) if isinstance(value, Decimal) else value


def decide_again(decision: Decision, kept: dict[str, Any], scored: Scored) -> PolicyVerdict:
    if decision.rule_version != policy.RULES_VERSION:
        raise RulesAreGone(f"It was decided by rules {decision.rule_version}; this program has {policy.RULES_VERSION}.")
    amount, monthly_payment, grade, *others = kept["request"]  # the currency came later
    request = AskedTerms(amount, monthly_payment, Grade(grade) if grade else None, *others)
    sheet = FactSheet(kept["facts"], frozenset(), simulated=scored.simulated, as_of=decision.decided_at)
    return policy.decide(request, scored, sheet)
