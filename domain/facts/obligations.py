"""Debts and arrears: which facts count on after their account was unlinked, and what they are judged with."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from domain.facts.sheets import FactValue


@dataclass(frozen=True)
class Obligation:
    """`owed`: what stands against a person, when it does. `judged_with`: what makes it fair, as a debt beside its limit."""

    owed: Mapping[str, Callable[[float], bool]]
    judged_with: tuple[str, ...]


def _some(value: float) -> bool:
    return value > 0


def _is_partial(share: float) -> bool:
    return share < 1


OBLIGATIONS = (
    Obligation(
        {"repayment.delay_months": _some, "repayment.late_24m": _some, "repayment.worst_delay_days": _some},
        judged_with=("repayment.on_time_24m",),
    ),
    Obligation({"repayment.bills_on_time_rate": _is_partial}, judged_with=("repayment.bill_months",)),
    Obligation(
        {"credit.outstanding": _some, "credit.open_loans": _some, "credit.applications_90d": _some},
        judged_with=("credit.limit",),
    ),
)


def standing(values: Mapping[str, FactValue]) -> frozenset[str]:
    """The names of these facts that speak of a debt or of arrears, with what those are judged with."""
    return frozenset(
        name
        for each in OBLIGATIONS
        if any(name in values and is_owed(float(values[name])) for name, is_owed in each.owed.items())  # type: ignore[arg-type]
        for name in (*each.owed, *each.judged_with)
        if name in values
    )
