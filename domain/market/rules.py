"""The rules of who may have a product, each written once: one table for one person, for all products, for all people.

What is known and does not meet a rule stands against it. Where a rule asks for what is unknown, a person may see the
product and cannot apply yet: unknown is not yes.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from domain.credit import policy
from domain.credit.reasons import ReasonValue
from domain.market.applicants import Applicant
from domain.market.arrays import UNKNOWN, Flags
from domain.market.pairing import Pairing
from domain.market.products import Product
from domain.people.profiles import ADULT_YEARS
from infra.words import N_

Ask = Callable[[Pairing], Flags]
Values = Mapping[str, ReasonValue]


@dataclass(frozen=True)
class Unknown:
    """What a rule needs to know: told to the person (`sentence`) and of people (`about`).

    `field`: where `updateProfile` takes it; None where only an account can tell it.
    """

    code: str
    sentence: str
    about: str
    is_known: Ask
    asks: Ask
    field: str | None = None
    values: Callable[[Applicant, Product], Values] = lambda who, what: {}


@dataclass(frozen=True)
class Rule:
    """`against`: pairs that do not meet it, of those in which what it needs is known.

    A rule without `needs` is the policy's: `apply` records it as a decision instead of refusing.
    """

    code: str
    sentence: str
    about: str
    against: Ask
    needs: Unknown | None = None
    values: Callable[[Applicant, Product], Values] = lambda who, what: {}


def _ages(who: Applicant, what: Product) -> Values:
    low = max(ADULT_YEARS, what.rules.get("age_min", ADULT_YEARS))
    return {"low": low, "high": what.rules.get("age_max", 200)}


def _grades(who: Applicant, what: Product) -> Values:
    assert what.grade_at_least is not None and who.grade is not None
    return {"asked": what.grade_at_least.value, "grade": who.grade.value}


def _everywhere(pair: Pairing) -> Flags:
    return np.ones(len(pair.what), bool)


RULES = (
    Rule(
        "AGE_OUTSIDE",
        N_("This product is for ages {low} to {high}."),
        about=N_("younger or older than the product is for"),
        against=lambda pair: (pair.who.age < pair.what.age_min) | (pair.who.age > pair.what.age_max),
        values=_ages,
        needs=Unknown(
            "AGE_UNKNOWN",
            N_("Add your birth date to your profile first: you need to be at least {age} to apply."),
            about=N_("have not told their birth date"),
            is_known=lambda pair: pair.who.age != UNKNOWN,
            asks=_everywhere,  # no product is for minors
            field="birthDate",
            values=lambda who, what: {"age": ADULT_YEARS},
        ),
    ),
    Rule(
        "OUTSIDE_AREA",
        N_("This product is not offered in your region."),
        about=N_("live where the product is not offered"),
        against=lambda pair: ~pair.what.by_region.allow(pair.who.region),
        needs=Unknown(
            "REGION_UNKNOWN",
            N_("Add your region to your profile first: this product is offered in some regions only."),
            about=N_("have not told where they live"),
            is_known=lambda pair: pair.who.region.place != UNKNOWN,
            asks=lambda pair: pair.what.by_region.asks,
            field="region",
        ),
    ),
    Rule(
        "OCCUPATION_OUTSIDE",
        N_("This product is not offered for your occupation."),
        about=N_("have another occupation"),
        against=lambda pair: ~pair.what.by_occupation.allow(pair.who.occupation),
        needs=Unknown(
            "OCCUPATION_UNKNOWN",
            N_(
                "Choose your occupation from the list in your profile first: this product is for some occupations only."
            ),
            about=N_("have not chosen an occupation from the list"),
            is_known=lambda pair: pair.who.occupation.place != UNKNOWN,
            asks=lambda pair: pair.what.by_occupation.asks,
            field="occupation",
        ),
    ),
    Rule(
        "INCOME_TOO_LOW",
        N_("This product asks for an income of {income} a month."),
        about=N_("earn less than the product asks for"),
        against=lambda pair: pair.who.income < pair.what.income_at_least,
        values=lambda who, what: {"income": what.rules["income_at_least"]},
        needs=Unknown(
            "INCOME_UNKNOWN",
            N_("Add your monthly income in {currency} to your profile first: this product asks for {income} a month."),
            about=N_("have told no income in the product's currency"),
            is_known=lambda pair: pair.is_income_known,
            asks=lambda pair: pair.what.income_at_least > 0,
            field="monthlyIncome",
            values=lambda who, what: {"currency": what.currency, "income": what.rules["income_at_least"]},
        ),
    ),
    Rule(
        policy.BELOW_GRADE.code,
        policy.BELOW_GRADE.message,
        about=N_("have a lower grade than the product asks for"),
        against=lambda pair: pair.who.grade > pair.what.grade_needed,
        values=_grades,
        needs=Unknown(
            "SCORE_UNKNOWN",
            N_("You have no score yet. Link an account to get one in seconds."),
            about=N_("have no score yet"),
            is_known=lambda pair: pair.who.grade != UNKNOWN,
            asks=_everywhere,  # nothing is decided without a score
        ),
    ),
    # What the rules decide at once is known before anybody applies.
    Rule(
        policy.BEHIND.code,
        policy.BEHIND.message,
        about=N_("are behind on a repayment now"),
        against=lambda pair: (pair.who.is_behind > 0) & pair.what.is_instant,
    ),
    Rule(
        policy.BURDENED.code,
        policy.BURDENED.message,
        about=N_("could not afford the monthly payments"),
        against=lambda pair: pair.costs.monthly > pair.affordable,
        values=lambda who, what: policy.BURDENED.values,
    ),
)

NEEDS = tuple(rule.needs for rule in RULES if rule.needs is not None)
PARTNERS = tuple(rule for rule in RULES if rule.needs is not None)
POLICYS = tuple(rule for rule in RULES if rule.needs is None)

ELIGIBLE = 0
# In the order in which they are told: first what a person cannot change by telling more.
CODES = ("ELIGIBLE", *(_.code for _ in PARTNERS), *(_.code for _ in NEEDS), *(_.code for _ in POLICYS))
ABOUT: Mapping[str, str] = {rule.code: rule.about for rule in RULES} | {needs.code: needs.about for needs in NEEDS}
