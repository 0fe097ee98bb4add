"""A stand-in for WeChat Pay's contracts and draws (API v2): it checks plans, numbers, amounts and signatures, and misbehaves on demand."""

import hashlib
import hmac
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from pydantic import SecretStr
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from infra.setting_credentials import WeChatPayCashier
from integrations.cashier.wechat_pay import WeChatPayH5
from tests.integrations.cashier.stand_ins import HERE, MERCHANT, WeChatStandIn, wechat_keys
from tests.integrations.serving import served

PLAN, KEY = "12535", "v2-0123456789abcdef0123456789abc"
NOON, NIGHT = (
    datetime(2026, 11, 29, 4, tzinfo=UTC),
    datetime(2026, 11, 29, 14, tzinfo=UTC),
)  # 12:00 and 22:00 in Beijing
TODAY = NOON.date()
WAITS, DRAWN_FOR = timedelta(days=2), timedelta(days=7)  # after what was told
NEWS = f"{HERE}/cashier/wechat-pay/mandates"


def sign_of(fields: dict[str, str], key: str = KEY, *, md5: bool = False) -> str:
    """Written apart from the house's own."""
    text = (
        "".join(f"{name}={fields[name]}&" for name in sorted(fields) if name != "sign" and fields[name]) + f"key={key}"
    )
    if md5:
        return hashlib.md5(text.encode()).hexdigest().upper()
    return hmac.new(key.encode(), text.encode(), "sha256").hexdigest().upper()


def xml(fields: dict[str, str]) -> bytes:
    inside = "\n".join(f"  <{name}><![CDATA[{value}]]></{name}>" for name, value in fields.items())
    return f"<xml>\n{inside}\n</xml>".encode()


def news(told: Mapping[str, str], *, key: str = KEY, md5: bool = False) -> bytes:
    """A notification as it sends it."""
    fields = {"return_code": "SUCCESS", "result_code": "SUCCESS", "mch_id": MERCHANT, **told}
    return xml({**fields, "sign": sign_of(fields, key, md5=md5)})


def drawn(order_id: UUID, total: int = 10_000, **told: str) -> dict[str, str]:
    return {
        "appid": "wx1",
        "out_trade_no": order_id.hex,
        "transaction_id": f"42{order_id.hex[:12]}",
        "total_fee": str(total),
        "time_end": "20261129120000",
        "contract_id": "C1",
        **told,
    }


@dataclass
class ContractsStandIn(WeChatStandIn):
    """`contracts` and `draws` by our ids, as it tells of them; `draws_go`: PAID, ACCEPTED, or the code of a refusal. `keeps`: it ends
    no contract, and says that it did. `wants_telling`: it draws only what was `told`, by contract, two days before. `forge` changes
    what it answers once it is signed, `mute` answers nothing that can be read.
    """

    contracts: dict[str, dict[str, str]] = field(default_factory=dict)
    draws: dict[str, dict[str, str]] = field(default_factory=dict)
    draws_go: str = "PAID"
    keeps: bool = False
    mute: bool = False
    wants_telling: bool = False
    today: date = TODAY
    told: dict[str, tuple[date, int]] = field(default_factory=dict)
    forge: Callable[[dict[str, str]], dict[str, str]] | None = None

    async def answer(self, request: Request) -> Response:
        path = request.url.path
        if path.startswith("/v3/"):
            return await super().answer(request)
        self.asked.append(f"{request.method} {path}")
        if self.mute:
            return Response("<html>502</html>", 200)
        if request.method == "GET":
            return self._page(dict(request.query_params))
        body = (await request.body()).decode()
        asked = dict(re.findall(r"<(\w+)>([^<]*)</\w+>", body.removeprefix("<xml>")))
        if not self._is_signed(asked):
            return Response(xml({"return_code": "FAIL", "return_msg": "签名失败"}))
        return self._told(self._answer_to(path, asked))

    def _is_signed(self, asked: dict[str, str]) -> bool:
        is_ours = (asked["appid"], asked["mch_id"], asked["sign_type"]) == ("wx1", MERCHANT, "HMAC-SHA256")
        return is_ours and asked["sign"] == sign_of(asked)

    def sign(self, number: UUID) -> None:
        """What the person does on the page, where they have no other contract of the plan."""
        assert all(each["contract_state"] != "0" for each in self.contracts.values()), "one contract of a plan"
        self.contracts[number.hex] = {"contract_state": "0", "contract_id": f"C-{number.hex[:20]}"}

    def _reply(self, method: str, path: str, asked: Any) -> tuple[int, dict[str, Any] | None]:
        if not path.startswith("/v3/papay/contracts/"):
            return super()._reply(method, path, asked)
        assert (method, asked["appid"], asked["mchid"]) == ("POST", "wx1", MERCHANT)
        contract, amount = path.split("/")[4], asked["estimated_amount"]
        assert amount["currency"] == "CNY" and path.endswith("/notify")
        if contract not in {each["contract_id"] for each in self.contracts.values() if each["contract_state"] == "0"}:
            return 404, {"code": "CONTRACT_NOT_EXIST", "message": "签约协议不存在"}
        on, before = self.told.get(contract, (date.min, 0))
        if self.today <= on + WAITS + DRAWN_FOR:
            return 400, {"code": "RESOURCE_ALREADY_EXISTS" if amount["amount"] == before else "INVALID_REQUEST"}
        self.told[contract] = self.today, amount["amount"]
        return 204, None

    def _may_draw(self, contract: str, total: int) -> bool:
        on, amount = self.told.get(contract, (date.min, 0))
        return on + WAITS <= self.today < on + WAITS + DRAWN_FOR and total <= amount

    def _page(self, asked: dict[str, str]) -> Response:
        assert self._is_signed(asked) and (asked["plan_id"], asked["version"]) == (PLAN, "1.0")
        assert asked["notify_url"] == NEWS and re.fullmatch(r"[1-9][0-9]{8,18}", asked["request_serial"])
        assert re.fullmatch(r"[0-9]{10}", asked["timestamp"]) and asked["contract_display_account"].isalnum()
        self.bodies.append(asked)
        if asked["clientip"] == "0.0.0.0":
            return Response(xml({"return_code": "SUCCESS", "result_code": "FAIL", "result_msg": "PARAM_ERROR"}))
        page = f"https://payapp.weixin.example/{asked['contract_code']}"
        return Response(xml({"return_code": "SUCCESS", "result_code": "SUCCESS", "redirect_url": page}))

    def _told(self, said: dict[str, str]) -> Response:
        fields = {"return_code": "SUCCESS", "appid": "wx1", "mch_id": MERCHANT, **said}
        signed = {**fields, "sign": sign_of(fields)}
        return Response(xml(self.forge(signed) if self.forge else signed))

    def _answer_to(self, path: str, asked: dict[str, str]) -> dict[str, str]:
        if path.startswith("/papay/"):
            assert asked["version"] == "1.0"
            return self._of_contract(path, self._number_of(asked))
        assert asked["nonce_str"]
        order = asked["out_trade_no"]
        if path == "/pay/pappayapply":
            return self._draw(order, asked)
        if order not in self.draws:
            return failing("ORDERNOTEXIST")
        if path == "/pay/closeorder":
            if self.draws[order]["trade_state"] == "SUCCESS":
                return failing("ORDERPAID")
            self.draws[order]["trade_state"] = "CLOSED"
            return {"result_code": "SUCCESS"}
        return {"result_code": "SUCCESS", **self.draws[order]}

    def _number_of(self, asked: dict[str, str]) -> str | None:
        """Of the contract that it is asked for: by its own reference alone, or by our number and the plan that it was signed under."""
        if "contract_id" in asked:
            assert not {"plan_id", "contract_code"} & {*asked}
            theirs = [number for number, each in self.contracts.items() if each["contract_id"] == asked["contract_id"]]
            return theirs[0] if theirs else None
        return asked["contract_code"] if asked["plan_id"] == PLAN else None

    def _of_contract(self, path: str, number: str | None) -> dict[str, str]:
        found = self.contracts.get(number) if number else None
        if found is None or number is None:
            return failing("CONTRACT_NOT_EXIST")
        if path == "/papay/deletecontract":
            if not self.keeps:
                found |= {"contract_state": "1", "contract_termination_mode": "3"}
            return {"result_code": "SUCCESS", "contract_id": found["contract_id"]}
        return {"result_code": "SUCCESS", "plan_id": PLAN, "contract_code": number, "err_code": "0", **found}

    def _draw(self, order: str, asked: dict[str, str]) -> dict[str, str]:
        assert (asked["trade_type"], asked["fee_type"], asked["notify_url"]) == ("PAP", "CNY", NEWS)
        signed = {each["contract_id"] for each in self.contracts.values() if each["contract_state"] == "0"}
        if asked["contract_id"] not in signed:
            return failing("CONTRACT_NOT_EXIST")
        if order in self.draws:
            return failing("ORDER_ACCEPTED")
        if self.wants_telling and not self._may_draw(asked["contract_id"], int(asked["total_fee"])):
            return failing("INVALID_REQUEST")
        if self.draws_go not in ("PAID", "ACCEPTED"):
            return failing(self.draws_go)
        state = "SUCCESS" if self.draws_go == "PAID" else "ACCEPT"
        told = drawn(UUID(order), int(asked["total_fee"]))
        self.told.pop(asked["contract_id"], None)
        self.draws[order] = {**told, "trade_type": "PAP", "trade_state": state}
        return {"result_code": "SUCCESS"}


def failing(code: str) -> dict[str, str]:
    return {"result_code": "FAIL", "err_code": code, "err_code_des": "…"}


@asynccontextmanager
async def contracts_of(stand_in: ContractsStandIn, now: datetime = NOON) -> AsyncIterator[WeChatPayH5]:
    async with served([Route("/{path:path}", stand_in.answer, methods=["GET", "POST"])]) as url:
        yield WeChatPayH5(contract_keys(url), HERE, frozenset([url.removeprefix("http://")]), lambda: now)


def contract_keys(url: str = "https://api.mch.weixin.qq.com") -> WeChatPayCashier:
    also: dict[str, Any] = {"mandate_plan": PLAN, "api_v2_key": SecretStr(KEY)}
    return wechat_keys(url).model_copy(update=also)
