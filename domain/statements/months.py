"""A statement's months, and the facts that follow from them."""

from calendar import monthrange
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from statistics import fmean, median, pstdev
from typing import Any

from domain.facts.open_readings import Observed
from infra import clock

ESSENTIALS = ("BILLS", "FOOD", "TRANSPORT", "HEALTH")
NO_SHOPPING = ("BILLS", "TRANSFERS")
YEAR = 12
ENOUGH_MONTHS = 3  # to speak of ups and downs
ENOUGH_BILLS, ENOUGH_ORDERS = 3, 5


@dataclass(frozen=True)
class StatementMonth:
    """Sums of one month, as 2026-05; money in the minor unit. `by_kind` divides `spending`, which is less what was given back."""

    month: str
    inflow: int
    bills: int
    bills_on_time: int
    spending: int
    refunds: int
    orders: int
    returned: int
    by_kind: Mapping[str, int]

    @property
    def shopping(self) -> int:
        return self.spending - sum(self.by_kind.get(kind, 0) for kind in NO_SHOPPING)

    @property
    def essentials(self) -> int:
        return sum(self.by_kind.get(kind, 0) for kind in ESSENTIALS)

    @property
    def first(self) -> date:
        return date.fromisoformat(f"{self.month}-01")

    @property
    def last(self) -> date:
        return self.first.replace(day=monthrange(self.first.year, self.first.month)[1])


def months_from(told: Iterable[Mapping[str, Any]]) -> list[StatementMonth]:
    return [StatementMonth(**month) for month in told]


def facts_of(months: Sequence[StatementMonth], begins: date, ends: date, now: datetime) -> list[Observed]:
    """What the newest year of a statement tells. Of a month that it covers in part only what needs no whole month counts.

    What would take a longer statement to say is not said: three months tell no year, and two bills no habit.
    """
    latest = sorted(months, key=lambda month: month.month)[-YEAR:]
    whole = [month for month in latest if begins <= month.first and month.last <= ends]
    at = min(now, clock.local_moment(ends, time(23, 59)))
    told: dict[str, Decimal | float | int] = {**_of_bills(latest), **_of_orders(latest)}
    if whole:
        told |= _of_whole(whole)
    return [Observed(name, value, at) for name, value in told.items()]


def _of_whole(whole: Sequence[StatementMonth]) -> dict[str, Decimal | float | int]:
    inflows, shopping = [month.inflow for month in whole], [month.shopping for month in whole]
    told: dict[str, Decimal | float | int] = {"shopping.monthly_spend": _yuan(fmean(shopping))}
    if any(inflows):
        told["income.monthly_inflow"] = _yuan(median(inflows))
    if len(whole) >= ENOUGH_MONTHS:
        if any(inflows):
            told["income.stability"] = round(max(0.0, 1 - pstdev(inflows) / fmean(inflows)), 3)
        if any(shopping):
            told["shopping.spend_variation"] = round(min(10.0, pstdev(shopping) / fmean(shopping)), 3)
    if len(whole) == YEAR:
        told["shopping.orders_12m"] = sum(month.orders for month in whole)
        told["shopping.active_months_12m"] = sum(month.orders > 0 for month in whole)
    return told


def _of_bills(months: Sequence[StatementMonth]) -> dict[str, Decimal | float | int]:
    bills = sum(month.bills for month in months)
    if bills < ENOUGH_BILLS:
        return {}
    on_time = sum(month.bills_on_time for month in months)
    with_bills = sum(month.bills > 0 for month in months)
    return {"repayment.bills_on_time_rate": round(on_time / bills, 3), "repayment.bill_months": with_bills}


def _of_orders(months: Sequence[StatementMonth]) -> dict[str, Decimal | float | int]:
    orders, spending = sum(month.orders for month in months), sum(month.spending for month in months)
    told: dict[str, Decimal | float | int] = {}
    if orders >= ENOUGH_ORDERS:
        told["shopping.return_rate"] = round(sum(month.returned for month in months) / orders, 3)
    if spending > 0:
        told["shopping.essentials_share"] = round(sum(month.essentials for month in months) / spending, 3)
    return told


def _yuan(fen: float) -> Decimal:
    return (Decimal(round(fen)) / 100).quantize(Decimal("0.01"))
