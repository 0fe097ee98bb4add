"""Who may have what: the rules of `eligibility` and `policy` for one person and all products at once."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from domain.credit import policy
from domain.credit.scoring import Scored
from domain.facts.sheets import FactSheet
from domain.market import eligibility
from domain.market.terms import costing, quoting
from domain.matching.columns import GRADES, Flags, Whole
from domain.matching.matcher import Candidates
from domain.matching.shelf import Shelf

ELIGIBLE = 0
# Why not, by number; the first that holds counts. In the order in which they are told.
CODES = (
    "ELIGIBLE",
    "AGE_OUTSIDE",
    "OUTSIDE_AREA",
    "OCCUPATION_OUTSIDE",
    "INCOME_TOO_LOW",
    "GRADE_TOO_LOW",
    "RECENT_ARREARS",
    "BURDEN_TOO_HIGH",
)


@dataclass(frozen=True)
class Known:
    """All that the rules may know of a person; what is None is unknown, and stands against nothing. Money in minor units."""

    age: int | None
    region: str | None
    occupation: str | None
    income: int | None  # a month
    grade_rank: int | None  # place in GRADES
    burden: int  # what is owed each month already, as far as we know
    is_behind: bool  # on a repayment, now

    @property
    def affordable(self) -> int | None:
        """The most that one more instalment may take each month."""
        return None if self.income is None else policy.burden_max(self.income) - self.burden


def known_of(sheet: FactSheet, scored: Scored | None, burden: int) -> Known:
    who = eligibility.applicant_of(sheet, scored.grade if scored else None)
    return Known(
        age=who.age,
        region=who.region,
        occupation=who.occupation,
        income=int(who.income * 100) if who.income is not None else None,
        grade_rank=GRADES.index(who.grade) if who.grade else None,
        burden=burden,
        is_behind=scored is not None and policy.is_behind(sheet),
    )


def allowed(shelf: Shelf, known: Known) -> Candidates:
    """The products that this person can really have, with what they would cost him."""
    everything = illustrated(shelf, known)
    return everything.only(np.flatnonzero(first_against(everything, known) == ELIGIBLE))


def illustrated(shelf: Shelf, known: Known) -> Candidates:
    """All products, each for the amount that `quoting.illustrate` would show this person."""
    columns = shelf.columns
    wanted = (columns.amount_min + columns.amount_max) // 2 if known.income is None else np.int64(known.income)
    amount = np.maximum(columns.amount_min, np.minimum(columns.amount_max, wanted // quoting.STEP * quoting.STEP))
    costs = costing.costs(amount, columns.annual_rate, columns.fee_rate, columns.months)
    return Candidates(shelf, np.arange(len(shelf)), amount, costs.monthly, costs.total)


def first_against(everything: Candidates, known: Known) -> Whole:
    """For each product the place in CODES of the first rule that this person does not meet."""
    found = np.full(len(everything), ELIGIBLE)
    for code, stands_against in reversed([*_against(everything, known)]):
        found[stands_against] = CODES.index(code)
    return found


def _against(everything: Candidates, known: Known) -> Iterator[tuple[str, Flags]]:
    shelf, columns = everything.shelf, everything.shelf.columns
    if known.age is not None:
        yield "AGE_OUTSIDE", (known.age < columns.age_min) | (known.age > columns.age_max)
    if known.region is not None:
        yield "OUTSIDE_AREA", ~shelf.offered_in(known.region)
    if known.occupation is not None:
        yield "OCCUPATION_OUTSIDE", ~shelf.offered_to(known.occupation)
    if known.income is not None:
        yield "INCOME_TOO_LOW", known.income < columns.income_at_least
    if known.grade_rank is not None:
        yield "GRADE_TOO_LOW", known.grade_rank > columns.grade_needed
    if known.is_behind:
        # What the rules decide at once is known before anybody applies.
        yield "RECENT_ARREARS", columns.is_instant
    if known.affordable is not None:
        yield "BURDEN_TOO_HIGH", everything.monthly_cost > known.affordable
