"""The tour, which begins on the first page, is pasted into a shell, and goes as its pages show it."""

import asyncio
import base64
import contextlib
import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import orjson
import pytest

from infra.ids import parse_global_id
from infra.settings import settings
from tests.api.app.test_identity import new_id_number
from tests.clocks import Clock
from tests.phones import new_number
from tests.working import work_off

ROOT = Path(__file__).parents[2]
PAGES = (ROOT / "README.md", ROOT / "domain/agreements/README.md")  # the second goes on where the first one ends
# What is the same for whoever takes the tour; ids, codes, days and points are their own.
SHOWN = re.compile(
    r'"(?:amount|annualRate|code|displayName|identity|message|state|status|title)":"[^"…]*[^"\d…][^"…]*"'
)
SECONDS_MAX = 240


def blocks(kind: str) -> str:
    tour = "\n".join(page.read_text("utf-8").partition("\n## A tour")[2].partition("\n## ")[0] for page in PAGES)
    return "".join(re.findall(rf"^```{kind}\n(.*?)^```$", tour, re.MULTILINE | re.DOTALL))


def commands() -> str:
    """With an address, a phone number and an id number of this test's own."""
    text = blocks("sh").replace("http://127.0.0.1:8000", settings().public_url).replace("sleep 1", "sleep 0.1")
    text = text.replace("8613800138000", new_number().removeprefix("+"))
    return text.replace("110105200106020018", new_id_number("20010602"))


@pytest.mark.skipif(shutil.which("curl") is None, reason="the tour is taken with curl")
async def test_the_tour_goes_as_the_page_shows_it(longan: None, clock: Clock) -> None:
    said = "".join([line async for line in pasted(commands())])
    assert [shown for shown in SHOWN.findall(blocks("json")) if shown not in said] == []
    assert '"repay":{"status":"SETTLED","agreement":{"status":"SETTLED","outstanding":{"amount":"0.00"}' in said


async def pasted(text: str) -> AsyncIterator[str]:
    """What the shell says, line by line; meanwhile the worker does what is due for those who were named."""
    shell = await asyncio.create_subprocess_exec(
        "sh", "-c", text, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, limit=2**20
    )
    about: set[UUID] = set()
    try:
        async with asyncio.timeout(SECONDS_MAX):
            assert shell.stdout is not None
            reading = asyncio.create_task(shell.stdout.readline())
            while True:
                await asyncio.wait([reading], timeout=0.1)
                if not reading.done():
                    await work_off(*about)
                    continue
                if not (line := reading.result().decode()):
                    return
                about |= named_in(line)
                yield line
                reading = asyncio.create_task(shell.stdout.readline())
    finally:
        with contextlib.suppress(ProcessLookupError):
            shell.kill()
        await shell.wait()


def named_in(line: str) -> set[UUID]:
    ids = {parsed[1] for each in re.findall(r'"id":"([\w-]+)"', line) if (parsed := parse_global_id(each))}
    for claims in re.findall(r'"accessToken":"[\w-]+\.([\w-]+)\.', line):
        ids.add(UUID(orjson.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["sub"]))
    return ids
