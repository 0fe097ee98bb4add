"""A stand-in for Aliyun's registers: it checks the signature as they do, knows a few people, and misbehaves on demand."""

import base64
import hashlib
import hmac
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from integrations.register.aliyun import AliyunRegister
from tests.integrations.serving import served

SECRET = "key-secret"
Misbehaviour = Callable[[Request], Awaitable[Response]]


def encoded(text: str) -> str:
    return quote(text, safe="-_.~")


def signature(form: dict[str, str], secret: str) -> str:
    told = encoded("&".join(f"{encoded(name)}={encoded(form[name])}" for name in sorted(form) if name != "Signature"))
    return base64.b64encode(
        hmac.new(f"{secret}&".encode(), f"POST&%2F&{told}".encode(), hashlib.sha1).digest()
    ).decode()


@dataclass
class StandIn:
    """`people`: (name, id number) and their phone; `cards`: whose each is; `reassigned`: phones with a new owner."""

    people: dict[tuple[str, str], str] = field(default_factory=dict)
    cards: dict[str, tuple[str, str]] = field(default_factory=dict)
    reassigned: dict[str, str] = field(default_factory=dict)
    seen: list[dict[str, str]] = field(default_factory=list)
    queries: list[str] = field(default_factory=list)
    misbehave: Misbehaviour | None = None

    async def answer(self, request: Request) -> Response:
        self.queries.append(request.url.query)
        if self.misbehave is not None:
            return await self.misbehave(request)
        form = {name: str(value) for name, value in (await request.form()).items()}
        if form["Signature"] != signature(form, SECRET):
            return JSONResponse({"Code": "SignatureDoesNotMatch", "RequestId": "1"}, 400)
        if any(form["SignatureNonce"] == earlier["SignatureNonce"] for earlier in self.seen):
            return JSONResponse({"Code": "SignatureNonceUsed"}, 400)
        self.seen.append(form)
        return JSONResponse({"RequestId": "1", "Message": "success", **self._told(form)})

    def _told(self, form: dict[str, str]) -> dict[str, object]:
        match form["Action"], form["Version"]:
            case "Mobile3MetaSimpleVerify", "2019-03-07":
                phone = self.people.get((form["UserName"], form["IdentifyNum"]))
                code = "3" if phone is None else "1" if phone == form["Mobile"] else "2"
                return {"Code": "200", "ResultObject": {"BizCode": code, "IspName": "CMCC"}}
            case "BankMetaVerify", "2019-03-07":
                owner = self.cards.get(form["BankCard"])
                code = "3" if owner is None else "1" if owner == (form["UserName"], form["IdentifyNum"]) else "2"
                return {"Code": "200", "ResultObject": {"BizCode": code, "SubCode": f"{code}01"}}
            case "DescribePhoneTwiceTelVerify", "2020-02-17":
                told = self.reassigned.get(form["InputNumber"], "2")
                return {"Code": "OK", "Data": {"VerifyResult": told, "Carrier": "CMCC"}}
        return {"Code": "InvalidAction.NotFound"}


@asynccontextmanager
async def register_of(stand_in: StandIn, secret: str = SECRET) -> AsyncIterator[AliyunRegister]:
    async with served([Route("/", stand_in.answer, methods=["POST"])]) as url:
        yield AliyunRegister(
            "key-id",
            secret,
            auth_code="auth",
            cloudauth_url=f"{url}/",
            dytns_url=f"{url}/",
            allow=frozenset([url.removeprefix("http://")]),
        )
