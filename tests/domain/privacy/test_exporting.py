"""Exports: complete by what the tables say of themselves, with their seals open, and for the session that asked alone."""

import asyncio
import io
import json
import zipfile
from pathlib import Path
from typing import Any, cast

import httpx2
from sqlalchemy import Table, select

from api import main, worker  # noqa: F401 - everything that serves is imported, and so every table is known
from domain.privacy import exporting, owned
from domain.privacy.exports import END_DUE, DataExport
from domain.privacy.retention import WITHHELD
from infra import reacting
from infra.database import reading
from infra.outbox import Event
from infra.privacy import Export
from tests.api.app.test_second_factors import step_up, with_app
from tests.clocks import Clock
from tests.domain.agreements.test_drawing import borrower
from tests.domain.agreements.test_replanning import begun
from tests.phones import Answer, NewPhone, Phone, new_key
from tests.visiting import visitor

__all__ = ["borrower"]
HOUSE = Path(__file__).parents[3]
ASK = "ExportMyData"
READ = "query($id: ID!) { node(id: $id) { ... on DataExport { id status url expiresAt } } }"


async def asked(person: Phone) -> Answer:
    made: Answer = await person.send(ASK)
    assert made["__typename"] == "DataExport", made
    return made


async def ready(person: Phone) -> Answer:
    made = await asked(person)
    assert (made["status"], made["url"], made["expiresAt"]) == ("PREPARING", None, None)
    await person.settle()
    found: Answer = (await person.ask(READ, id=made["id"]))["node"]
    assert found["status"] == "READY"
    return found


async def fetch(url: str, token: str | None) -> httpx2.Response:
    async with visitor() as client:
        return await client.get(url, headers={"Authorization": f"Bearer {token}"} if token else {})


def files_of(response: httpx2.Response) -> dict[str, Any]:
    with zipfile.ZipFile(io.BytesIO(response.content)) as archive:
        assert archive.testzip() is None
        return {name: json.loads(archive.read(name)) for name in archive.namelist()}


class TestAnOldSession:
    async def test_proves_once_more_who_it_is(self, member: Phone, clock: Clock) -> None:
        app = await with_app(member)
        await clock.forward(days=1, seconds=1)
        await member.renew()
        assert (await member.send(ASK))["code"] == "STEP_UP_REQUIRED"
        async with reading() as db:
            assert (await db.execute(select(DataExport.id).where(DataExport.user_id == member.user_id))).all() == []
        assert (await step_up(member, "TOTP", await app.code()))["__typename"] == "SteppedUp"
        await asked(member)


class TestAnExport:
    async def test_has_each_table_that_is_not_withheld_with_its_seals_open(self, borrower: Phone) -> None:
        await begun(borrower)
        await borrower.sign_in()
        await borrower.do("DisputeFactor", factorCode="ability", message="I earn more.", idempotencyKey=new_key())
        made = await ready(borrower)
        response = await fetch(made["url"], borrower.token)
        assert (response.status_code, response.headers["cache-control"]) == (200, "no-store")
        files = files_of(response)
        given = {
            f"{entity.__tablename__}.json"
            for entity, privacy in owned.kinds()
            if privacy.export is not Export.WITHHELD
            and owned.is_theirs(cast(Table, entity.__table__), borrower.user_id) is not None
        }
        assert files.keys() == given | {"about.json"}
        assert files["about.json"]["withheld"] == dict(WITHHELD)
        (user,) = files["users.json"]
        assert user["phone"] == borrower.number
        assert {row["source"] for row in files["readings.json"]} >= {"wechat", "profile"}
        assert all(name and at for row in files["readings.json"] for name, _, at in row["facts"])
        (dispute,) = files["disputes.json"]
        assert dispute["texts"]["message"] == "I earn more."
        assert files["identities.json"] and files["evidence_leaves.json"]
        names = {name for rows in files.values() if isinstance(rows, list) for row in rows for name in row}
        assert not names & {"tokens", "secret", "renewal_key", "user_id", "subject_index"}
        assert not {name for name in names if name.endswith("_sealed")}

    async def test_is_for_the_session_that_asked_and_for_nobody_else(self, member: Phone, new_phone: NewPhone) -> None:
        made = await ready(member)
        again, stranger = await new_phone(), await new_phone()
        again.number = member.number
        await again.sign_in()
        await stranger.sign_in()
        answers = [await fetch(made["url"], token) for token in (None, again.token, stranger.token)]
        assert [each.status_code for each in answers] == [401, 404, 404]
        assert (await again.ask(READ, id=made["id"]))["node"] is None
        assert (await asked(again))["id"] != made["id"]

    async def test_is_one_however_often_it_is_asked_for(self, member: Phone) -> None:
        many = await asyncio.gather(*(asked(member) for _ in range(10)))
        assert len({each["id"] for each in many}) == 1
        await member.settle()
        assert (await asked(member))["id"] == many[0]["id"]

    async def test_is_made_three_times_a_day(self, member: Phone) -> None:
        for _ in range(exporting.PER_PERSON.times):
            await member.sign_in()
            await asked(member)
        await member.sign_in()
        assert (await member.send(ASK))["code"] == "RATE_LIMITED"

    async def test_is_gone_after_three_days(self, member: Phone, clock: Clock) -> None:
        made = await ready(member)
        await clock.forward(days=3, seconds=1)
        await member.renew()
        assert (await fetch(made["url"], member.token)).status_code == 404
        await member.settle()
        found = (await member.ask(READ, id=made["id"]))["node"]
        assert (found["status"], found["url"]) == ("EXPIRED", None)
        async with reading() as db:
            its = select(DataExport.archive_sealed).where(DataExport.user_id == member.user_id)
            assert (await db.execute(its)).scalars().all() == [None]

    async def test_that_could_not_be_made_in_a_day_has_failed(self, member: Phone, clock: Clock) -> None:
        made = await asked(member)
        async with reading() as db:
            (event_id,) = (
                await db.execute(select(Event.id).where(Event.user_id == member.user_id, Event.name == END_DUE))
            ).scalars()
        await clock.forward(days=1, seconds=1)
        await reacting.react(event_id, "end_data_export")
        await member.renew()
        found = (await member.ask(READ, id=made["id"]))["node"]
        assert (found["status"], found["url"], found["expiresAt"]) == ("FAILED", None, None)
        await member.settle()
        assert (await member.ask(READ, id=made["id"]))["node"]["status"] == "FAILED"


class TestWhatTablesSay:
    def test_what_is_withheld_says_why(self) -> None:
        withheld = {entity.__tablename__ for entity, privacy in owned.kinds() if privacy.export is Export.WITHHELD}
        assert withheld == WITHHELD.keys()

    def test_what_is_given_says_whose_it_is(self) -> None:
        assert [
            entity.__tablename__
            for entity, privacy in owned.kinds()
            if privacy.export is not Export.WITHHELD
            and "user_id" not in entity.__table__.c
            and entity.__tablename__ != "users"
        ] == []

    def test_what_is_secret_is_a_column(self) -> None:
        assert [
            (entity.__tablename__, name)
            for entity, privacy in owned.kinds()
            for name in privacy.secrets
            if name not in entity.__table__.c
        ] == []

    def test_each_seal_is_opened_under_the_place_it_was_closed_under(self) -> None:
        sources = "".join(
            path.read_text("utf-8")
            for room in ("domain", "membership", "integrations")
            for path in (HOUSE / room).rglob("*.py")
        )
        places = {
            owned.place_of(entity.__table__, column.name)  # type: ignore[arg-type]
            for entity, privacy in owned.kinds()
            if privacy.export is not Export.WITHHELD
            for column in entity.__table__.c
            if column.name.endswith(owned.SEALED) and column.name not in privacy.secrets
        }
        assert [place for place in sorted(places) if f'"{place}"' not in sources] == []
