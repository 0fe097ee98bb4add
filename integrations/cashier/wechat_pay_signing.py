"""WeChat Pay's signatures (WECHATPAY2-SHA256-RSA2048) and seals (AEAD_AES_256_GCM), both ways."""

import base64
import binascii
import secrets
import time
from collections.abc import Mapping
from datetime import UTC, datetime

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from infra.setting_credentials import WeChatPayCashier
from integrations import rsa2
from integrations.replies import Reply, json_object, text_in

SCHEME, ALGORITHM = "WECHATPAY2-SHA256-RSA2048", "AEAD_AES_256_GCM"
CLOCK_TOLERANCE_SECONDS = 300


def headers(method: str, where: str, body: bytes, keys: WeChatPayCashier) -> dict[str, str]:
    """The headers of a request; `where` is its path and query."""
    timestamp, nonce = str(int(time.time())), secrets.token_hex(16)
    text = "\n".join([method, where, timestamp, nonce, ""]).encode() + body + b"\n"
    signature = rsa2.sign(text, keys.private_key.get_secret_value())
    told = {
        "mchid": keys.merchant_id,
        "nonce_str": nonce,
        "signature": signature,
        "timestamp": timestamp,
        "serial_no": keys.serial,
    }
    quoted = ",".join(f'{name}="{value}"' for name, value in told.items())
    return {
        "Authorization": f"{SCHEME} {quoted}",
        "Accept": "application/json",
        "Content-Type": "application/json",
        "Wechatpay-Serial": keys.platform_serial,
    }


def disbelief(told: Mapping[str, str], body: bytes, keys: WeChatPayCashier, now: datetime | None = None) -> str | None:
    """Why these words are not WeChat Pay's of just now; None where they are. Header names are in lower case."""
    timestamp, nonce = told.get("wechatpay-timestamp", ""), told.get("wechatpay-nonce", "")
    if told.get("wechatpay-serial") != keys.platform_serial:
        return "wechat_pay:serial"
    text = f"{timestamp}\n{nonce}\n".encode() + body + b"\n"
    if not rsa2.is_signed(text, told.get("wechatpay-signature", ""), keys.platform_key):
        return "wechat_pay:signature"
    seconds = (now or datetime.now(UTC)).timestamp()
    is_now = (
        timestamp.isascii() and timestamp.isdigit() and abs(seconds - int(timestamp[:12])) <= CLOCK_TOLERANCE_SECONDS
    )
    return None if is_now else "wechat_pay:old"


def unseal(resource: Reply, key: str) -> Reply | None:
    """What a notification carries; None where it was not sealed with our key."""
    if text_in(resource, "algorithm") != ALGORITHM:
        return None
    try:
        sealed = base64.b64decode(text_in(resource, "ciphertext"))
        nonce, also = text_in(resource, "nonce").encode(), text_in(resource, "associated_data").encode()
        return json_object(AESGCM(key.encode()).decrypt(nonce, sealed, also))
    except (InvalidTag, ValueError, binascii.Error):
        return None
