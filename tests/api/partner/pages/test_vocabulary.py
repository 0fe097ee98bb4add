"""The published vocabulary is what the door believes, in both languages, for whoever asks."""

import re

import httpx2
import pytest

from domain.facts.contributed import KINDS
from domain.facts.loan_reports import MEANINGS
from infra.words import Locale, say

ROW = re.compile(r'<tr><th scope="row"><code>([a-z0-9_.]+)</code></th><td>([^<]+)</td>')
CELLS = re.compile(r'<td(?: class="n")?>(?:<code>)?([^<]*)(?:</code>)?</td>')


@pytest.mark.parametrize("locale", ["zh", "en"])
async def test_it_lists_each_fact_with_its_unit_and_range(http: httpx2.AsyncClient, locale: Locale) -> None:
    shown = await http.get("/partner/vocabulary", headers={"Accept-Language": locale})
    assert shown.status_code == 200
    assert "<code>contributeFacts</code>" in shown.text and "`" not in shown.text
    assert dict(ROW.findall(shown.text)) == {name: say(kind.label, locale) for name, kind in KINDS.items()}
    rows = [CELLS.findall(row) for row in shown.text.split("<tr>") if "<td" in row]
    told = [(*row[2:4], *map(number, row[4:7])) for row in rows if len(row) == 7]
    assert told == [
        (kind.type, kind.unit or ", ".join(kind.choices), kind.low, kind.high, kind.lasts_days)
        for kind in KINDS.values()
    ]
    assert [row for row in rows if len(row) == 1] == [[say(meaning, locale)] for meaning in MEANINGS.values()]


def number(cell: str) -> float | None:
    return float(cell.replace(",", "")) if cell else None
