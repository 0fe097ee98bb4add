"""The published vocabulary is what the door believes, in both languages, for whoever asks."""

import re

import httpx2
import pytest

from domain.facts.contributed import KINDS
from infra.words import Locale, say

ROW = re.compile(r'<tr><th scope="row"><code>([a-z0-9_.]+)</code></th><td>([^<]+)</td>')
CELLS = re.compile(r'<td(?: class="n")?>(?:<code>)?([^<]*)(?:</code>)?</td>')


@pytest.mark.parametrize("locale", ["zh", "en"])
async def test_it_lists_each_fact_with_its_unit_and_range(http: httpx2.AsyncClient, locale: Locale) -> None:
    shown = await http.get("/partner/vocabulary", headers={"Accept-Language": locale})
    assert shown.status_code == 200
    assert dict(ROW.findall(shown.text)) == {name: say(kind.label, locale) for name, kind in KINDS.items()}
    rows = [CELLS.findall(row) for row in shown.text.split("<tr>") if "<td" in row]
    told = [(row[2], row[3], float(row[4].replace(",", "")), float(row[5].replace(",", "")), row[6]) for row in rows]
    assert told == [(kind.type, kind.unit, kind.low, kind.high, str(kind.lasts_days)) for kind in KINDS.values()]
