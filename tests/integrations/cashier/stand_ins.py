"""Stand-ins for Alipay and WeChat Pay: they check each signature and sign each answer as the real ones do, and misbehave on demand."""

import base64
import json
import os
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import SecretStr
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from infra.setting_credentials import AlipayCashier, WeChatPayCashier
from integrations.cashier.alipay import AlipayWap
from integrations.cashier.wechat_pay import WeChatPayH5
from integrations.sandbox.credentials import APP_KEY, APP_PUBLIC_KEY, PLATFORM_KEY, PLATFORM_PUBLIC_KEY
from tests.integrations.serving import served

HERE = "https://longan.example"
BEIJING = timezone(timedelta(hours=8))
APP_ID, MERCHANT, SERIAL, PLATFORM_SERIAL = (
    "2021000000000001",
    "1900000109",
    "5157F09EFDC096DE",
    "PUB_KEY_ID_0119000001",
)
V3_KEY = "0123456789abcdef0123456789abcdef"


def signed(text: bytes, key: str = PLATFORM_KEY) -> str:
    """Written apart from the house's own."""
    private = serialization.load_der_private_key(base64.b64decode(key), None)
    assert isinstance(private, rsa.RSAPrivateKey)
    return base64.b64encode(private.sign(text, padding.PKCS1v15(), hashes.SHA256())).decode()


def is_ours(text: bytes, signature: str) -> bool:
    public = serialization.load_der_public_key(base64.b64decode(APP_PUBLIC_KEY))
    assert isinstance(public, rsa.RSAPublicKey)
    try:
        public.verify(base64.b64decode(signature), text, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return False
    return True


def beijing_now(**ago: int) -> str:
    return (datetime.now(BEIJING) - timedelta(**ago)).strftime("%Y-%m-%d %H:%M:%S")


@dataclass
class AlipayStandIn:
    """`trades`, `refunds` and `agreements` by our ids, as Alipay tells of them; `forge` lets it sign something else, `draws` is what
    becomes of a draw: PAID, WAITS, POOR or UNSURE. `keeps`: it ends no agreement, and says that it did; `is_empty`: our account
    there cannot pay back.
    """

    trades: dict[str, dict[str, Any]] = field(default_factory=dict)
    refunds: dict[str, dict[str, Any]] = field(default_factory=dict)
    agreements: dict[str, dict[str, Any]] = field(default_factory=dict)
    draws: str = "PAID"
    keeps: bool = False
    is_empty: bool = False
    asked: list[str] = field(default_factory=list)
    forge: bool = False
    status: int = 200

    async def gateway(self, request: Request) -> Response:
        form = {name: str(value) for name, value in (await request.form()).items()}
        text = "&".join(f"{name}={form[name]}" for name in sorted(form) if name != "sign")
        method, content = form["method"], json.loads(form["biz_content"])
        self.asked.append(method)
        if not is_ours(text.encode(), form["sign"]) or form["app_id"] != APP_ID:
            reply: dict[str, Any] = {"code": "40002", "msg": "Invalid Arguments", "sub_code": "isv.invalid-signature"}
        else:
            reply = self._reply(method, content)
        told = json.dumps(reply, ensure_ascii=False)
        signature = signed(b"something else" if self.forge else told.encode())
        body = f'{{"{method.replace(".", "_")}_response":{told},"sign":"{signature}"}}'
        return Response(body, self.status)

    def _reply(self, method: str, content: Mapping[str, Any]) -> dict[str, Any]:
        if method.startswith("alipay.user.agreement."):
            return self._of_agreement(method, content)
        if method == "alipay.trade.pay":
            return self._draw(content)
        by_trade_no = {trade.get("trade_no"): order for order, trade in self.trades.items()}
        order = content.get("out_trade_no") or by_trade_no.get(content["trade_no"], "")
        trade = self.trades.get(order)
        if trade is None:
            return failing("ACQ.TRADE_NOT_EXIST")
        good = {"code": "10000", "msg": "Success", "out_trade_no": order}
        match method:
            case "alipay.trade.query":
                return {**good, **trade}
            case "alipay.trade.close":
                if trade["trade_status"] != "WAIT_BUYER_PAY":
                    return failing("ACQ.TRADE_STATUS_ERROR")
                trade["trade_status"] = "TRADE_CLOSED"
                return good
            case "alipay.trade.refund" if self.is_empty:
                return failing("ACQ.SELLER_BALANCE_NOT_ENOUGH")
            case "alipay.trade.refund":
                before = self.refunds.get(content["out_request_no"])
                self.refunds[content["out_request_no"]] = {
                    "out_request_no": content["out_request_no"],
                    "refund_status": "REFUND_SUCCESS",
                    "refund_amount": content["refund_amount"],
                }
                return {**good, "trade_no": trade["trade_no"], "fund_change": "N" if before else "Y"}
            case "alipay.trade.fastpay.refund.query":
                return {**good, "trade_no": trade["trade_no"], **self.refunds.get(content["out_request_no"], {})}
        return failing("isv.invalid-method")

    def _of_agreement(self, method: str, content: Mapping[str, Any]) -> dict[str, Any]:
        assert (content["personal_product_code"], content["sign_scene"]) == ("GENERAL_WITHHOLDING_P", "INDUSTRY|LOANS")
        number = content["external_agreement_no"]
        found = self.agreements.get(number)
        if found is None:
            return failing("USER_AGREEMENT_NOT_EXIST")
        if method == "alipay.user.agreement.unsign":
            if not self.keeps:
                del self.agreements[number]
            return {"code": "10000", "msg": "Success"}
        return {"code": "10000", "msg": "Success", "external_agreement_no": number, **found}

    def _draw(self, content: Mapping[str, Any]) -> dict[str, Any]:
        assert content["product_code"] == "GENERAL_WITHHOLDING"
        order, named = content["out_trade_no"], content["agreement_params"]["agreement_no"]
        is_signed = any(
            (each["agreement_no"], each["status"]) == (named, "NORMAL") for each in self.agreements.values()
        )
        if not is_signed:
            return failing("ACQ.AGREEMENT_NOT_EXIST")
        paid = self.draws == "PAID"
        self.trades.setdefault(
            order,
            {
                "trade_status": "TRADE_SUCCESS" if paid else "WAIT_BUYER_PAY",
                "trade_no": f"2026{order[:12]}",
                "total_amount": content["total_amount"],
                "send_pay_date": beijing_now(),
            },
        )
        match self.draws:
            case "POOR":
                return failing("ACQ.BUYER_BALANCE_NOT_ENOUGH")
            case "UNSURE":
                return failing("ACQ.SYSTEM_ERROR")
        return {"code": "10000" if paid else "10003", "msg": "Success", "out_trade_no": order}

    def notification(self, out_trade_no: str, **changed: str) -> dict[str, str]:
        """A form as Alipay sends it; `key` another's signature, otherwise what is told otherwise."""
        key = changed.pop("key", PLATFORM_KEY)
        form = {
            "notify_time": beijing_now(),
            "notify_type": "trade_status_sync",
            "notify_id": os.urandom(8).hex(),
            "app_id": APP_ID,
            "charset": "utf-8",
            "version": "1.0",
            "sign_type": "RSA2",
            "out_trade_no": out_trade_no,
            "trade_no": f"2026{out_trade_no[:12]}",
            "trade_status": "TRADE_SUCCESS",
            "total_amount": "100.00",
            "gmt_payment": beijing_now(),
            **changed,
        }
        text = "&".join(f"{name}={form[name]}" for name in sorted(form) if name != "sign_type" and form[name])
        return {**form, "sign": signed(text.encode(), key)}


def failing(sub_code: str) -> dict[str, Any]:
    return {"code": "40004", "msg": "Business Failed", "sub_code": sub_code}


@asynccontextmanager
async def alipay_of(stand_in: AlipayStandIn) -> AsyncIterator[AlipayWap]:
    async with served([Route("/gateway.do", stand_in.gateway, methods=["POST"])]) as url:
        yield AlipayWap(alipay_keys(f"{url}/gateway.do"), HERE, frozenset([url.removeprefix("http://")]))


def alipay_keys(url: str = "https://openapi.alipay.com/gateway.do") -> AlipayCashier:
    return AlipayCashier(
        app_id=APP_ID,
        private_key=SecretStr(APP_KEY),
        public_key=PLATFORM_PUBLIC_KEY,
        mandate_scene="INDUSTRY|LOANS",
        url=url,
    )


@dataclass
class WeChatStandIn:
    """`trades` and `refunds` by our ids; `misbehave` changes what goes out: status, headers, body. `is_empty`: our account there
    cannot pay back.
    """

    trades: dict[str, dict[str, Any]] = field(default_factory=dict)
    refunds: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    bodies: list[Any] = field(default_factory=list)
    misbehave: Callable[[dict[str, str]], dict[str, str]] | None = None
    is_empty: bool = False

    async def answer(self, request: Request) -> Response:
        body = await request.body()
        where = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        self.asked.append(f"{request.method} {where}")
        self.bodies.append(json.loads(body) if body else None)
        scheme, _, told = request.headers["authorization"].partition(" ")
        parts = dict(each.split("=", 1) for each in told.split(","))
        given = {name: value.strip('"') for name, value in parts.items()}
        text = "\n".join([request.method, where, given["timestamp"], given["nonce_str"], ""]).encode() + body + b"\n"
        is_right = is_ours(text, given["signature"]) and (given["mchid"], given["serial_no"]) == (MERCHANT, SERIAL)
        if scheme != "WECHATPAY2-SHA256-RSA2048" or not is_right:
            return self._signed(401, {"code": "SIGN_ERROR", "message": "签名错误"})
        return self._signed(*self._reply(request.method, request.url.path, self.bodies[-1]))

    def _reply(self, method: str, path: str, asked: Any) -> tuple[int, dict[str, Any] | None]:
        last = path.rsplit("/", 1)[-1]
        if path == "/v3/pay/transactions/h5":
            if self.trades.get(asked["out_trade_no"], {}).get("trade_state") == "SUCCESS":
                return 400, {"code": "ORDERPAID", "message": "该订单已支付"}
            self.trades.setdefault(asked["out_trade_no"], {"trade_state": "NOTPAY"})
            return 200, {"h5_url": f"https://wx.tenpay.example/pay?prepay_id={asked['out_trade_no']}"}
        if path == "/v3/refund/domestic/refunds" and self.is_empty:
            return 403, {"code": "NOT_ENOUGH", "message": "余额不足"}
        if path == "/v3/refund/domestic/refunds":
            self.refunds[asked["out_refund_no"]] = {
                "out_refund_no": asked["out_refund_no"],
                "refund_id": f"50{asked['out_refund_no'][:10]}",
                "status": "PROCESSING",
                "amount": asked["amount"],
            }
            return 200, self.refunds[asked["out_refund_no"]]
        if path.startswith("/v3/refund/domestic/refunds/"):
            refund = self.refunds.get(last)
            return (200, refund) if refund else (404, {"code": "RESOURCE_NOT_EXISTS", "message": "退款单不存在"})
        order = last if last != "close" else path.rsplit("/", 2)[-2]
        trade = self.trades.get(order)
        if trade is None:
            return 404, {"code": "ORDER_NOT_EXIST", "message": "订单不存在"}
        if last == "close":
            if trade["trade_state"] == "SUCCESS":
                return 400, {"code": "ORDERPAID", "message": "该订单已支付"}
            trade["trade_state"] = "CLOSED"
            return 204, None
        return 200, {"appid": "wx1", "mchid": MERCHANT, "out_trade_no": order, **trade}

    def _signed(self, status: int, reply: dict[str, Any] | None) -> Response:
        body = b"" if reply is None else json.dumps(reply, ensure_ascii=False).encode()
        headers = wechat_headers(body)
        return Response(body, status, self.misbehave(headers) if self.misbehave else headers)


def wechat_headers(body: bytes, ago: int = 0, key: str = PLATFORM_KEY) -> dict[str, str]:
    timestamp, nonce = str(int(time.time()) - ago), os.urandom(8).hex()
    return {
        "Wechatpay-Timestamp": timestamp,
        "Wechatpay-Nonce": nonce,
        "Wechatpay-Serial": PLATFORM_SERIAL,
        "Wechatpay-Signature": signed(f"{timestamp}\n{nonce}\n".encode() + body + b"\n", key),
    }


def wechat_notification(inside: Mapping[str, Any], event_type: str = "TRANSACTION.SUCCESS", key: str = V3_KEY) -> bytes:
    nonce, also = os.urandom(6).hex(), "transaction"
    sealed = AESGCM(key.encode()).encrypt(nonce.encode(), json.dumps(inside).encode(), also.encode())
    resource = {
        "algorithm": "AEAD_AES_256_GCM",
        "ciphertext": base64.b64encode(sealed).decode(),
        "associated_data": also,
        "nonce": nonce,
        "original_type": "transaction",
    }
    return json.dumps({"id": nonce, "event_type": event_type, "resource": resource}).encode()


def wechat_trade(out_trade_no: UUID, total: int = 10_000, **changed: Any) -> dict[str, Any]:
    return {
        "appid": "wx1",
        "mchid": MERCHANT,
        "out_trade_no": out_trade_no.hex,
        "transaction_id": f"42{out_trade_no.hex[:12]}",
        "trade_state": "SUCCESS",
        "success_time": datetime.now(BEIJING).isoformat(timespec="seconds"),
        "amount": {"total": total, "payer_total": total, "currency": "CNY", "payer_currency": "CNY"},
        **changed,
    }


@asynccontextmanager
async def wechat_of(stand_in: WeChatStandIn) -> AsyncIterator[WeChatPayH5]:
    async with served([Route("/{path:path}", stand_in.answer, methods=["GET", "POST"])]) as url:
        yield WeChatPayH5(wechat_keys(url), HERE, frozenset([url.removeprefix("http://")]))


def wechat_keys(url: str = "https://api.mch.weixin.qq.com") -> WeChatPayCashier:
    return WeChatPayCashier(
        app_id="wx1",
        merchant_id=MERCHANT,
        serial=SERIAL,
        private_key=SecretStr(APP_KEY),
        api_v3_key=SecretStr(V3_KEY),
        platform_serial=PLATFORM_SERIAL,
        platform_key=PLATFORM_PUBLIC_KEY,
        url=url,
    )
