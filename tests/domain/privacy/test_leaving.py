"""Leaving: called off in time, waiting for what is owed, and in the end nothing personal is found anywhere."""

import asyncio
import base64
from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx2
import orjson
import pytest
from celery.backends.base import DisabledBackend
from sqlalchemy import func, select, text

from api import main, worker  # noqa: F401 - everything that serves is imported, and so every table is known
from domain.consent.consents import Consent
from domain.evidence import auditing
from domain.evidence.leaves import Evidence
from domain.ledger import checking
from domain.ledger.checking import LedgerScope
from domain.people import putting_away
from domain.people.users import User
from domain.privacy import erasing, owned
from domain.privacy.deletions import AccountDeletion
from infra import cache, reacting
from infra.broker import QUEUE, Broker
from infra.database import reading, transaction
from infra.entity import Entity
from infra.privacy import Erasure
from infra.settings import settings
from infra.vault import PersonKey
from infra.worker import make_celery, make_sender
from tests.api.app.test_changing_phone import change, code_to, many_tries, stepped_up, stop, stop_code
from tests.api.app.test_identity import new_id_number, verify
from tests.api.app.test_payment_accounts import add, checked
from tests.applying import apply
from tests.clocks import Clock
from tests.domain.agreements.test_drawing import borrower
from tests.domain.agreements.test_replanning import begun
from tests.logs import Lines
from tests.phones import Answer, NewPhone, Phone, new_key, new_number
from tests.working import due_for

__all__ = ["borrower", "many_tries"]
TABLES = Entity.metadata.tables


async def leave(person: Phone, number: str | None = None) -> Answer:
    return await person.do("DeleteMyAccount", confirmation=number or person.number)


async def status_of(person: Phone) -> str:
    async with reading() as db:
        return str((await db.get_one(User, person.user_id)).status)


async def pass_days(person: Phone, clock: Clock, *days: float) -> list[str]:
    done = []
    for each in days:
        await clock.forward(days=each, seconds=1)
        done += await person.settle()
    return done


async def has_key(person: Phone) -> bool:
    async with reading() as db:
        return await db.get(PersonKey, person.user_id) is not None


class TestAsking:
    async def test_restricts_at_once_and_says_until_when_it_can_be_called_off(self, shopper: Phone) -> None:
        application = await apply(shopper)
        many = await asyncio.gather(*(leave(shopper) for _ in range(5)))
        assert all(each == many[0] for each in many)
        async with reading() as db:
            (made,) = (
                await db.execute(select(AccountDeletion).where(AccountDeletion.user_id == shopper.user_id))
            ).scalars()
            consents = select(func.count()).where(Consent.user_id == shopper.user_id, Consent.revoked_at.is_(None))
            assert (await db.execute(consents)).scalar_one() == 0
        assert made.due_at - made.asked_at == timedelta(days=15)
        assert many[0]["waitsFor"] == [] and datetime.fromisoformat(many[0]["effectiveAt"]) == made.due_at
        assert (await apply(shopper))["code"] == "NOT_ALLOWED"
        found = await shopper.ask(
            "query($id: ID!) { node(id: $id) { ... on Application { status } } }", id=application["id"]
        )
        assert found["node"]["status"] == "WITHDRAWN"
        assert "tell_deletion_asked" in await shopper.settle()

    async def test_takes_the_persons_own_number(self, member: Phone) -> None:
        refused = await leave(member, "+8613800000000")
        assert refused["code"] == "INVALID"
        assert await status_of(member) == "ACTIVE"

    async def test_steps_up_in_a_session_older_than_a_day(self, member: Phone, clock: Clock) -> None:
        await clock.forward(days=1, seconds=1)
        await member.renew()
        assert (await leave(member))["code"] == "STEP_UP_REQUIRED"
        assert await status_of(member) == "ACTIVE"

    async def test_is_called_off_for_good(self, member: Phone, clock: Clock) -> None:
        await leave(member)
        for _ in range(2):
            assert (await member.send("CancelDeletion"))["id"] == member.session["viewer"]["id"]
        assert await status_of(member) == "ACTIVE"
        assert "erase_person" not in await pass_days(member, clock, 14, 1, 1)
        assert await has_key(member)
        async with reading() as db:
            rows = await db.execute(select(AccountDeletion).where(AccountDeletion.user_id == member.user_id))
            assert [(row.cancelled_at is None, row.erased_at) for row in rows.scalars()] == [(False, None)]

    async def test_anew_begins_the_time_anew(self, member: Phone, clock: Clock) -> None:
        await leave(member)
        await pass_days(member, clock, 0.5)
        await member.renew()
        await member.send("CancelDeletion")
        await leave(member)
        await pass_days(member, clock, 13.9, 0.2)
        assert await has_key(member)
        await pass_days(member, clock, 1.1)
        assert not await has_key(member)


class TestWhoeverHasTheirAccountBack:
    async def test_stays_once_they_come_back_after_their_number_went_to_another(
        self, member: Phone, new_phone: NewPhone, clock: Clock
    ) -> None:
        await verify(member, number := new_id_number())
        await leave(member)
        async with transaction() as db:
            await putting_away.put_away(db, await db.get_one(User, member.user_id, with_for_update=True))
        assert await status_of(member) == "RESTRICTED"
        back = await new_phone()
        await back.sign_in()
        assert (await verify(back, number))["code"] == "SESSION_ENDED"
        assert "stay_with_restored" in await member.settle()
        assert await status_of(member) == "ACTIVE"
        await pass_days(member, clock, 14, 1, 1)
        assert await has_key(member)

    @pytest.mark.parametrize("asked_before", [False, True])
    async def test_stays_where_another_asked_behind_a_change_of_number(
        self, member: Phone, web: httpx2.AsyncClient, clock: Clock, asked_before: bool
    ) -> None:
        old = member.number
        if asked_before:
            await leave(member)
        await stepped_up(member)
        member.number = new_number()
        assert (await change(member, await code_to(member, member.number)))["__typename"] == "User"
        await leave(member)
        assert (await stop(Phone(web, old), old, await stop_code(old)))["__typename"] == "PhoneChangeStopped"
        await member.settle()
        assert await status_of(member) == ("RESTRICTED" if asked_before else "ACTIVE")
        await pass_days(member, clock, 14, 1, 1)
        assert await has_key(member) is not asked_before


class TestWhatIsWaitedFor:
    async def test_is_an_agreement_until_it_is_over(self, borrower: Phone, clock: Clock) -> None:
        agreement = await begun(borrower)
        await borrower.sign_in()
        asked = await leave(borrower)
        assert asked["effectiveAt"] is None
        assert asked["waitsFor"] == [
            "You have an agreement in force here. Settle it or take it back first, or write to us."
        ]
        done = await pass_days(borrower, clock, 14, 1, 1)
        assert done.count("leave_providers") >= 2 and "erase_person" not in done
        assert await status_of(borrower) == "RESTRICTED" and await has_key(borrower)
        async with transaction() as db:
            its = "UPDATE agreements SET status = 'UNWOUND' WHERE user_id = :user"
            await db.execute(text(its), {"user": borrower.user_id})
        await pass_days(borrower, clock, 1, 1)
        assert not await has_key(borrower)
        assert agreement["id"]

    async def test_is_a_plan_until_it_is_left(self, member: Phone) -> None:
        price = {"amount": "128.00", "currency": "CNY"}
        bought = await member.do("JoinPlan", planCode="vip-year", price=price, idempotencyKey=str(uuid4()))
        asked = await leave(member)
        assert (asked["effectiveAt"], len(asked["waitsFor"])) == (None, 1)
        await member.do("LeavePlan", planSubscriptionId=bought["id"])
        assert (await leave(member))["waitsFor"] == []


class TestAfterwards:
    async def test_nothing_personal_is_found_anywhere(
        self, shopper: Phone, new_phone: NewPhone, clock: Clock, lines: Lines
    ) -> None:
        word, number, account = f"word{uuid4().hex}", new_id_number(), checked("62220200000000001")
        name = "欧阳" + "".join(chr(0x4E00 + int(digit, 16)) for digit in uuid4().hex[:6])
        await verify(shopper, number, name=name)
        await add(shopper, account)
        await shopper.tell(occupation=word)
        await shopper.do("DisputeFactor", factorCode="ability", message=f"Not {word}.", idempotencyKey=new_key())
        await apply(shopper)
        await shopper.send("ExportMyData")
        waiting = await due_for(shopper.user_id)
        await asyncio.to_thread(Broker(make_sender()).send, [("react", (str(id), name)) for id, name in waiting])
        await shopper.settle()
        owner, before = shopper.user_id, await places_of(shopper.number, number, account, name, word)
        assert before == {}, "nothing of this is ever written in the clear"
        await leave(shopper)
        done = await pass_days(shopper, clock, 14, 1)
        assert {"leave_providers", "erase_person", "revoke_at_provider"} <= {*done}
        assert await left_of(owner) == {}
        async with transaction() as db:
            await db.execute(text("SELECT pg_switch_wal()"))
        assert await places_of(shopper.number, number, account, name, word) == {}
        told = len(lines.getvalue())
        theirs = {str(id) for id, _ in waiting}
        for id, reaction in await queued():
            if id in theirs:
                await reacting.react(UUID(id), reaction)
        assert "reaction.failed" not in lines.getvalue()[told:], (
            "what waits for somebody who was erased is nothing any more"
        )
        assert not [each for each in (shopper.number, number, account, name, word) if each in lines.getvalue()]
        again = await new_phone()
        again.number = shopper.number
        await again.sign_in()
        assert again.user_id != owner
        assert (await shopper.error("{ viewer { id } }"))[0] == 401

    def test_what_came_of_work_is_kept_nowhere_beside_the_database(self) -> None:
        celery = make_celery()
        assert isinstance(celery.backend, DisabledBackend) and celery.conf.task_ignore_result

    async def test_ledger_and_evidence_still_verify(self, borrower: Phone) -> None:
        async with reading() as db:
            leaves = (await db.execute(select(Evidence.id).where(Evidence.user_id == borrower.user_id))).scalars().all()
        async with transaction() as db:
            await erasing.erase(db, borrower.user_id)
        async with reading() as db:
            its = select(Evidence.id).where(Evidence.user_id == borrower.user_id)
            assert sorted((await db.execute(its)).scalars().all()) == sorted(leaves)
            assert (await auditing.audit(db, [])).faults == []
            assert (await checking.check(db, LedgerScope(user_id=borrower.user_id))).faults == []

    def test_every_table_with_a_person_is_erased_or_says_why_not(self) -> None:
        unerased = {
            entity.__tablename__
            for entity, privacy in owned.kinds()
            if privacy.erasure is Erasure.DELETED
            and owned.is_theirs(TABLES[str(entity.__tablename__)], uuid4()) is None
        }
        assert unerased == erasing.ELSEWHERE.keys()


async def left_of(user_id: Any) -> Mapping[str, int]:
    """How many rows are left of somebody in tables that say that theirs go."""
    left = {}
    async with reading() as db:
        for entity, privacy in owned.kinds():
            table = TABLES[str(entity.__tablename__)]
            theirs = owned.is_theirs(table, user_id)
            if privacy.erasure is not Erasure.DELETED or theirs is None:
                continue
            if count := (await db.execute(select(func.count()).select_from(table).where(theirs))).scalar_one():
                left[table.name] = count
    return left


async def places_of(*needles: str) -> Mapping[str, str]:
    """Where any of these is found: in a table, in Valkey, in what waits in its queue, or in a file of the house."""
    found = {}
    async with reading() as db:
        for name in TABLES:
            for needle in needles:
                plain, as_bytes = f"%{needle}%", f"%{needle.encode().hex()}%"
                asked = text(
                    f"SELECT EXISTS (SELECT FROM {name} AS row WHERE row::text LIKE :plain OR row::text LIKE :hex)"
                )
                if (await db.execute(asked, {"plain": plain, "hex": as_bytes})).scalar_one():
                    found[name] = needle
        await db.execute(text("CHECKPOINT"))
    queue = [("a message", str(message).encode()) for message in await queued()]
    for place, content in [*_files(settings().var), *await _valkey(), *queue]:
        for needle in needles:
            if needle.encode() in content:
                found[place] = needle
    return found


def _files(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            yield str(path.relative_to(folder)), path.read_bytes()


async def queued() -> list[list[str]]:
    """What the worker is told by each message that waits: nothing but this."""
    raw: list[bytes] = await cache.valkey().lrange(QUEUE, 0, -1)  # type: ignore[misc]
    told = [orjson.loads(base64.b64decode(orjson.loads(message)["body"])) for message in raw]
    assert all(named == {} for _, named, _ in told)
    return [args for args, *_ in told]


async def _valkey() -> list[tuple[str, bytes]]:
    client, found = cache.valkey(), []
    async for key in client.scan_iter(count=1_000):
        found.append((f"valkey {key!r}", bytes(key) + bytes(await client.dump(key) or b"")))
    return found


@pytest.fixture(autouse=True)
async def of_the_embedded_default() -> AsyncIterator[None]:
    """Its folder is where the servers keep all they have, and its Valkey is the broker."""
    assert settings().is_embedded and not settings().broker_url
    await cache.valkey().delete(QUEUE)
    yield
    await cache.valkey().delete(QUEUE)
