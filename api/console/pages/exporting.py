"""A table of the console as CSV, as spreadsheets read it."""

import csv
import io
from collections.abc import Iterable, Sequence

from starlette.responses import Response

BYTE_ORDER_MARK = "\ufeff"  # without it, spreadsheets take Chinese for Latin-1
# Where Chinese is typed, spreadsheets take the wide signs for the narrow ones.
FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n")


def table_as_csv(name: str, columns: Sequence[str], lines: Iterable[Sequence[object]]) -> Response:
    """Cells that a spreadsheet would work out as a formula are told as text."""
    paper = io.StringIO()
    writer = csv.writer(paper)
    writer.writerow(columns)
    writer.writerows([_cell(value) for value in line] for line in lines)
    headers = {"Content-Disposition": f'attachment; filename="longan-{name}.csv"', "Cache-Control": "no-store"}
    return Response(BYTE_ORDER_MARK + paper.getvalue(), media_type="text/csv", headers=headers)


def _cell(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else "" if value is None else value
