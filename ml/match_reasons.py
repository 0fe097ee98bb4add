"""Why a product is shown: sentences that are true of this person and this product."""

from collections.abc import Sequence
from math import ceil, isnan

from domain.credit.grades import Grade
from domain.credit.reasons import Reason
from domain.credit.scoring import Scored
from domain.market.matching import Candidate, OddsBand
from infra.words import N_

REASONS_MAX = 3
EASY_SHARE = 0.25  # of income a month
FEW_TO_COMPARE = 3


def reasons(
    candidate: Candidate,
    scored: Scored | None,
    band: OddsBand | None,
    share_of_income: float,
    others: Sequence[Candidate],
) -> tuple[Reason, ...]:
    """At most three, the most personal first; never none."""
    told = [
        _meets_grade(candidate, scored),
        _easy_to_carry(share_of_income),
        _often_approved(band),
        _low_rate(candidate, others),
        _choice_of_terms(candidate),
        _open_to_all(candidate),
    ]
    found = tuple(reason for reason in told if reason is not None)[:REASONS_MAX]
    return found or (Reason("AVAILABLE", N_("You can apply for it now.")),)


def _meets_grade(candidate: Candidate, scored: Scored | None) -> Reason | None:
    needed = candidate.grade_at_least
    if scored is None or needed is None or _is_open_to_all(candidate) or not scored.grade.is_at_least(Grade(needed)):
        return None
    message = N_("It asks for grade {needed} or better, and yours is {grade}.")
    return Reason("MEETS_GRADE", message, {"needed": needed, "grade": scored.grade.value})


def _easy_to_carry(share: float) -> Reason | None:
    if isnan(share) or share > EASY_SHARE:
        return None
    # Rounded up: nobody should hear a smaller share than it is.
    percent = max(1, ceil(share * 100))
    return Reason(
        "EASY_TO_CARRY", N_("It takes at most {percent} % of what comes in each month."), {"percent": percent}
    )


def _often_approved(band: OddsBand | None) -> Reason | None:
    if band not in ("VERY_HIGH", "HIGH"):
        return None
    return Reason("OFTEN_APPROVED", N_("Most people with a record like yours are approved for it."))


def _low_rate(candidate: Candidate, others: Sequence[Candidate]) -> Reason | None:
    if candidate.annual_rate == 0:
        return Reason("NO_INTEREST", N_("It costs no interest."))
    rates = sorted(o.annual_rate for o in others if o.kind == candidate.kind and o.annual_rate is not None)
    if candidate.annual_rate is None or len(rates) < FEW_TO_COMPARE or candidate.annual_rate > rates[len(rates) // 4]:
        return None
    message = N_("Its annual rate of {percent} % is among the lowest of {count} like it.")
    return Reason("LOW_RATE", message, {"percent": f"{candidate.annual_rate * 100:g}", "count": len(rates)})


def _choice_of_terms(candidate: Candidate) -> Reason | None:
    if len(candidate.terms) < FEW_TO_COMPARE:
        return None
    message = N_("You can choose among {count} terms, up to {months} months.")
    return Reason("CHOICE_OF_TERMS", message, {"count": len(candidate.terms), "months": max(candidate.terms)})


def _open_to_all(candidate: Candidate) -> Reason | None:
    return Reason("ANY_GRADE", N_("It is open to every grade.")) if _is_open_to_all(candidate) else None


def _is_open_to_all(candidate: Candidate) -> bool:
    return candidate.grade_at_least in (None, Grade.D)
