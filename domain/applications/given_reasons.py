"""Reasons that a partner or a reviewer gives a person: some of a list in our words, or theirs."""

from collections.abc import Sequence

from domain.applications.decisions import REASONS_MAX, DecisionOutcome
from domain.credit.reasons import Reason
from infra.errors import invalid
from infra.texts import line
from infra.words import N_

LENGTH_MAX = 200
FIELD = ("input", "reasons")
# What a partner may give as a reason, in words that the person understands.
PARTNER_REASONS = {
    "GRADE_TOO_LOW": N_("Your grade is below what this partner asks for."),
    "INCOME_TOO_LOW": N_("Your income is below what this partner asks for."),
    "BURDEN_TOO_HIGH": N_("The monthly payments would take too much of your income."),
    "RECENT_ARREARS": N_("You were late with a repayment recently."),
    "NOT_ENOUGH_HISTORY": N_("We do not know enough of your history yet."),
    "IDENTITY_UNCLEAR": N_("We could not verify your identity."),
    "OUTSIDE_AREA": N_("This partner does not serve your region."),
    "OUT_OF_STOCK": N_("This is out of stock."),
    "OTHER": N_("The partner decided not to go ahead."),
}


def of_partner(outcome: DecisionOutcome, given: Sequence[tuple[str, str | None]]) -> list[Reason]:
    """Refuses INVALID more than four, a decline without any, and words that nobody could read."""
    if len(given) > REASONS_MAX:
        raise invalid(N_("Give up to four reasons."), FIELD)
    if outcome == DecisionOutcome.DECLINE and not given:
        raise invalid(N_("To decline, give at least one reason."), FIELD)
    if any(message is not None and len(message) > LENGTH_MAX for _, message in given):
        raise invalid(N_("A reason can have up to 200 characters."), FIELD)
    return [
        _in_their_words(code, message) if message else Reason(code, PARTNER_REASONS[code]) for code, message in given
    ]


def of_reviewer(given: Sequence[str]) -> list[Reason]:
    """Refuses INVALID none, more than four, and words that nobody could read."""
    if not 1 <= len(given) <= REASONS_MAX or not all(1 <= len(reason) <= LENGTH_MAX for reason in given):
        raise invalid(N_("Give one to four reasons of up to 200 characters each."), FIELD)
    return [_in_their_words("REVIEWED", reason) for reason in given]


def _in_their_words(code: str, text: str) -> Reason:
    return Reason(code, N_("{said}"), {"said": line(text, LENGTH_MAX, FIELD)})
