"""Aliyun's registers: the carriers' three factors and banks' cards of Cloudauth 2019-03-07, reassigned numbers of Dytnsapi
2020-02-17.

https://help.aliyun.com/zh/id-verification/information-verification/ (Mobile3MetaSimpleVerify, BankMetaVerify),
https://help.aliyun.com/document_detail/400416.html (DescribePhoneTwiceTelVerify). `Code` says whether the question was
answered at all; the answer is `BizCode`: 1 agrees, 2 does not, 3 no record.
"""

import asyncio
import re
from dataclasses import dataclass, field
from datetime import datetime

import httpx2

from integrations import beijing
from integrations.aliyun_rpc import signed
from integrations.client import outgoing
from integrations.register.answers import Attestation, RegisterAway, Resident
from integrations.replies import Reply, json_object, part_of

CLOUDAUTH_URL = "https://cloudauth.aliyuncs.com/"
DYTNS_URL = "https://dytnsapi.aliyuncs.com/"
MAINLAND = "+86"
DEADLINE_SECONDS = 8
ILLEGAL = "401"  # by its rules for names and numbers there can be no such person
BIZ_CODES = {"1": Attestation.YES, "2": Attestation.NO, "3": Attestation.UNKNOWN}
NEW_OWNER = {
    "0": Attestation.UNKNOWN,
    "1": Attestation.YES,
    "2": Attestation.NO,
    "3": Attestation.YES,
}  # 3: it was given back
NEVER_TOLD = frozenset({"PortabilityNumberNotSupported", "RequestNumberNotSupported"})


@dataclass(frozen=True)
class AliyunRegister:
    """`auth_code` is of the label for reassigned numbers; without one nobody can say whether a number is."""

    access_key_id: str
    access_key_secret: str = field(repr=False)
    auth_code: str | None = field(default=None, repr=False)
    cloudauth_url: str = CLOUDAUTH_URL
    dytns_url: str = DYTNS_URL
    allow: frozenset[str] = frozenset()

    async def is_owner(self, person: Resident, phone: str) -> Attestation:
        if not phone.startswith(MAINLAND):
            return Attestation.UNKNOWN  # the carriers of the mainland alone are asked
        three = {"UserName": person.name, "IdentifyNum": person.id_number, "Mobile": phone.removeprefix(MAINLAND)}
        return await self._cloudauth("Mobile3MetaSimpleVerify", {**three, "ParamType": "normal"})

    async def is_holder(self, person: Resident, kind: str, number: str) -> Attestation:
        if kind != "BANK":
            return Attestation.UNKNOWN  # no register tells whose a wallet is
        asked = {
            "BankCard": number,
            "IdentifyNum": person.id_number,
            "IdentityType": "IDENTITY_CARD",
            "ParamType": "normal",
            "ProductType": "BANK_CARD_3_META",
            "UserName": person.name,
            "VerifyMode": "VERIFY_BANK_CARD",
        }
        return await self._cloudauth("BankMetaVerify", asked)

    async def has_new_owner(self, phone: str, since: datetime) -> Attestation:
        if self.auth_code is None or not phone.startswith(MAINLAND):
            return Attestation.UNKNOWN
        asked = {
            "Action": "DescribePhoneTwiceTelVerify",
            "AuthCode": self.auth_code,
            "InputNumber": phone.removeprefix(MAINLAND),
            "Mask": "NORMAL",
            "StartTime": beijing.written(since),
            "Version": "2020-02-17",
        }
        reply = await self._ask(self.dytns_url, asked)
        code = _word(reply.get("Code"))
        if code in NEVER_TOLD:
            return Attestation.UNKNOWN
        if code != "OK":
            raise RegisterAway(f"aliyun:{code}")
        return _answer(NEW_OWNER, part_of(reply, "Data").get("VerifyResult"))

    async def _cloudauth(self, action: str, asked: dict[str, str]) -> Attestation:
        reply = await self._ask(self.cloudauth_url, {**asked, "Action": action, "Version": "2019-03-07"})
        code = _word(reply.get("Code"))
        if code == ILLEGAL:
            return Attestation.NO
        if code != "200":
            raise RegisterAway(f"aliyun:{code}")
        return _answer(BIZ_CODES, part_of(reply, "ResultObject").get("BizCode"))

    async def _ask(self, url: str, asked: dict[str, str]) -> Reply:
        """What is asked is told in the body: addresses end up in logs."""
        form = signed(asked, self.access_key_id, self.access_key_secret)
        try:
            async with outgoing(self.allow) as client, asyncio.timeout(DEADLINE_SECONDS):
                answer = await client.post(url, data=form)
        except (httpx2.HTTPError, TimeoutError):
            raise RegisterAway("no_answer") from None
        reply = json_object(answer.content)
        if reply is None or (answer.status_code != 200 and not reply.get("Code")):
            raise RegisterAway(f"http_{answer.status_code}")
        if answer.status_code != 200:
            raise RegisterAway(f"aliyun:{_word(reply.get('Code'))}")
        return reply


def _answer(meanings: dict[str, Attestation], told: object) -> Attestation:
    """Only what it says in its own words is an answer; whatever else comes is none."""
    found = meanings.get(told) if isinstance(told, str) else None
    if found is None:
        raise RegisterAway("aliyun:odd_answer")
    return found


def _word(code: object) -> str:
    """What it calls its error, cut to what is fit for a log."""
    return re.sub(r"[^A-Za-z0-9_.:-]", "_", str(code))[:60]
