"""What a person can do to be scored better: each step changes their facts to what is in their own reach."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from domain.credit.reasons import ReasonValue
from domain.facts.sheets import FactSheet, FactValue
from infra.words import N_

Facts = dict[str, FactValue]
MONTHS = 12
# Of what comes in each month, so much can go into debts or savings beside everything else.
SPARE_SHARE = 0.15
HEALTHY_UTILISATION = 0.3
BILL_MONTHS_MAX = 120
BUFFER_MAX = 3650


@dataclass(frozen=True)
class GradeStep:
    """`facts` is what would be known after it."""

    code: str
    message: str
    values: Mapping[str, ReasonValue]
    facts: Facts


def possible(sheet: FactSheet) -> list[GradeStep]:
    """The steps that are open to this person. Age, sex and place are never among them, nor what cannot be known."""
    found = (make(sheet) for make in _MAKERS)
    return [step for step in found if step is not None]


def _number(sheet: FactSheet, name: str) -> float | None:
    value = sheet.values.get(name)
    return None if value is None or isinstance(value, str) else float(value)  # type: ignore[arg-type]


def _check_name(sheet: FactSheet) -> GradeStep | None:
    if sheet.values.get("account.real_name") is None or sheet.values["account.real_name"]:
        return None
    message = N_("Have your real name checked at an account that you linked.")
    return GradeStep("CHECK_NAME", message, {}, {"account.real_name": True})


def _catch_up(sheet: FactSheet) -> GradeStep | None:
    behind = _number(sheet, "repayment.delay_months")
    if behind is None or behind <= 0:
        return None
    return GradeStep("CATCH_UP", N_("Pay what is overdue now."), {}, {"repayment.delay_months": 0})


def _pay_bills(sheet: FactSheet) -> GradeStep | None:
    rate, months = _number(sheet, "repayment.bills_on_time_rate"), _number(sheet, "repayment.bill_months")
    if rate is None or months is None or (rate >= 1 and months >= BILL_MONTHS_MAX):
        return None
    later: Facts = {
        "repayment.bills_on_time_rate": min(1.0, (rate * months + MONTHS) / (months + MONTHS)),
        "repayment.bill_months": min(BILL_MONTHS_MAX, months + MONTHS),
    }
    message = N_("Pay all your utility bills on time for {months} months.")
    return GradeStep("PAY_BILLS", message, {"months": MONTHS}, later)


def _pay_instalments(sheet: FactSheet) -> GradeStep | None:
    """Pay as many instalments a month as so far; in the two years that count, as many late months fall out as come in."""
    on_time, late = _number(sheet, "repayment.on_time_24m"), _number(sheet, "repayment.late_24m")
    if on_time is None or late is None or on_time + late <= 0:
        return None
    a_month = max(1.0, (on_time + late) / 24)
    added = round(MONTHS * a_month)
    forgotten = round(late * MONTHS / 24)
    later: Facts = {"repayment.on_time_24m": min(500, on_time + added), "repayment.late_24m": late - forgotten}
    message = N_("Pay all your instalments on time for {months} months.")
    return GradeStep("PAY_INSTALMENTS", message, {"months": MONTHS}, later)


def _stop_applying(sheet: FactSheet) -> GradeStep | None:
    asked = _number(sheet, "credit.applications_90d")
    if asked is None or asked <= 0:
        return None
    message = N_("Apply for no loan elsewhere for {days} days.")
    return GradeStep("STOP_APPLYING", message, {"days": 90}, {"credit.applications_90d": 0})


def _pay_down(sheet: FactSheet) -> GradeStep | None:
    owed, income, limit = (
        _number(sheet, name) for name in ("credit.outstanding", "income.monthly_inflow", "credit.limit")
    )
    if owed is None or income is None or owed <= 0 or income <= 0:
        return None
    enough = owed - HEALTHY_UTILISATION * limit if limit else owed
    paid = float(int(min(owed, enough if enough > 0 else owed, SPARE_SHARE * MONTHS * income) // 100 * 100))
    if paid <= 0:
        return None
    message = N_("Bring your debt elsewhere down by {amount} CNY within {months} months.")
    return GradeStep("PAY_DOWN", message, {"amount": int(paid), "months": MONTHS}, {"credit.outstanding": owed - paid})


def _save(sheet: FactSheet) -> GradeStep | None:
    days, income = _number(sheet, "income.buffer_days"), _number(sheet, "income.monthly_inflow")
    if days is None or income is None or income <= 0:
        return None
    # Living costs about what comes in, so a month's spare share is that share of a month's living.
    more = round(30 * SPARE_SHARE * MONTHS)
    message = N_("Put aside {amount} CNY a month for {months} months.")
    values = {"amount": int(SPARE_SHARE * income // 10 * 10), "months": MONTHS}
    return GradeStep("SAVE", message, values, {"income.buffer_days": min(BUFFER_MAX, days + more)})


def _return_less(sheet: FactSheet) -> GradeStep | None:
    rate = _number(sheet, "shopping.return_rate")
    if rate is None or rate < 0.1:
        return None
    message = N_("Send back half as many orders for {months} months.")
    return GradeStep("RETURN_LESS", message, {"months": MONTHS}, {"shopping.return_rate": rate / 2})


_MAKERS: tuple[Callable[[FactSheet], GradeStep | None], ...] = (
    _check_name,
    _catch_up,
    _stop_applying,
    _pay_bills,
    _pay_instalments,
    _pay_down,
    _save,
    _return_less,
)
