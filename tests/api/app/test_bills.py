"""Sending a bill, seeing what it tells, and letting it count: over HTTP, with the process that reads it."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx2
import pytest
from sqlalchemy import func, select, text

from domain.actors import UserActor
from domain.facts import readings
from domain.facts.accounts import LinkedAccount
from domain.statements.statements import Statement
from infra import clock as house_clock
from infra import pruning, vault
from infra.database import reading, transaction
from infra.ids import global_id, new_id
from integrations.bills import reading as bill_reading
from integrations.bills import uploading
from integrations.bills.refused import BillRefused, Fault
from integrations.bills.uploading import Password
from tests.clocks import Clock
from tests.integrations.bills.made import ALIPAY, WECHAT, Made, lately, zipped
from tests.phones import Answer, NewPhone, Phone, new_key, uuid_of

USE = """mutation ($input: UseStatementInput!) { useStatement(input: $input) { __typename
    ... on LinkedAccount { id status displayName provider { key name category reads } viewer { scoring { state } } }
    ... on Refusal { code field message } } }"""
ACCOUNTS = "{ viewer { linkedAccounts { id provider { key } } } }"


async def send(phone: Phone, data: bytes, password: str = "", **more: Any) -> httpx2.Response:
    headers = {"Accept-Language": "en", "Authorization": f"Bearer {phone.token}"}
    form = {"password": password} if password else {}
    return await phone.http.post(
        "/statements", files={"file": ("bill.csv", data, "text/csv")}, data=form, headers=headers, **more
    )


async def use(phone: Phone, statement_id: str, key: str | None = None) -> Answer:
    told = {"statementId": statement_id, "idempotencyKey": key or new_key()}
    used: Answer = (await phone.ask(USE, input=told))["useStatement"]
    return used


async def keys(phone: Phone) -> list[str]:
    return [each["provider"]["key"] for each in (await phone.ask(ACCOUNTS))["viewer"]["linkedAccounts"]]


async def count_statements(phone: Phone) -> int:
    async with reading() as db:
        counted = select(func.count()).where(Statement.user_id == phone.user_id)
        return (await db.execute(counted)).scalar_one()


class TestSending:
    async def test_is_stopped_at_a_password_that_never_ends(self, member: Phone) -> None:
        async def endless() -> AsyncIterator[Password]:
            for _ in range(1_000):
                taken.append(100)
                yield Password("x" * 100)

        taken: list[int] = []
        with pytest.raises(BillRefused) as refused:
            await uploading.take(UserActor(member.user_id, new_id()), endless())
        assert (refused.value.fault, len(taken), await count_statements(member)) == (Fault.PASSWORD_WRONG, 2, 0)

    async def test_shows_the_months_and_counts_nothing_yet(self, member: Phone) -> None:
        answer = await send(member, ALIPAY.alipay())
        told = answer.json()
        assert (answer.status_code, answer.headers["cache-control"], told["provider"]) == (201, "no-store", "alipay")
        assert told["months"][2] == {
            "month": "2026-03",
            "inflow": {"amount": "0.00", "currency": "CNY"},
            "bills": 1,
            "billsOnTime": 0,
            "spending": {"amount": "133.00", "currency": "CNY"},
            "spendingByKind": {
                "BILLS": {"amount": "103.00", "currency": "CNY"},
                "GOODS": {"amount": "30.00", "currency": "CNY"},
            },
            "refunds": {"amount": "20.00", "currency": "CNY"},
        }
        assert await keys(member) == []

    async def test_takes_a_sheet_in_a_zip_with_its_password(self, member: Phone) -> None:
        data = zipped("微信支付账单.xlsx", WECHAT.wechat_sheet(), "123456")
        answer = await send(member, data, "123456")
        assert (answer.status_code, answer.json()["provider"]) == (201, "wechat-pay")
        refused = await send(member, data)
        assert (refused.status_code, refused.json()["error"]["code"]) == (422, "PASSWORD_NEEDED")

    @pytest.mark.parametrize(
        ("data", "code", "line", "sentence"),
        [
            (
                ALIPAY.alipay().replace(b"103.00", b"12.x  "),
                "MALFORMED",
                20,
                "Line 20 of this bill cannot be read: 金额",
            ),
            (ALIPAY.but(head={"共": "13"}).alipay(), "EDITED", None, "共N笔记录 does not fit"),
            (b"hello", "UNKNOWN_FORMAT", None, "no bill of Alipay or WeChat Pay"),
            (zipped("a.csv", zipped("b.csv", b"x")), "UNSAFE", None, "more than a bill"),
        ],
        ids=["malformed", "edited", "unknown", "unsafe"],
    )
    async def test_of_what_cannot_be_read_leaves_nothing(
        self, member: Phone, data: bytes, code: str, line: int | None, sentence: str
    ) -> None:
        answer = await send(member, data)
        error = answer.json()["error"]
        assert (answer.status_code, error["code"], error["line"]) == (422, code, line)
        assert sentence in error["message"]
        assert await count_statements(member) == 0

    async def test_is_for_whoever_is_signed_in(self, phone: Phone) -> None:
        answer = await phone.http.post("/statements", files={"file": b"x"})
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, "UNAUTHENTICATED")

    async def test_wants_a_form_with_one_file(self, member: Phone) -> None:
        headers = {"Authorization": f"Bearer {member.token}"}
        for told in (
            {"content": b"x"},
            {"data": {"password": "1"}, "files": {"other": b"x"}},
            {"files": [("file", b"x"), ("file", b"y")]},
            {"content": b"--x\r\nbroken", "headers": {**headers, "Content-Type": "multipart/form-data; boundary=x"}},
        ):
            answer = await member.http.post("/statements", **{"headers": headers, **told})  # type: ignore[arg-type]
            assert (answer.status_code, answer.json()["error"]["code"]) == (400, "BAD_REQUEST")
        assert await count_statements(member) == 0

    async def test_of_too_much_is_refused(self, member: Phone) -> None:
        answer = await send(member, bytes(bill_reading.FILE_BYTES_MAX + 100_000))
        assert answer.status_code == 413
        assert await count_statements(member) == 0

    async def test_is_counted_and_happens_twice_at_once_at_most(self, member: Phone) -> None:
        async with transaction() as db:
            now = (await db.execute(text("SELECT longan_now()"))).scalar_one()
            places = [Statement(user_id=member.user_id, expires_at=now + timedelta(minutes=5)) for _ in range(2)]
            db.add_all(places)
        refused = await send(member, ALIPAY.alipay())
        assert (refused.status_code, refused.json()["error"]["code"]) == (429, "RATE_LIMITED")
        async with transaction() as db:
            for place in places:
                await db.delete(place)
        assert (await send(member, ALIPAY.alipay())).status_code == 201

    async def test_keeps_no_line_and_nothing_in_the_clear(self, member: Phone) -> None:
        told = (await send(member, ALIPAY.alipay())).json()
        async with reading() as db:
            kept = await db.get_one(Statement, (member.user_id, uuid_of(told["statementId"])))
            seal = await vault.seal_of(db, member.user_id)
        assert kept.told_sealed is not None
        opened = str(seal.open(kept.told_sealed, "statements.told"))
        assert "赵师傅" in opened
        for secret in ("国网", "外婆", "M1"):
            assert secret not in opened
        assert "赵师傅".encode() not in kept.told_sealed


class TestUsing:
    async def test_makes_an_account_beside_a_link_of_the_same_company(self, member: Phone) -> None:
        await member.link("alipay", "steady-shopper")
        async with reading() as db:
            bill = lately(ALIPAY, await house_clock.today(db))
        told = (await send(member, bill.alipay())).json()
        key = new_key()
        used = await use(member, told["statementId"], key)
        assert (used["__typename"], used["status"], used["provider"]["key"]) == (
            "LinkedAccount",
            "ACTIVE",
            "alipay-statement",
        )
        assert (used["provider"]["name"], used["provider"]["category"]) == ("Alipay bill", "PAYMENT")
        assert used["provider"]["reads"][0].startswith("The sums of each month")
        assert (
            (await use(member, told["statementId"], key))["id"]
            == (await use(member, told["statementId"]))["id"]
            == used["id"]
        )
        assert await keys(member) == ["alipay", "alipay-statement"]
        async with reading() as db:
            sheet = await readings.sheet(db, member.user_id)
        of_bill = {name: value for name, value in sheet.values.items() if sheet.sources_of[name] == "alipay-statement"}
        assert {name: float(value) for name, value in of_bill.items()} == {  # type: ignore[arg-type]
            "income.monthly_inflow": 8000.0,
            "income.stability": 0.293,
            "repayment.bills_on_time_rate": 0.667,
            "repayment.bill_months": 3.0,
            "shopping.essentials_share": 0.917,
            "shopping.monthly_spend": 22.17,
            "shopping.spend_variation": 0.717,
        }
        assert "simulated" not in str(used["provider"]["reads"]).lower()

    async def test_takes_the_place_of_the_bill_before_it_and_ends_as_any_account(self, member: Phone) -> None:
        first = await use(member, (await send(member, WECHAT.wechat())).json()["statementId"])
        second = await use(member, (await send(member, WECHAT.wechat_sheet())).json()["statementId"])
        assert first["id"] == second["id"]
        assert first["displayName"] == "赵师傅跑车"
        ended = await member.do("UnlinkAccount", linkedAccountId=second["id"])
        assert ended["status"] == "UNLINKED"
        async with reading() as db:
            assert "wechat-pay-statement" not in (await readings.sheet(db, member.user_id)).linked_sources

    async def test_is_for_its_owner_and_for_a_day(self, member: Phone, new_phone: NewPhone, clock: Clock) -> None:
        told = (await send(member, ALIPAY.alipay())).json()
        other = await new_phone()
        await other.sign_in()
        assert (await use(other, told["statementId"]))["code"] == "NOT_FOUND"
        assert (await use(member, global_id("Statement", new_id())))["code"] == "NOT_FOUND"
        await clock.forward(days=1)
        await member.renew()
        assert (await use(member, told["statementId"]))["code"] == "NOT_OPEN"
        async with transaction() as db:
            await pruning.one_batch(db, "prune_statements")
        assert await count_statements(member) == 0
        assert await keys(member) == []

    async def test_of_one_account_serves_one_person(self, member: Phone, new_phone: NewPhone) -> None:
        bill = ALIPAY.but(account=f"{new_key()}@example.com")
        await use(member, (await send(member, bill.alipay())).json()["statementId"])
        other = await new_phone()
        await other.sign_in()
        refused = await use(other, (await send(other, bill.alipay())).json()["statementId"])
        assert (refused["code"], refused["field"]) == ("ACCOUNT_LINKED_ELSEWHERE", ["input", "statementId"])
        assert await keys(other) == []

    @pytest.mark.parametrize(
        ("holder", "is_theirs"), [("李雷", True), ("李*", True), ("*雷", True), ("韩梅梅", False), ("李力", False)]
    )
    async def test_is_refused_of_another_name_than_a_register_knows(
        self, member: Phone, holder: str, is_theirs: bool
    ) -> None:
        await know_as(member.user_id, "李雷")
        answer = await send(member, ALIPAY.but(holder=holder, account=f"{new_key()}@x.cn").alipay())
        if is_theirs:
            assert (await use(member, answer.json()["statementId"]))["status"] == "ACTIVE"
        else:
            assert (answer.status_code, answer.json()["error"]["code"]) == (422, "OTHER_PERSON")
            assert await count_statements(member) == 0

    async def test_is_refused_of_another_name_that_became_known_meanwhile(self, member: Phone) -> None:
        told = (await send(member, made_out_to("韩梅梅").alipay())).json()
        await know_as(member.user_id, "李雷")
        refused = await use(member, told["statementId"])
        assert (refused["code"], refused["field"]) == ("NOT_ALLOWED", ["input", "statementId"])
        async with reading() as db:
            mine = select(func.count()).where(LinkedAccount.user_id == member.user_id)
            assert (await db.execute(mine)).scalar_one() == 0


def made_out_to(holder: str) -> Made:
    return ALIPAY.but(holder=holder, account=f"{new_key()}@x.cn")


async def know_as(user_id: UUID, name: str) -> None:
    """As a register would have answered."""
    from domain.people.identities import NAME, PersonIdentity
    from domain.people.profiles import IdentityStatus

    async with transaction() as db:
        sealed = (await vault.seal_of(db, user_id)).close(name, NAME)
        db.add(PersonIdentity(user_id=user_id, status=IdentityStatus.CHECKED, name_sealed=sealed))


async def test_a_phone_that_goes_away_leaves_nothing(member: Phone) -> None:
    async def part_by_part() -> Any:
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nbegun'
        await asyncio.sleep(0.2)
        raise ConnectionResetError

    headers = {"Authorization": f"Bearer {member.token}", "Content-Type": "multipart/form-data; boundary=x"}
    with pytest.raises(ConnectionResetError):
        await member.http.post("/statements", content=part_by_part(), headers=headers)
    for _ in range(100):
        if await count_statements(member) == 0:
            break
        await asyncio.sleep(0.05)
    assert await count_statements(member) == 0
