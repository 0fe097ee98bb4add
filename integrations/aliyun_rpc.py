"""Aliyun's older way to ask: parameters in a form, signed the RPC way (HMAC-SHA1).

https://help.aliyun.com/document_detail/315526.html
"""

import base64
import hmac
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import quote


def signed(asked: Mapping[str, str], key_id: str, secret: str) -> dict[str, str]:
    """The whole form for what is asked: `Action`, `Version` and the action's own parameters."""
    form = {
        **asked,
        "AccessKeyId": key_id,
        "Format": "JSON",
        "SignatureMethod": "HMAC-SHA1",
        "SignatureNonce": secrets.token_hex(16),
        "SignatureVersion": "1.0",
        "Timestamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    return {**form, "Signature": sign(form, secret)}


def sign(form: Mapping[str, str], secret: str, method: str = "POST") -> str:
    """Base64 of HMAC-SHA1 over the sorted parameters, percent-encoded twice."""
    canonical = "&".join(f"{_encode(name)}={_encode(form[name])}" for name in sorted(form) if name != "Signature")
    text = f"{method}&%2F&{_encode(canonical)}"
    return base64.b64encode(hmac.digest(f"{secret}&".encode(), text.encode(), "sha1")).decode()


def _encode(text: str) -> str:
    return quote(text, safe="-_.~")
