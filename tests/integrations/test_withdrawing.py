"""What a person takes back at Facebook, told by Facebook: believed by its signature alone, done once, and seen by a code."""

import base64
import hashlib
import hmac
import json
import time
from typing import Any

import httpx2
import pytest
from sqlalchemy import select

from domain.actors import UserActor
from domain.facts import readings
from domain.facts.accounts import LinkedAccount, LinkStatus
from domain.facts.readings import Reading
from infra.database import reading
from integrations import withdrawing
from integrations.providers import flow
from integrations.sandbox.credentials import client_secret
from tests.integrations.conftest import Desk
from tests.integrations.test_keeping_links import follow, link, now_of, tokens_of, told, unlink
from tests.integrations.test_linking import actor, configuration

__all__ = ["actor", "configuration"]
SECRET = client_secret("facebook")


def signed(subject: str, *, secret: str = SECRET, **more: Any) -> dict[str, str]:
    said = {"algorithm": "HMAC-SHA256", "issued_at": int(time.time()) + 1, "user_id": subject, **more}
    payload = _encoded(json.dumps(said).encode())
    return {"signed_request": f"{_encoded(hmac.digest(secret.encode(), payload.encode(), hashlib.sha256))}.{payload}"}


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


@pytest.fixture
async def linked(desk: Desk, actor: UserActor, monkeypatch: pytest.MonkeyPatch) -> tuple[LinkedAccount, str]:
    """An account at Facebook, and what Facebook calls it."""
    subjects = []
    really = flow.finish

    async def noted(*args: Any) -> flow.Identity:
        identity = await really(*args)
        subjects.append(identity.subject)
        return identity

    monkeypatch.setattr(flow, "finish", noted)
    return await link(desk, actor, "facebook"), subjects[0]


async def told_of(account: LinkedAccount) -> list[Reading]:
    async with reading() as db:
        theirs = select(Reading).where(Reading.user_id == account.user_id, Reading.source == "facebook")
        return list((await db.execute(theirs)).scalars())


async def test_a_deauthorization_breaks_the_link(
    web: httpx2.AsyncClient, actor: UserActor, linked: tuple[LinkedAccount, str]
) -> None:
    account, subject = linked
    for _ in range(2):
        answer = await web.post("/providers/facebook/deauthorization", data=signed(subject))
        assert (answer.status_code, answer.json()) == (200, {})
    assert ((await now_of(account)).status, await tokens_of(account)) == (LinkStatus.BROKEN, {})
    async with reading() as db:
        assert (await readings.sheet(db, actor.user_id)).values == {}
    await follow(actor)
    assert "account_revoked" in await told(actor)


@pytest.mark.parametrize("is_unlinked_before", [False, True])
async def test_a_deletion_leaves_nothing_that_was_told(
    web: httpx2.AsyncClient, actor: UserActor, linked: tuple[LinkedAccount, str], is_unlinked_before: bool
) -> None:
    account, subject = linked
    if is_unlinked_before:
        await unlink(actor, account)
        assert len(await told_of(account)) == 1
    answer = await web.post("/providers/facebook/deletion", data=signed(subject))
    said = answer.json()
    assert answer.status_code == 200 and said["url"].endswith(
        f"/providers/facebook/deletions/{said['confirmation_code']}"
    )
    await follow(actor)
    now = await now_of(account)
    assert (now.status, now.display_name_sealed, now.tokens_sealed) == (LinkStatus.UNLINKED, None, None)
    assert await told_of(account) == []
    page = await web.get(
        f"/providers/facebook/deletions/{said['confirmation_code']}", headers={"Accept-Language": "en"}
    )
    assert page.text == "It is done: Longan keeps nothing any more that Facebook told of you.\n"


@pytest.mark.parametrize("path", ["deauthorization", "deletion"])
@pytest.mark.parametrize(
    "more",
    [
        {"secret": "another"},
        {"algorithm": "none"},
        {"user_id": None},
        {"issued_at": "yesterday"},
        {"issued_at": 10**12},
    ],
)
async def test_what_facebook_did_not_say_is_not_believed(
    web: httpx2.AsyncClient, linked: tuple[LinkedAccount, str], path: str, more: dict[str, Any]
) -> None:
    account, subject = linked
    answer = await web.post(f"/providers/facebook/{path}", data=signed(**{"subject": subject, **more}))
    assert answer.status_code == 400
    assert (await now_of(account)).status is LinkStatus.ACTIVE


@pytest.mark.parametrize("form", [{}, {"signed_request": ""}, {"signed_request": "."}, {"signed_request": "é.\0"}])
async def test_nonsense_is_not_believed(web: httpx2.AsyncClient, form: dict[str, str]) -> None:
    assert (await web.post("/providers/facebook/deletion", data=form)).status_code == 400


async def test_what_was_said_before_the_link_was_made_ends_nothing(
    web: httpx2.AsyncClient, linked: tuple[LinkedAccount, str]
) -> None:
    account, subject = linked
    earlier = int(account.linked_at.timestamp()) - 1
    assert (await web.post("/providers/facebook/deletion", data=signed(subject, issued_at=earlier))).status_code == 200
    assert (await now_of(account)).status is LinkStatus.ACTIVE


async def test_somebody_whom_nobody_linked_gets_a_code_too(web: httpx2.AsyncClient) -> None:
    answer = await web.post("/providers/facebook/deletion", data=signed("4711"))
    assert answer.status_code == 200 and withdrawing.of_code("facebook", answer.json()["confirmation_code"])


@pytest.mark.parametrize("path", ["/providers/wechat/deletion", "/providers/nobody/deletion"])
async def test_who_tells_no_withdrawals_is_not_heard(web: httpx2.AsyncClient, path: str) -> None:
    assert (await web.post(path, data=signed("4711"))).status_code == 400


@pytest.mark.parametrize("code", ["0" * 48, "x", "é"])
async def test_a_code_that_is_not_ours_is_no_deletion(web: httpx2.AsyncClient, code: str) -> None:
    assert (await web.get(f"/providers/facebook/deletions/{code}")).status_code == 404
