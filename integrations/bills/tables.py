"""The rows of a table as cells of text, each with the number of its line in the file."""

import csv
import io
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from xml.etree.ElementTree import ParseError

from integrations.bills.opening import BROKEN, UnpackedTable
from integrations.bills.refused import BillRefused, Fault

Row = tuple[int, list[str]]

ROWS_MAX = 200_000
CELLS_MAX = 40
CELL_CHARACTERS_MAX = 2_000


def rows_of(opened: UnpackedTable) -> Iterator[Row]:
    """Every row that has something in it. Raises BillRefused where a table ends in the middle or never."""
    for number, cells in enumerate(_sheet(opened.data) if opened.is_sheet else _csv(opened.data)):
        if number > ROWS_MAX:
            raise BillRefused(Fault.TOO_LARGE)
        line, texts = cells
        if len(texts) > CELLS_MAX or any(len(text) > CELL_CHARACTERS_MAX for text in texts):
            raise BillRefused(Fault.MALFORMED, line)
        if any(texts):
            yield line, texts


def _csv(data: bytes) -> Iterator[Row]:
    lines = csv.reader(io.StringIO(_text(data), newline=""))
    try:
        for cells in lines:
            yield lines.line_num, [_clean(cell) for cell in cells]
    except csv.Error:
        raise BillRefused(Fault.MALFORMED, lines.line_num) from None


def _text(data: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise BillRefused(Fault.UNKNOWN_FORMAT)


def _sheet(data: bytes) -> Iterator[Row]:
    from openpyxl import load_workbook  # which takes longer to bring in than a table of text takes to be read

    try:
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
        for line, cells in enumerate(book.worksheets[0].iter_rows(max_col=CELLS_MAX, values_only=True), 1):
            yield line, [_clean(_text_in(cell)) for cell in cells]
    except (KeyError, IndexError, ValueError, TypeError, AttributeError, ParseError, EOFError, *BROKEN):
        raise BillRefused(Fault.MALFORMED, what="xlsx") from None


def _text_in(cell: object) -> str:
    match cell:
        case None:
            return ""
        case datetime():
            return cell.isoformat(sep=" ", timespec="seconds")
        case float():
            # Sums that a program worked out end in 0000001 or 9999999.
            return f"{cell:.2f}" if abs(cell - round(cell, 2)) < 1e-6 else str(Decimal(repr(cell)))
        case _:
            return str(cell)


def _clean(cell: str) -> str:
    return cell.strip(" \t\r\n\u3000\ufeff")
