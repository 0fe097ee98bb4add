"""A bill as its company wrote it: what its head says, and its lines. Whatever cannot be read is refused by its line."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum

from integrations.bills.dialects import DIALECTS, NOT_READ, OPTIONAL, BillDialect
from integrations.bills.refused import BillRefused, Fault
from integrations.bills.tables import Row

HEAD_LINES_MAX = 60
FEN_MAX = 10**13
PERIOD = re.compile(r"起始时间[:：]\s*\[?([\d\-/: ]{8,19}?)\]?\s+终止时间[:：]\s*\[?([\d\-/: ]{8,19}?)\]?\s*$")
EXPORTED = re.compile(r"导出时间[:：]\s*\[?([\d\-/: ]{8,19}?)\]?\s*$")
COUNT = re.compile(r"共\s*(\d{1,9})\s*笔")
SUM = re.compile(r"(收入|支出|不计收支|中性交易)[:：]\s*(\d{1,9})\s*笔\s*([\d,]+(?:\.\d{1,2})?)\s*元")
TIMES = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y-%m-%d", "%Y/%m/%d")
CUT_NUMBER = re.compile(r"\d(?:\.\d+)?[eE]\+\d+")
AMOUNT = re.compile(r"[¥￥]?\s*(\d{1,3}(?:,\d{3})+|\d+)(\.\d{1,2})?")


class Direction(StrEnum):
    IN = "IN"
    OUT = "OUT"
    NEUTRAL = "NEUTRAL"


@dataclass(frozen=True)
class BillLine:
    line: int
    at: datetime  # as the company wrote it: the time of Beijing
    kind: str
    payee: str
    goods: str
    direction: Direction
    fen: int
    status: str
    merchant_number: str
    remark: str


@dataclass
class BillHead:
    """What a bill says of itself: `sums` are (lines, fen) under each direction."""

    account: str = ""
    holder: str = ""
    begins: datetime | None = None
    ends: datetime | None = None
    exported: datetime | None = None
    count: int | None = None
    sums: dict[Direction, tuple[int, int]] = field(default_factory=dict)


@dataclass(frozen=True)
class Bill:
    dialect: BillDialect
    head: BillHead
    lines: list[BillLine]

    @property
    def begins(self) -> date:
        return day_of(self.head.begins or min(line.at for line in self.lines))

    @property
    def ends(self) -> date:
        return day_of(self.head.ends or max(line.at for line in self.lines))


def day_of(at: datetime) -> date:
    """Answers the day that stands in a bill: its times are those of Beijing and say no zone."""
    return date(at.year, at.month, at.day)


def read_bill(rows: Iterable[Row]) -> Bill:
    """Raises BillRefused: OTHER_COMPANY of a bill that we do not read, UNKNOWN_FORMAT without a head and columns that we know,
    MALFORMED by the first line that says nothing.
    """
    head, texts, dialect = BillHead(), list[str](), None
    columns: Mapping[str, int] | None = None
    lines: list[BillLine] = []
    for number, cells in rows:
        if columns is not None and dialect is not None:
            if cells[0].startswith("---"):
                continue
            lines.append(_line(dialect, columns, number, cells))
            continue
        texts.append(cells[0])
        _refuse_other_company(cells)
        dialect = dialect or next((each for each in DIALECTS if any(mark in cells[0] for mark in each.marks)), None)
        _read_head(head, cells[0])
        # In whatever order: companies have moved their columns about over the years.
        if {"交易时间", "收/支"} <= set(cells):
            dialect = dialect or _by_columns(cells)
            columns = _columns(dialect, cells, number)
        elif len(texts) > HEAD_LINES_MAX:
            break
    if dialect is None or columns is None:
        raise BillRefused(Fault.UNKNOWN_FORMAT)
    _read_names(head, dialect, texts)
    if not lines:
        raise BillRefused(Fault.EMPTY)
    return Bill(dialect, head, lines)


def _refuse_other_company(cells: list[str]) -> None:
    for word, company in NOT_READ.items():
        if cells[0].startswith(word) or word in cells:
            raise BillRefused(Fault.OTHER_COMPANY, what=company)


def _by_columns(cells: list[str]) -> BillDialect | None:
    named = [each for each in DIALECTS if each.columns["kind"][0] in cells]
    return named[0] if named else None


def _columns(dialect: BillDialect | None, cells: list[str], number: int) -> Mapping[str, int]:
    if dialect is None:
        raise BillRefused(Fault.UNKNOWN_FORMAT)
    found = {}
    for ours, theirs in dialect.columns.items():
        places = [place for place, cell in enumerate(cells) if cell in theirs]
        if len(places) > 1 or (not places and ours not in OPTIONAL):
            raise BillRefused(Fault.MALFORMED, number, theirs[0])
        if places:
            found[ours] = places[0]
    return found


def _read_head(head: BillHead, text: str) -> None:
    if found := PERIOD.search(text):
        head.begins, head.ends = _time(found[1]), _time(found[2])
    if found := EXPORTED.search(text):
        head.exported = _time(found[1])
    if found := COUNT.search(text):
        head.count = int(found[1])
    if found := SUM.search(text):
        way = {"收入": Direction.IN, "支出": Direction.OUT}.get(found[1], Direction.NEUTRAL)
        head.sums[way] = int(found[2]), _fen(found[3]) or 0


def _read_names(head: BillHead, dialect: BillDialect, texts: list[str]) -> None:
    for text in texts:
        name, _, said = text.replace("：", ":", 1).partition(":")
        said = said.strip(" \t[]")
        if name.strip() == dialect.account:
            head.account = said
        elif dialect.holder and name.strip() == dialect.holder:
            head.holder = said


def _line(dialect: BillDialect, columns: Mapping[str, int], number: int, cells: list[str]) -> BillLine:
    def cell(name: str) -> str:
        place = columns.get(name)
        return cells[place] if place is not None and place < len(cells) else ""

    at, fen, direction = _time(cell("at")), _fen(cell("amount")), _direction(dialect, cell("direction"))
    for name, read in (("at", at), ("amount", fen), ("direction", direction)):
        if read is None:
            raise BillRefused(Fault.MALFORMED, number, dialect.columns[name][0])
    if CUT_NUMBER.fullmatch(cell("number").lstrip("'`")):
        raise BillRefused(Fault.SAVED_AGAIN, number, dialect.columns["number"][0])
    assert at is not None and fen is not None and direction is not None
    words = (cell("kind"), cell("payee"), cell("goods"))
    return BillLine(
        number, at, *words, direction, fen, cell("status"), cell("merchant_number").strip("/'"), cell("remark")
    )


def _direction(dialect: BillDialect, text: str) -> Direction | None:
    if text in dialect.neutral:
        return Direction.NEUTRAL
    return {"收入": Direction.IN, "支出": Direction.OUT}.get(text)


def _time(text: str) -> datetime | None:
    for form in TIMES:
        try:
            return datetime.strptime(text.strip(), form)  # noqa: DTZ007 - bills are of the time of Beijing, and say none
        except ValueError:
            continue
    return None


def _fen(text: str) -> int | None:
    found = AMOUNT.fullmatch(text.strip())
    if found is None:
        return None
    try:
        fen = int(Decimal(found[1].replace(",", "") + (found[2] or "")) * 100)
    except InvalidOperation:
        return None
    return fen if fen < FEN_MAX else None
