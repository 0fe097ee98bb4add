"""The rules of one person and one product, written apart from the table that the house reads: plain comparisons, in order."""

from decimal import Decimal

from domain.credit.grades import Grade
from domain.market import quoting
from domain.market.applicants import Applicant
from domain.market.products import DecisionMode, Product

BEST_FIRST = [Grade.A, Grade.B, Grade.C, Grade.D]
DECIMALS = {"CNY": 2, "JPY": 0, "KWD": 3}


def verdicts(product: Product, who: Applicant) -> tuple[list[str], list[str], list[str]]:
    """What is not met, what is unknown and asked for, and what the policy declines."""
    rules = product.rules
    unmet, unknown = [], []
    if who.age is None:
        unknown.append("AGE_UNKNOWN")
    elif who.age < max(18, rules.get("age_min", 18)) or who.age > rules.get("age_max", 200):
        unmet.append("AGE_OUTSIDE")
    for name, code in (("region", "OUTSIDE_AREA"), ("occupation", "OCCUPATION_OUTSIDE")):
        allowed, has = rules.get(f"{name}s"), getattr(who, name)
        if allowed is not None and has is None:
            unknown.append(f"{name.upper()}_UNKNOWN")
        elif allowed is not None and has not in allowed:
            unmet.append(code)
    income = who.income if who.currency == product.currency else None
    if "income_at_least" in rules:
        asked = Decimal(rules["income_at_least"]) * 10 ** DECIMALS[product.currency]
        if income is None:
            unknown.append("INCOME_UNKNOWN")
        elif income < asked:
            unmet.append("INCOME_TOO_LOW")
    if who.grade is None:
        unknown.append("SCORE_UNKNOWN")
    elif product.grade_at_least and BEST_FIRST.index(who.grade) > BEST_FIRST.index(product.grade_at_least):
        unmet.append("GRADE_TOO_LOW")
    return unmet, unknown, _declined(product, who, income)


def _declined(product: Product, who: Applicant, income: int | None) -> list[str]:
    declined = []
    if who.is_behind and product.decision == DecisionMode.INSTANT:
        declined.append("RECENT_ARREARS")
    monthly = quoting.illustrate(product, who.grade, income).quote.monthly_payment
    if income is not None and 2 * (monthly + who.burden) > income:
        declined.append("BURDEN_TOO_HIGH")
    return declined


def seeing(product: Product, who: Applicant) -> str:
    unmet, _, declined = verdicts(product, who)
    return (unmet + declined + ["ELIGIBLE"])[0]


def applying(product: Product, who: Applicant) -> str:
    unmet, unknown, declined = verdicts(product, who)
    return (unmet + unknown + declined + ["ELIGIBLE"])[0]
