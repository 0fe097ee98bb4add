"""Aliyun's registers over real HTTP: what is asked, what each answer means, and that an odd one is no answer."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from infra.settings import Settings
from integrations.register.aliyun import AliyunRegister
from integrations.register.answers import Attestation, RegisterAway, Resident
from integrations.register.chosen import register
from integrations.register.sandbox import SandboxRegister
from tests.integrations.registers import StandIn, register_of

LI = Resident("李雷", "11010519491231002X")
PHONE, SINCE = "+8613800138000", datetime(2026, 11, 28, 16, 0, 1, tzinfo=UTC)


def stand_in() -> StandIn:
    who = (LI.name, LI.id_number)
    return StandIn(
        people={who: "13800138000"},
        cards={"6222020200112233445": who, "4111111111111111": ("韩梅梅", LI.id_number)},
        reassigned={"13800138001": "1", "13800138002": "0", "13800138003": "3"},
    )


async def test_each_question_is_asked_as_the_register_wants_it_and_answered() -> None:
    async with register_of(told := stand_in()) as asked:
        assert await asked.is_owner(LI, PHONE) is Attestation.YES
        assert await asked.is_owner(LI, "+8613800138009") is Attestation.NO
        assert await asked.is_owner(Resident("王五", LI.id_number), PHONE) is Attestation.UNKNOWN
        cards = [await asked.is_holder(LI, "BANK", card) for card in [*told.cards, "5555"]]
        assert cards == [Attestation.YES, Attestation.NO, Attestation.UNKNOWN]
        owners = [await asked.has_new_owner(f"+861380013800{last}", SINCE) for last in range(4)]
        assert owners == [Attestation.NO, Attestation.YES, Attestation.UNKNOWN, Attestation.YES]
    assert told.seen[-1]["StartTime"] == "2026-11-29 00:00:01"
    assert set(told.queries) == {""}


async def test_what_it_cannot_know_it_is_not_asked() -> None:
    async with register_of(told := stand_in()) as asked:
        assert await asked.is_owner(LI, "+4915112345678") is Attestation.UNKNOWN
        assert await asked.has_new_owner("+4915112345678", SINCE) is Attestation.UNKNOWN
        assert await asked.is_holder(LI, "ALIPAY", "13800138000") is Attestation.UNKNOWN
    assert told.seen == []


async def away(told: Any, status: int = 200) -> str:
    async def misbehave(request: Request) -> Response:
        return JSONResponse(told, status) if isinstance(told, dict) else PlainTextResponse(str(told), status)

    async with register_of(StandIn(misbehave=misbehave)) as asked:
        with pytest.raises(RegisterAway) as failed:
            await asked.is_owner(LI, PHONE)
    return failed.value.reason


@pytest.mark.parametrize(
    ("told", "status", "reason"),
    [
        ({"Code": "Throttling.User"}, 400, "aliyun:Throttling.User"),
        ({"Code": "402"}, 200, "aliyun:402"),
        ({"Code": "403"}, 200, "aliyun:403"),
        ({"Code": "500"}, 200, "aliyun:500"),
        ({"Code": "412", "ResultObject": {"BizCode": "1"}}, 200, "aliyun:412"),
        ({"Code": "200"}, 200, "aliyun:odd_answer"),
        ({"Code": "200", "ResultObject": {"BizCode": 1}}, 200, "aliyun:odd_answer"),
        ({"Code": "200", "ResultObject": {"BizCode": "1 "}}, 200, "aliyun:odd_answer"),
        ({"Code": "200", "ResultObject": [{"BizCode": "1"}]}, 200, "aliyun:odd_answer"),
        ({"ResultObject": {"BizCode": "1"}}, 200, "aliyun:None"),
        ({"ResultObject": {"BizCode": "1"}}, 502, "http_502"),
        ({"Code": "200", "ResultObject": {"BizCode": "1"}}, 500, "aliyun:200"),
        ("<html>bad gateway</html>", 502, "http_502"),
        ("", 200, "http_200"),
    ],
)
async def test_whatever_is_no_plain_answer_is_none(told: Any, status: int, reason: str) -> None:
    assert await away(told, status) == reason


async def test_what_its_own_rules_refuse_is_nobodys() -> None:
    async def misbehave(request: Request) -> Response:
        return JSONResponse({"Code": "401", "Message": "参数非法"})

    async with register_of(StandIn(misbehave=misbehave)) as asked:
        assert await asked.is_owner(LI, PHONE) is Attestation.NO


async def test_a_wrong_secret_is_told_by_its_code() -> None:
    async with register_of(stand_in(), "another") as asked:
        with pytest.raises(RegisterAway, match=r"^aliyun:SignatureDoesNotMatch$"):
            await asked.is_owner(LI, PHONE)


async def test_a_number_of_a_carrier_that_never_tells_is_unknown() -> None:
    async def misbehave(request: Request) -> Response:
        return JSONResponse({"Code": "RequestNumberNotSupported"})

    async with register_of(StandIn(misbehave=misbehave)) as asked:
        assert await asked.has_new_owner("+8619200138000", SINCE) is Attestation.UNKNOWN


async def test_silence_and_a_closed_door_are_no_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    over = asyncio.Event()

    async def misbehave(request: Request) -> Response:
        await over.wait()
        return JSONResponse({})

    monkeypatch.setattr("integrations.register.aliyun.DEADLINE_SECONDS", 0.1)
    async with register_of(StandIn(misbehave=misbehave)) as asked:
        with pytest.raises(RegisterAway, match=r"^no_answer$"):
            await asked.is_owner(LI, PHONE)
        over.set()
    with pytest.raises(RegisterAway, match=r"^no_answer$"):
        await asked.is_owner(LI, PHONE)


def test_the_settings_name_the_register() -> None:
    assert isinstance(register(Settings()), SandboxRegister)
    given = {"access_key_id": "LTAI1", "access_key_secret": "s", "auth_code": "a", "dytns_url": "https://d.example/"}
    found = register(Settings.model_validate({"identity_register": "aliyun", "registers": given}))
    assert found == AliyunRegister("LTAI1", "s", auth_code="a", dytns_url="https://d.example/")
    with pytest.raises(ValueError, match="the register aliyun needs LONGAN_REGISTERS__ACCESS_KEY_SECRET"):
        Settings.model_validate({"identity_register": "aliyun", "registers": {"access_key_id": "LTAI1"}})
