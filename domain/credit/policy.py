"""The policy: rules that decide an application from the score, the facts and the terms. Versioned; each decision names it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from domain.credit.grades import Grade
from domain.credit.reasons import Reason
from domain.credit.scoring import Scored
from domain.facts.sheets import FactSheet
from infra.money import Money
from infra.settings import settings
from infra.words import N_

Income = TypeVar("Income", int, NDArray[np.int64])

RULES_VERSION = "2026-11-3"
# The facts that these rules read; they are kept with each decision.
READS = ("repayment.delay_months", "income.monthly_inflow", "profile.monthly_income")
BURDEN_MAX = Decimal("0.5")  # of a month's income, for all instalments together
# By currency, in minor units; what is not here is 0, so that a person looks.
# Up to here nobody needs to tell an income, if they owe nothing yet.
FREE_OF_INCOME = {"CNY": 200_000, "JPY": 40_000}
REFER_ABOVE = {
    "CNY": {Grade.A: 5_000_000, Grade.B: 3_000_000, Grade.C: 1_000_000, Grade.D: 100_000},
    "JPY": {Grade.A: 1_000_000, Grade.B: 600_000, Grade.C: 200_000, Grade.D: 20_000},
}

BELOW_GRADE = Reason("GRADE_TOO_LOW", N_("This product asks for grade {asked}; yours is {grade}."))
BEHIND = Reason("RECENT_ARREARS", N_("You have a repayment overdue."))
BURDENED = Reason(
    "BURDEN_TOO_HIGH",
    N_("The monthly payments would take more than {share} of your income."),
    {"share": f"{BURDEN_MAX:.0%}"},
)


@dataclass(frozen=True)
class AskedTerms:
    """What is asked for, in minor units. `burden` is what the person owes monthly already in the house's currency, as far as we
    know; `owes_elsewhere`: in others too."""

    amount: int
    monthly_payment: int
    grade_at_least: Grade | None
    burden: int = 0
    currency: str = field(default_factory=lambda: settings().currency)
    hides: bool = False  # an income or points behind an account that was unlinked, and counts on
    owes_elsewhere: bool = False
    needs_a_look: bool = False  # something of how they signed in or applied is for a person to see


@dataclass(frozen=True)
class PolicyVerdict:
    outcome: str  # APPROVE, DECLINE, REFER
    reasons: tuple[Reason, ...]


def monthly_income(sheet: FactSheet) -> Decimal | None:
    """A month's, in the house's currency: what a source saw come in, or else what the person told."""
    for name in ("income.monthly_inflow", "profile.monthly_income"):
        if name in sheet.values:
            return Decimal(str(sheet.values[name]))
    return None


def income_in(currency: str, sheet: FactSheet) -> int | None:
    """The monthly income in minor units of this currency; None where it is told in another, for the two are not compared."""
    income = monthly_income(sheet)
    if income is None or currency != settings().currency:
        return None
    return max(0, Money.floor(income, currency).minor)


def decide(request: AskedTerms, scored: Scored, sheet: FactSheet) -> PolicyVerdict:
    """Decline for what must not be, refer what a person should look at, otherwise approve. Most important reason first."""
    against = [*_declining(request, scored, sheet)]
    if against:
        return PolicyVerdict("DECLINE", tuple([*against, *_others(scored, against)][:4]))
    doubts = tuple(_referring(request, scored, sheet))
    if doubts:
        return PolicyVerdict("REFER", doubts)
    return PolicyVerdict("APPROVE", (Reason("MEETS_RULES", N_("Your score and your income support this amount.")),))


def _others(scored: Scored, against: list[Reason]) -> list[Reason]:
    known = {reason.code for reason in against}
    return [reason for reason in scored.reasons if reason.code not in known]


def is_behind(sheet: FactSheet) -> bool:
    """Whether a person is behind on a repayment now."""
    return float(sheet.values.get("repayment.delay_months", 0)) >= 1  # type: ignore[arg-type]


def burden_max(monthly_income: Income) -> Income:
    """The most that all instalments together may take each month; minor units, of one income or a column of them."""
    part, whole = BURDEN_MAX.as_integer_ratio()
    return monthly_income * part // whole


def _declining(request: AskedTerms, scored: Scored, sheet: FactSheet) -> Iterator[Reason]:
    if is_behind(sheet):
        yield BEHIND
    if request.grade_at_least is not None and not scored.grade.is_at_least(request.grade_at_least):
        values = {"asked": request.grade_at_least.value, "grade": scored.grade.value}
        yield Reason(BELOW_GRADE.code, BELOW_GRADE.message, values)
    income = income_in(request.currency, sheet)
    if income is not None and request.monthly_payment + request.burden > burden_max(income):
        yield BURDENED


def _referring(request: AskedTerms, scored: Scored, sheet: FactSheet) -> Iterator[Reason]:
    if request.amount > REFER_ABOVE.get(request.currency, {}).get(scored.grade, 0):
        yield Reason("AMOUNT_NEEDS_REVIEW", N_("Amounts of this size are reviewed by a person."))
    income = income_in(request.currency, sheet)
    if request.hides:
        yield Reason(
            "UNLINKED_LATELY",
            N_(
                "An account that you unlinked still counts for a time, so a person reviews this application. Linking it again ends this."
            ),
        )
    if income is None and (request.amount > FREE_OF_INCOME.get(request.currency, 0) or request.burden):
        yield Reason(
            "INCOME_UNKNOWN", N_("We do not know your income yet. Add it to your profile for a faster answer.")
        )
    if request.owes_elsewhere:
        yield Reason("BURDEN_UNKNOWN", N_("You also owe in another currency, so a person reviews this application."))
    if request.needs_a_look:
        yield Reason("NEEDS_A_LOOK", N_("A person looks at this application before it is answered."))
