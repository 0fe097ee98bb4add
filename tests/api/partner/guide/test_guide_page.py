"""The guide at `/partner/guide`: what it shows is sent as it stands there, in a shell and in Python, and answers; in TypeScript
it is `tests/clients` that sends it.
"""

import asyncio
import base64
import os
import re
import shutil
import sys
import time
from datetime import date
from html import unescape
from pathlib import Path
from typing import Any

import httpx2
import orjson
import pytest
from graphql import GraphQLEnumType, OperationDefinitionNode, parse, print_ast, validate

from api import codes
from api.partner.guide import changes, preludes, steps, writing
from domain.people import partners
from infra.database import transaction
from infra.settings import settings
from integrations.webhooks import signing
from tests.api.doors import CONTRACT, served_schemas
from tests.api.offering import close
from tests.api.people import open_shop

CODE = re.compile(r"<pre><code>(.*?)</code></pre>", re.DOTALL)
SECONDS_MAX = 60
STEPS = steps.steps(date(2026, 11, 22))
RUNS = {"curl": ["bash", "-c"], "python": [sys.executable, "-c"]}
KEY, OTHER = (base64.b64encode(each * 32).decode() for each in (b"k", b"o"))


async def shown(http: httpx2.AsyncClient, language: str) -> list[str]:
    response = await http.get("/partner/guide", params={"in": language}, headers={"Accept-Language": "en"})
    assert response.status_code == 200
    return [unescape(text) for text in CODE.findall(response.text)]


@pytest.mark.skipif(shutil.which("curl") is None, reason="the guide is followed with curl")
@pytest.mark.parametrize("language", RUNS)
@pytest.mark.parametrize("is_test", [True, False])
async def test_what_it_shows_is_sent_from_top_to_bottom_and_answers(
    longan: None, http: httpx2.AsyncClient, language: str, is_test: bool
) -> None:
    """With a test client from nothing to a decision; with a live one whom nobody has asked for anything, without a mistake."""
    shop = await open_shop(is_test=is_test)
    async with transaction() as db:
        partner = await db.merge(shop.partner)
        secret = await partners.issue_client(db, partner, f"guide-of-{partner.code}")
    answers = await run(language, "\n".join(await shown(http, language)), f"guide-of-{partner.code}", secret)
    told = {name: value for answer in answers for name, value in answer["data"].items()}
    assert [each for each in answers if "errors" in each] == []
    assert told["me"]["name"] == shop.partner.name
    assert (told["upsertProduct"]["__typename"], told["product"]["status"]) == ("Product", "DRAFT")
    asked = [each.operation for each in STEPS if is_test or each.needs in (None, "endpoint")]
    assert len(answers) == len(asked)
    if is_test:
        application = told["simulate"]["id"]
        assert told["decideApplication"] == {"__typename": "Application", "id": application, "status": "DECLINED"}
        assert (told["checkScore"]["__typename"], told["checkScore"]["charged"]) == ("ScoreCheck", True)
    assert told["createWebhookEndpoint"]["secret"].startswith("whsec_")
    assert told["deleteWebhookEndpoint"] == {
        "__typename": "WebhookEndpoint",
        "id": told["createWebhookEndpoint"]["endpoint"]["id"],
    }
    await close(shop)


@pytest.mark.skipif(shutil.which("curl") is None, reason="the guide is followed with curl")
@pytest.mark.parametrize("language", RUNS)
async def test_a_wrong_secret_is_told_by_what_was_answered(
    longan: None, http: httpx2.AsyncClient, language: str
) -> None:
    (begins, *_) = await shown(http, language)
    process = await started(language, begins, "nobody", "wrong")
    async with asyncio.timeout(SECONDS_MAX):
        _, wrong = await process.communicate()
    assert "invalid_client" in wrong.decode() and "Traceback" not in wrong.decode()


async def run(language: str, script: str, client_id: str, secret: str) -> list[dict[str, Any]]:
    """Each answer that it prints, as a shell or an interpreter runs it that knows nothing of this house."""
    process = await started(language, script, client_id, secret)
    async with asyncio.timeout(SECONDS_MAX):
        out, wrong = await process.communicate()
    assert (process.returncode, wrong.decode()) == (0, "")
    return [orjson.loads(line) for line in out.splitlines() if line.startswith(b"{")]


async def started(language: str, script: str, client_id: str, secret: str) -> asyncio.subprocess.Process:
    environment = {
        "PATH": os.environ["PATH"],
        "LONGAN": settings().public_url,
        "CLIENT_ID": client_id,
        "CLIENT_SECRET": secret,
    }
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(*RUNS[language], script, env=environment, stdout=pipe, stderr=pipe)


def test_its_documents_are_those_that_clients_send() -> None:
    promised = parse((CONTRACT / "partner.graphql").read_text("utf-8")).definitions
    sent = {
        each.name.value: print_ast(each) for each in promised if isinstance(each, OperationDefinitionNode) and each.name
    }
    schema = served_schemas()["partner"]
    own = {"SimulateConsent"}  # it asks for what came after the promise
    assert not own & sent.keys()
    for name, document in steps.documents().items():
        assert name in own or print_ast(parse(document)) == sent[name], name
        assert validate(schema, parse(document)) == []


@pytest.mark.parametrize(("age", "secret", "is_right"), [(0, KEY, True), (301, KEY, False), (0, OTHER, False)])
def test_its_python_verifies_what_we_sign(age: int, secret: str, is_right: bool) -> None:
    known: dict[str, object] = {}
    exec(preludes.PYTHON_VERIFIES, known)
    now, body = int(time.time()) - age, '{"type":"事件"}'.encode()
    headers = {
        "webhook-id": "id",
        "webhook-timestamp": str(now),
        "webhook-signature": signing.signature([b"x" * 32, base64.b64decode(KEY)], "id", now, body),
    }
    assert known["verify"](f"whsec_{secret}", headers, body) is is_right  # type: ignore[operator]


async def test_each_language_is_shown_and_an_unknown_one_is_curl(http: httpx2.AsyncClient) -> None:
    whole = {language: await shown(http, language) for language in [*writing.LANGUAGES, "cobol"]}
    counts = {language: len(texts) for language, texts in whole.items()}
    steps_shown = len(STEPS) + 1
    assert counts == {
        "curl": steps_shown,
        "typescript": steps_shown + 1,
        "python": steps_shown + 1,
        "cobol": steps_shown,
    }
    assert whole["cobol"][0] == whole["curl"][0]


async def test_its_website_is_the_one_that_a_browser_follows(http: httpx2.AsyncClient) -> None:
    """`tests/clients` sends a browser there by the lines of the page beside it."""
    page = (Path(__file__).parents[4] / "api/oauth/README.md").read_text("utf-8")
    assert f"```js\n{preludes.WEBSITE}```" in page
    assert preludes.WEBSITE in unescape((await http.get("/partner/guide")).text)


async def test_whoever_reads_it_need_not_sign_in_and_every_code_is_told(http: httpx2.AsyncClient) -> None:
    page = (await http.get("/partner/codes", headers={"Accept-Language": "en"})).text
    refusals = served_schemas()["partner"].type_map["RefusalCode"]
    assert isinstance(refusals, GraphQLEnumType)
    assert [code for code in (*refusals.values, *codes.ERRORS) if f"<code>{code}</code>" not in page] == []


async def test_the_changelog_tells_what_came_on_which_day(http: httpx2.AsyncClient) -> None:
    page = (await http.get("/partner/changelog", headers={"Accept-Language": "en"})).text
    for day in {change.on for change in changes.read(changes.FILE.read_text("utf-8"))}:
        assert f"<h2>{day}</h2>" in page
    assert "<code>Mutation.checkScore</code>" in page
