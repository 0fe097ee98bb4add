"""The gateways' protocols, against stand-ins that check signatures as the real ones do, and that misbehave."""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any
from urllib.parse import quote
from uuid import UUID

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from infra.settings import Settings
from integrations.aliyun_rpc import sign as aliyun_signature
from integrations.sms.aliyun import Aliyun
from integrations.sms.gateways import gateway
from integrations.sms.kept import KeepingGateway
from integrations.sms.messages import NotSent, Rejected, SmsFailure, SmsGateway, TextMessage, Unsure
from integrations.sms.tencent import Tencent
from integrations.sms.twilio import Twilio
from tests.integrations.serving import served

MESSAGE = TextMessage(UUID(int=1), "+8613800138000", "123456 is your code.", "123456", 5)
ALIYUN = Aliyun("key-id", "key-secret", "龙眼", "SMS_1")
TENCENT = Tencent("secret-id", "secret-key", "1400000000", "龙眼", "100")
TWILIO = Twilio("AC1", "token", "+15005550006")

Handler = Callable[[Request], Awaitable[Response]]


@asynccontextmanager
async def reached(to: Handler, chosen: Aliyun | Tencent | Twilio) -> AsyncIterator[SmsGateway]:
    """This gateway's dialect, where `to` answers."""
    async with served([Route("/{path:path}", to, methods=["POST"])]) as url:
        address = url if isinstance(chosen, Twilio) else f"{url}/"
        yield replace(chosen, url=address, allow=frozenset([url.removeprefix("http://")]))


async def send(to: Handler, chosen: Aliyun | Tencent | Twilio) -> None:
    async with reached(to, chosen) as gateway:
        await gateway.send(MESSAGE)


def encoded(text: str) -> str:
    return quote(text, safe="-_.~")


async def aliyun(request: Request) -> Response:
    form = {name: str(value) for name, value in (await request.form()).items()}
    signature = form.pop("Signature")
    text = encoded("&".join(f"{encoded(name)}={encoded(value)}" for name, value in sorted(form.items())))
    expected = hmac.new(b"key-secret&", f"POST&%2F&{text}".encode(), hashlib.sha1).digest()
    if base64.b64decode(signature) != expected:
        return JSONResponse({"Code": "SignatureDoesNotMatch"}, 400)
    assert (form["PhoneNumbers"], form["TemplateParam"], form["SignName"]) == (
        "13800138000",
        '{"code": "123456"}',
        "龙眼",
    )
    return JSONResponse({"Code": "OK", "BizId": "1"})


async def tencent(request: Request) -> Response:
    body, headers = await request.body(), request.headers
    canonical = f"POST\n/\n\ncontent-type:{headers['content-type']}\nhost:{headers['host']}\n\ncontent-type;host\n"
    canonical += hashlib.sha256(body).hexdigest()
    scope = headers["authorization"].split("Credential=secret-id/")[1].split(",")[0]
    text = f"TC3-HMAC-SHA256\n{headers['x-tc-timestamp']}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = b"TC3secret-key"
    for step in scope.split("/"):
        key = hmac.new(key, step.encode(), hashlib.sha256).digest()
    if not headers["authorization"].endswith(hmac.new(key, text.encode(), hashlib.sha256).hexdigest()):
        return JSONResponse({"Response": {"Error": {"Code": "AuthFailure.SignatureFailure"}}})
    assert json.loads(body)["TemplateParamSet"] == ["123456", "5"]
    assert json.loads(body)["PhoneNumberSet"] == ["+8613800138000"]
    return JSONResponse({"Response": {"SendStatusSet": [{"Code": "Ok"}]}})


async def twilio(request: Request) -> Response:
    if request.headers["authorization"] != "Basic " + base64.b64encode(b"AC1:token").decode():
        return JSONResponse({"code": 20003, "status": 401}, 401)
    assert request.url.path == "/2010-04-01/Accounts/AC1/Messages.json"
    assert dict(await request.form()) == {"To": MESSAGE.to, "From": "+15005550006", "Body": MESSAGE.body}
    return JSONResponse({"sid": "SM1", "status": "queued"}, 201)


STAND_INS: list[tuple[Handler, Aliyun | Tencent | Twilio]] = [(aliyun, ALIYUN), (tencent, TENCENT), (twilio, TWILIO)]


@pytest.mark.parametrize(("stand_in", "chosen"), STAND_INS)
async def test_a_message_is_sent_as_the_gateway_wants_it(stand_in: Handler, chosen: Aliyun | Tencent | Twilio) -> None:
    await send(stand_in, chosen)


@pytest.mark.parametrize(
    ("stand_in", "chosen", "reason"),
    [
        (aliyun, replace(ALIYUN, access_key_secret="other"), "aliyun:SignatureDoesNotMatch"),
        (tencent, replace(TENCENT, secret_key="other"), "tencent:AuthFailure.SignatureFailure"),
        (twilio, replace(TWILIO, auth_token="other"), "twilio:20003"),
    ],
)
async def test_a_wrong_secret_is_rejected(stand_in: Handler, chosen: Aliyun | Tencent | Twilio, reason: str) -> None:
    with pytest.raises(Rejected, match=f"^{reason}$"):
        await send(stand_in, chosen)


def test_the_signature_is_the_one_of_aliyuns_own_example() -> None:
    form = {
        "AccessKeyId": "testId",
        "Action": "SendSms",
        "Format": "XML",
        "OutId": "123",
        "PhoneNumbers": "15300000001",
        "RegionId": "cn-hangzhou",
        "SignName": "阿里云短信测试专用",
        "SignatureMethod": "HMAC-SHA1",
        "SignatureNonce": "45e25e9b-0a6f-4070-8c85-2956eda1b466",
        "SignatureVersion": "1.0",
        "TemplateCode": "SMS_71390007",
        "TemplateParam": '{"customer":"test"}',
        "Timestamp": "2017-07-12T02:42:19Z",
        "Version": "2017-05-25",
    }
    assert aliyun_signature(form, "testSecret", "GET") == "zJDF+Lrzhj/ThnlvIToysFRq6t4="


@pytest.mark.parametrize(
    ("chosen", "reply", "status", "failure", "reason"),
    [
        (ALIYUN, {"Code": "isv.MOBILE_NUMBER_ILLEGAL"}, 200, Rejected, "aliyun:isv.MOBILE_NUMBER_ILLEGAL"),
        (ALIYUN, {"Code": "isp.SYSTEM_ERROR"}, 200, NotSent, "aliyun:isp.SYSTEM_ERROR"),
        (ALIYUN, {"Code": "Throttling.User"}, 400, NotSent, "aliyun:Throttling.User"),
        (ALIYUN, {"Code": "+86138 0013\n8000"}, 200, Rejected, "aliyun:_86138_0013_8000"),
        (
            TENCENT,
            {"Response": {"SendStatusSet": [{"Code": "LimitExceeded.PhoneNumberDailyLimit"}]}},
            200,
            Rejected,
            None,
        ),
        (TENCENT, {"Response": {"Error": {"Code": "InternalError"}}}, 200, NotSent, "tencent:InternalError"),
        (TENCENT, {"Response": {}}, 200, Unsure, "tencent:no_status"),
        (TENCENT, {}, 200, Unsure, "tencent:no_response"),
        (TWILIO, {"code": 21211, "status": 400}, 400, Rejected, "twilio:21211"),
        (TWILIO, {"code": 20429}, 400, NotSent, "twilio:20429"),
        (TWILIO, {}, 201, Unsure, "twilio:201"),
        (TWILIO, {"code": 20500}, 500, Unsure, "twilio:20500"),
        *[(chosen, {}, 429, NotSent, "http_429") for chosen in (ALIYUN, TENCENT, TWILIO)],
    ],
)
async def test_each_error_says_whether_the_message_may_have_left(
    chosen: Aliyun | Tencent | Twilio,
    reply: dict[str, object],
    status: int,
    failure: type[SmsFailure],
    reason: str | None,
) -> None:
    async def answer(request: Request) -> Response:
        return JSONResponse(reply, status)

    with pytest.raises(failure, match=reason and f"^{reason}$"):
        await send(answer, chosen)


@pytest.mark.parametrize("chosen", [ALIYUN, TENCENT, TWILIO])
async def test_garbage_leaves_us_unsure(chosen: Aliyun | Tencent | Twilio) -> None:
    async def answer(request: Request) -> Response:
        return PlainTextResponse("<html>bad gateway</html>", 502)

    with pytest.raises(Unsure, match=r"^http_502$"):
        await send(answer, chosen)


async def test_silence_leaves_us_unsure(monkeypatch: pytest.MonkeyPatch) -> None:
    async def answer(request: Request) -> Response:
        await asyncio.sleep(5)
        return JSONResponse({})

    monkeypatch.setattr("integrations.sms.asking.DEADLINE_SECONDS", 0.2)
    with pytest.raises(Unsure, match=r"^no_answer$"):
        await send(answer, TWILIO)


async def test_a_closed_door_means_not_sent() -> None:
    with pytest.raises(NotSent, match=r"^no_connection$"):
        await replace(TWILIO, url="http://127.0.0.1:9", allow=frozenset(["127.0.0.1:9"])).send(MESSAGE)


def configured(name: str, **given: str) -> SmsGateway:
    return gateway(Settings.model_validate({"sms_gateway": name, "sms": given}))


def test_the_settings_name_the_gateway() -> None:
    assert isinstance(configured("kept"), KeepingGateway)
    assert configured("twilio", account_sid="AC1", auth_token="token", sender="+15005550006") == TWILIO


def test_what_a_gateway_lacks_is_named() -> None:
    with pytest.raises(ValueError, match="the SMS gateway tencent needs LONGAN_SMS__SECRET_KEY, LONGAN_SMS__APP_ID"):
        configured("tencent", secret_id="x", sign_name="y", template_id="z")


@pytest.mark.parametrize(
    ("chosen", "name"),
    [(ALIYUN, "template_code"), (TENCENT, "template_id")],
)
async def test_a_code_that_stops_a_change_comes_in_words_of_its_own(chosen: Any, name: str) -> None:
    asked: list[str] = []

    async def gateway(request: Request) -> Response:
        said = dict(await request.form()) if name == "template_code" else json.loads(await request.body())
        asked.append(str(said.get("TemplateCode") or said["TemplateId"]))
        return JSONResponse({"Code": "OK", "Response": {"SendStatusSet": [{"Code": "Ok"}]}})

    every: dict[str, Any] = {name: "codes", f"notice_{name}": "news", f"stop_{name}": "stops"}
    stops, news = replace(MESSAGE, stops_change=True), replace(MESSAGE, code=None)
    async with served([Route("/{path:path}", gateway, methods=["POST"])]) as url:
        here: dict[str, Any] = {"url": f"{url}/", "allow": frozenset([url.removeprefix("http://")])}
        for message in (MESSAGE, stops, news):
            await replace(chosen, **every, **here).send(message)
        await replace(chosen, **every | {f"stop_{name}": None}, **here).send(stops)
    assert asked == ["codes", "stops", "news", "codes"]


def test_the_template_that_stops_a_change_is_a_setting() -> None:
    aliyun = configured(
        "aliyun",
        access_key_id="key-id",
        access_key_secret="key-secret",
        sign_name="龙眼",
        template_code="SMS_1",
        stop_template_code="SMS_3",
    )
    assert aliyun == replace(ALIYUN, stop_template_code="SMS_3")
