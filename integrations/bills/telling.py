"""What a bill tells: whose it says it is, its time, and the sums of its months."""

from collections.abc import Mapping
from datetime import datetime

from integrations.bills.checking import check
from integrations.bills.months import months_of
from integrations.bills.opening import open_bill
from integrations.bills.statements import read_bill
from integrations.bills.tables import rows_of


def tell(data: bytes, password: str, now: datetime) -> Mapping[str, object]:
    """Answers what can be sent as JSON, with money in fen. Raises BillRefused. `now` is a moment of Beijing's, without its zone."""
    bill = read_bill(rows_of(open_bill(data, password)))
    check(bill, now)
    return {
        "provider": bill.dialect.provider,
        "holder": bill.head.holder,
        "account": bill.head.account,
        "begins": bill.begins.isoformat(),
        "ends": bill.ends.isoformat(),
        "months": [month.as_json() for month in months_of(bill)],
    }
