"""What a line of a bill came to: paid, given back, or nothing."""

import re

from integrations.bills.dialects import KINDS, BillDialect
from integrations.bills.statements import BillLine, Direction

REFUNDED = re.compile(r"已退款\s*[(（]?\s*[¥￥]?\s*([\d,]+(?:\.\d{1,2})?)")
WAGES = ("工资", "薪", "劳务", "稿费", "报酬", "奖金", "补贴", "兼职", "代发")
# Of those who collect with a code of their own, as small shops and drivers do.
EARNED = ("二维码收款", "经营收款", "收钱码", "商家", "提现收入", "收款")


def is_over(dialect: BillDialect, line: BillLine) -> bool:
    """Whether nothing was paid after all."""
    return line.status in dialect.over


def is_refund(dialect: BillDialect, line: BillLine) -> bool:
    """A line that gives back what another one paid."""
    return line.kind.endswith(dialect.refund_kinds) or line.status == "退款成功"


def refund_fen(line: BillLine) -> int:
    """What the payment's own line says was given back of it."""
    if "已全额退款" in line.status or "对方已退还" in line.status:
        return line.fen
    found = REFUNDED.search(line.status)
    return min(line.fen, round(float(found[1].replace(",", "")) * 100)) if found else 0


def is_spending(dialect: BillDialect, line: BillLine) -> bool:
    """Whether it was paid for something: moving one's own money, saving and paying back credit are not."""
    if line.direction is not Direction.OUT or is_over(dialect, line):
        return False
    return not any(word in line.kind for word in dialect.no_spending)


def is_income(dialect: BillDialect, line: BillLine) -> bool:
    """Whether it looks earned: presents, refunds and what people send each other do not, unless they say so."""
    if line.direction is not Direction.IN or is_over(dialect, line) or is_refund(dialect, line):
        return False
    words = f"{line.kind} {line.goods} {line.remark}"
    if any(word in words for word in WAGES):
        return True
    if any(word in words for word in (*dialect.gifts, "转账", "退款", "返现")):
        return False
    return any(word in words for word in EARNED) or line.kind in ("收入", "其他")


def kind_of(line: BillLine) -> str:
    """Tells for what a line was paid, as a key of KINDS or OTHER: by the company's own word first, then by payee and goods."""
    for words in (line.kind, f"{line.payee} {line.goods}"):
        for kind, signs in KINDS.items():
            if any(sign in words for sign in signs):
                return kind
    return "OTHER"
