"""Whether a bill is as its company wrote it: its lines are those that its head counts, within its time."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from integrations.bills.amounts import is_over, refund_fen
from integrations.bills.refused import BillRefused, Fault
from integrations.bills.statements import Bill, BillLine, Direction

CLOCKS_APART = timedelta(days=1)


def check(bill: Bill, now: datetime) -> None:
    """Raises BillRefused EDITED where lines and head do not agree, naming the line where one alone is wrong."""
    head = bill.head
    if head.count is None or head.begins is None or head.ends is None or not head.sums:
        raise BillRefused(Fault.MALFORMED, what="共N笔记录")
    # A bill that names its holder names them always: one without the line could be anybody's, as could one of stars alone.
    if bill.dialect.holder and not head.holder.strip("*＊ "):
        raise BillRefused(Fault.MALFORMED, what=bill.dialect.holder)
    if head.count != len(bill.lines):
        raise BillRefused(Fault.EDITED, what="共N笔记录")
    if head.begins > head.ends or (head.exported is not None and head.exported > now + CLOCKS_APART):
        raise BillRefused(Fault.EDITED, what="终止时间")
    for line in bill.lines:
        if not head.begins <= line.at <= head.ends + CLOCKS_APART:
            raise BillRefused(Fault.EDITED, line.line, "交易时间")
    for direction, said in head.sums.items():
        if said not in _could_say(bill, direction):
            raise BillRefused(Fault.EDITED, what=_word(bill, direction))


def _could_say(bill: Bill, direction: Direction) -> Iterator[tuple[int, int]]:
    """Count and sum of the lines of one direction, with and without what came to nothing, and less what was refunded: the
    companies count by rules of their own, as their bills say."""
    its = [line for line in bill.lines if line.direction is direction]
    stands = [line for line in its if not is_over(bill.dialect, line)]
    for lines in (its, stands):
        yield len(lines), _sum(lines)
        yield len(lines), _sum(lines) - sum(refund_fen(line) for line in lines)
        # Of a count over all and a sum over what stands.
        yield len(its), _sum(lines)
    if direction is Direction.OUT:
        back = sum(line.fen for line in bill.lines if line.kind.endswith(bill.dialect.refund_kinds))
        yield len(its), _sum(its) - back
        yield len(stands), _sum(stands) - back


def _sum(lines: list[BillLine]) -> int:
    return sum(line.fen for line in lines)


def _word(bill: Bill, direction: Direction) -> str:
    words = {Direction.IN: "收入", Direction.OUT: "支出"}
    return words.get(direction, bill.dialect.head_of_neutral)
