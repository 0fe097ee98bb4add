"""The sums of each month: all that is left of a bill."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

from integrations.bills.amounts import is_income, is_refund, is_spending, kind_of, refund_fen
from integrations.bills.statements import Bill, BillLine, day_of

LATE = ("滞纳金", "违约金", "逾期", "欠费")
MONTHLY_DAYS = 35
LATE_AFTER_DAYS = 45


@dataclass
class BillMonth:
    """`month` as 2026-05; money in fen. `spending` is less what was given back of it, `refunds` what came back in this month.

    `by_kind` divides `spending`. A bill is on time if no fee for lateness stands in it, and no month was left out before it.
    """

    month: str
    inflow: int = 0
    bills: int = 0
    bills_on_time: int = 0
    spending: int = 0
    refunds: int = 0
    orders: int = 0
    returned: int = 0
    by_kind: Counter[str] = field(default_factory=Counter)

    def as_json(self) -> Mapping[str, object]:
        return {**vars(self), "by_kind": dict(self.by_kind)}


def months_of(bill: Bill) -> list[BillMonth]:
    """Every month that the bill covers, also those in which nothing happened."""
    found = {month: BillMonth(month) for month in _covered(bill)}
    given_back = _given_back(bill)
    late = {line.line for line in _late(bill)}
    for line in bill.lines:
        month = found[_month(line.at)]
        if is_refund(bill.dialect, line):
            month.refunds += line.fen
        elif is_income(bill.dialect, line):
            month.inflow += line.fen
        elif is_spending(bill.dialect, line):
            _spend(month, line, given_back.get(line.line, 0), is_late=line.line in late)
    return [found[month] for month in sorted(found)]


def _spend(month: BillMonth, line: BillLine, back: int, *, is_late: bool) -> None:
    kind, kept = kind_of(line), line.fen - back
    month.spending += kept
    month.by_kind[kind] += kept
    if kind == "BILLS":
        month.bills += 1
        month.bills_on_time += not is_late
    elif kind != "TRANSFERS":
        month.orders += 1
        month.returned += back == line.fen


def _given_back(bill: Bill) -> dict[int, int]:
    """Of each payment, by its line, what was given back of it: as it says itself, or by refunds of the same order."""
    of_order: defaultdict[str, int] = defaultdict(int)
    for line in bill.lines:
        if is_refund(bill.dialect, line) and line.merchant_number:
            of_order[line.merchant_number] += line.fen
    back = {}
    for line in bill.lines:
        if not is_spending(bill.dialect, line):
            continue
        owed = of_order.get(line.merchant_number, 0) if line.merchant_number else 0
        taken = max(min(line.fen, owed), refund_fen(line))
        if owed:
            of_order[line.merchant_number] -= min(taken, owed)
        if taken:
            back[line.line] = taken
    return back


def _late(bill: Bill) -> Iterable[BillLine]:
    """Bills with a fee for lateness, and those before which a month was left out."""
    by_payee: defaultdict[str, list[BillLine]] = defaultdict(list)
    for line in bill.lines:
        if is_spending(bill.dialect, line) and kind_of(line) == "BILLS":
            by_payee[line.payee].append(line)
            if any(word in f"{line.goods} {line.remark}" for word in LATE):
                yield line
    for lines in by_payee.values():
        lines.sort(key=lambda line: line.at)
        gaps = [(later.at - line.at).days for line, later in pairwise(lines)]
        if len(gaps) >= 2 and median(gaps) <= MONTHLY_DAYS:
            yield from (line for gap, line in zip(gaps, lines[1:], strict=True) if gap > LATE_AFTER_DAYS)


def _covered(bill: Bill) -> Iterable[str]:
    at, last = bill.begins.replace(day=1), max(bill.ends, day_of(max(line.at for line in bill.lines)))
    while at <= last:
        yield f"{at:%Y-%m}"
        at = (at + timedelta(days=32)).replace(day=1)


def _month(at: datetime) -> str:
    return f"{at:%Y-%m}"
