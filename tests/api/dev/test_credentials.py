"""`longan dev credentials`: ready to sign in with, the same at every call, on the embedded default only."""

import asyncio
import json
import os
import stat
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
import pyotp
import pytest
from sqlalchemy import delete, func, select, text

from api.dev import credentials
from domain.people import authenticators, staff
from domain.people.partners import Partner, PartnerClient
from domain.people.staff import Staff
from domain.permissions import Role
from infra.database import Db, reading, transaction
from infra.ids import parse_global_id
from infra.settings import settings
from tests.api.doors import Client
from tests.colleagues import let_codes_pass
from tests.patience import SECONDS_MAX
from tests.production import PRODUCTION

FILE = "dev-credentials.json"


def printed(**environment: str) -> subprocess.CompletedProcess[str]:
    """What the command says, run as a person would."""
    command = [sys.executable, "-m", "api.cli", "dev", "credentials"]
    return subprocess.run(
        command, env={**os.environ, **environment}, capture_output=True, text=True, timeout=SECONDS_MAX
    )


@pytest.fixture(scope="module")
def told() -> dict[str, Any]:
    answer = printed()
    assert answer.returncode == 0, answer.stderr
    said: dict[str, Any] = json.loads(answer.stdout)
    return said


async def sign_in(http: httpx2.AsyncClient, proofs: dict[str, str]) -> httpx2.Response:
    await let_codes_pass()
    async with reading() as db:
        code = pyotp.TOTP(proofs["totpSecret"]).at(await authenticators.authenticator_time(db))
    body = {"email": proofs["email"], "password": proofs["password"], "totp": code}
    return await http.post("/console/session", json=body)


def test_they_have_the_shape_that_the_contract_names(told: dict[str, Any]) -> None:
    assert set(told) == {"url", "partner", "landlord", "member", *Role}
    assert told["url"] == settings().public_url
    for partner in ("partner", "landlord"):
        assert set(told[partner]) == {"clientId", "clientSecret", "partnerId"}
    assert {"marketing", "approver", "risk"} <= set(told), "the contract names these"
    for role in ("member", *Role):
        assert set(told[role]) == {"email", "password", "totpSecret"}


def test_they_are_the_same_at_every_call_and_for_their_owner_alone(told: dict[str, Any]) -> None:
    assert json.loads(printed().stdout) == told
    assert stat.S_IMODE((settings().var / FILE).stat().st_mode) == 0o600


@pytest.mark.parametrize(("name", "code"), [("partner", credentials.PARTNER), ("landlord", credentials.LANDLORD)])
async def test_the_partners_are_of_the_catalogue(told: dict[str, Any], name: str, code: str) -> None:
    kind, id = parse_global_id(told[name]["partnerId"]) or ("", UUID(int=0))
    async with reading() as db:
        partner = await db.get(Partner, id)
    assert kind == "Partner" and partner is not None and partner.code == code


async def test_the_partner_gets_a_token(http: httpx2.AsyncClient, told: dict[str, Any]) -> None:
    kept = told["partner"]
    form = {"grant_type": "client_credentials", "client_id": kept["clientId"], "client_secret": kept["clientSecret"]}
    token = (await http.post("/oauth/token", data=form)).json()["access_token"]
    products = await Client(http, "partner", token).ask("{ products(first: 50) { edges { node { sku } } } }")
    assert "ldb-everyday" in [edge["node"]["sku"] for edge in products["products"]["edges"]]


async def test_the_partner_may_do_what_came_later(told: dict[str, Any]) -> None:
    async with transaction() as db:
        (await db.get_one(PartnerClient, told["partner"]["clientId"])).scopes = ["applications", "products"]
    await credentials.let_in(credentials.read_credentials(settings().var / FILE))
    async with reading() as db:
        client = await db.get_one(PartnerClient, told["partner"]["clientId"])
    assert set(client.scopes) == {
        "products",
        "applications",
        "scores",
        "score_reports",
        "redemptions",
        "facts",
        "invitations",
    }


@pytest.mark.parametrize(("role", "sees_reviews"), [("marketing", False), ("approver", False), ("risk", True)])
async def test_each_of_the_staff_signs_in_with_a_role(
    http: httpx2.AsyncClient, told: dict[str, Any], role: str, sees_reviews: bool
) -> None:
    token = (await sign_in(http, told[role])).json()["token"]
    answer = (await Client(http, "console", token).post("{ reviewQueue { edges { cursor } } }")).json()
    assert ("errors" not in answer) == sees_reviews


async def test_what_the_database_lost_is_written_again(http: httpx2.AsyncClient, told: dict[str, Any]) -> None:
    """Somebody who only views: what others changed names them for good."""
    async with transaction() as db:
        await db.execute(delete(PartnerClient).where(PartnerClient.client_id == told["partner"]["clientId"]))
        await db.execute(delete(Staff).where(Staff.email_index == staff.index(told["viewer"]["email"])))
    assert (await sign_in(http, told["viewer"])).status_code == 401
    kept = credentials.read_credentials(settings().var / FILE)
    await credentials.let_in(kept)
    assert {**told, "url": None} == {"url": None, **kept.as_json()}
    assert (await sign_in(http, told["viewer"])).status_code == 200


async def test_whoever_asks_at_once_waits_for_the_first(told: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    @asynccontextmanager
    async def impatient() -> AsyncIterator[Db]:
        async with transaction() as db:
            await db.execute(text("SET LOCAL lock_timeout = '1ms'"))
            yield db

    monkeypatch.setattr(credentials, "transaction", impatient)
    kept = await credentials.ready()
    async with transaction() as first:
        await first.execute(select(func.pg_advisory_xact_lock(credentials.ONE_AT_A_TIME)))
        # What was let in before is not compared again, and waits for nobody.
        await credentials.let_in(kept)
        credentials.memory().unlink()
        second = asyncio.create_task(credentials.let_in(kept))
        assert await asyncio.wait([second], timeout=0.3) == (set(), {second})
    await second
    assert credentials.memory().exists()


def test_whoever_came_later_gets_proofs_beside_the_others(tmp_path: Path) -> None:
    file = tmp_path / FILE
    first = credentials.read_credentials(file)
    old = {name: proofs for name, proofs in first.as_json().items() if name not in (Role.VIEWER, "landlord")}
    file.write_text(json.dumps(old))
    later = credentials.read_credentials(file)
    assert {**later.staff, Role.VIEWER: None} == {**first.staff, Role.VIEWER: None}
    assert later == credentials.read_credentials(file)
    for name in ("viewer", "landlord"):
        assert stat.S_IMODE((tmp_path / f"dev-credentials-{name}.json").stat().st_mode) == 0o600


def test_production_has_none(tmp_path: Path) -> None:
    key = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
    production = {
        "LONGAN_ENVIRONMENT": "production",
        "LONGAN_VAR": str(tmp_path),
        "LONGAN_MASTER_KEYS": json.dumps({"1": key}),
        "LONGAN_INDEX_KEY": key,
        "LONGAN_TOKEN_KEY": key,
        "LONGAN_IDENTITY_REGISTER": "aliyun",
        **{f"LONGAN_REGISTERS__{name}": "x" for name in ("ACCESS_KEY_ID", "ACCESS_KEY_SECRET")},
        **{f"LONGAN_{name}": value for name, value in PRODUCTION.items() if name.startswith("CASHIER")},
        "LONGAN_SMS_GATEWAY": "aliyun",
        **{f"LONGAN_SMS__{name}": "x" for name in ("ACCESS_KEY_ID", "ACCESS_KEY_SECRET", "SIGN_NAME", "TEMPLATE_CODE")},
    }
    answer = printed(**production)
    assert (answer.returncode, answer.stdout) == (1, "")
    assert "embedded default only" in answer.stderr
    assert list(tmp_path.iterdir()) == []
