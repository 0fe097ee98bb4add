"""Apple's and Google's push services and WeChat's messages, as their pages say that they answer: they look at every signature."""

import ssl
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import orjson
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from tests.integrations.push.h2_server import Asked, Said


def pem(key: Any) -> str:
    return str(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode()
    )


def over_tls(folder: Path) -> ssl.SSLContext:
    """A server's TLS with a certificate that ended yesterday."""
    key = ec.generate_private_key(ec.SECP256R1())
    name, now = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")]), datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(now - timedelta(days=9)).not_valid_after(now - timedelta(days=1))
    signed = made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()
    (folder / "server.pem").write_text(signed + pem(key))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "server.pem")
    return context


@dataclass
class Apple:
    """`says` has what it answers a token next; whatever else comes is shown on the device, once for each collapse id."""

    key: str = field(default_factory=lambda: pem(ec.generate_private_key(ec.SECP256R1())))
    key_id: str = "ABC123DEFG"
    team: str = "TEAM123456"
    topic: str = "app.longan"
    says: dict[str, list[Said]] = field(default_factory=dict)
    shown: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    bodies: list[Any] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)

    def __call__(self, asked: Asked) -> Said:
        if (refused := self._refused(asked)) is not None:
            return refused
        token, headers = asked.path.removeprefix("/3/device/"), asked.headers
        planned = self.says.get(token, [])
        said = planned.pop(0) if planned else Said()
        if said.status == 200:  # a line that breaks may break after the message was taken
            shown = self.shown.setdefault((token, headers["apns-collapse-id"]), [])
            if headers["apns-id"] not in shown:
                shown.append(headers["apns-id"])
            self.bodies.append(orjson.loads(asked.body))
        return said

    def _refused(self, asked: Asked) -> Said | None:
        headers = asked.headers
        if headers[":method"] != "POST" or not asked.path.startswith("/3/device/"):
            return Said(405, {"reason": "MethodNotAllowed"})
        if (wrong := self._wrong_token(headers.get("authorization", ""))) is not None:
            return Said(403, {"reason": wrong})
        if headers.get("apns-topic") != self.topic:
            return Said(400, {"reason": "DeviceTokenNotForTopic"})
        if len(headers.get("apns-collapse-id", "").encode()) > 64:
            return Said(400, {"reason": "BadCollapseId"})
        if len(asked.body) > 4096:
            return Said(413, {"reason": "PayloadTooLarge"})
        if headers.get("apns-push-type") != "alert" or headers.get("apns-priority") not in ("5", "10"):
            return Said(400, {"reason": "BadPriority"})
        return None

    def _wrong_token(self, authorization: str) -> str | None:
        scheme, _, token = authorization.partition(" ")
        if scheme != "bearer":
            return "MissingProviderToken"
        try:
            read = jwt.decode(token, ECKey.import_key(self.key), algorithms=["ES256"])
        except (JoseError, ValueError):
            return "InvalidProviderToken"
        if read.header.get("kid") != self.key_id or read.claims.get("iss") != self.team:
            return "InvalidProviderToken"
        self.tokens.add(token)
        return None if abs(time.time() - int(read.claims["iat"])) < 3600 else "ExpiredProviderToken"


@dataclass
class Google:
    """Its token door speaks HTTP/1.1, its messages' door HTTP/2; this answers for both."""

    key: str = field(default_factory=lambda: pem(rsa.generate_private_key(public_exponent=65537, key_size=2048)))
    email: str = "push@longan.iam.example"
    project: str = "longan-app"
    says: dict[str, list[Said]] = field(default_factory=dict)
    shown: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    given: list[str] = field(default_factory=list)
    audience: str = ""

    def token(self, form: bytes) -> Said:
        told = {name: values[0] for name, values in parse_qs(form.decode()).items()}
        if told.get("grant_type") != "urn:ietf:params:oauth:grant-type:jwt-bearer":
            return Said(400, {"error": "unsupported_grant_type"})
        try:
            read = jwt.decode(told["assertion"], RSAKey.import_key(self.key), algorithms=["RS256"])
        except (JoseError, ValueError):
            return Said(400, {"error": "invalid_grant"})
        claims, now = read.claims, time.time()
        is_right = claims["iss"] == self.email and claims["aud"] == self.audience
        is_right = is_right and claims["scope"] == "https://www.googleapis.com/auth/firebase.messaging"
        if not is_right or not claims["iat"] <= now + 1 <= claims["exp"] <= claims["iat"] + 3600:
            return Said(400, {"error": "invalid_grant"})
        self.given.append(f"ya29.{len(self.given)}")
        return Said(200, {"access_token": self.given[-1], "expires_in": 3599, "token_type": "Bearer"})

    def __call__(self, asked: Asked) -> Said:
        if not self.given or asked.headers.get("authorization") != f"Bearer {self.given[-1]}":
            return Said(401, {"error": {"status": "UNAUTHENTICATED"}})
        message = orjson.loads(asked.body)["message"]
        if asked.path != f"/v1/projects/{self.project}/messages:send" or not 0 < _seconds(message) <= 28 * 86_400:
            return Said(400, {"error": {"status": "INVALID_ARGUMENT"}})
        token = message["token"]
        planned = self.says.get(token, [])
        said = planned.pop(0) if planned else Said(200, {"name": f"projects/{self.project}/messages/1"})
        if said.status == 200:
            android = message["android"]
            assert android["collapse_key"] == android["notification"]["tag"]
            shown = self.shown.setdefault((token, android["collapse_key"]), [])
            if message["data"]["id"] not in shown:
                shown.append(message["data"]["id"])
        return said


def _seconds(message: Any) -> int:
    return int(message["android"]["ttl"].removesuffix("s"))


def fcm_error(status: int, code: str, **headers: str) -> Said:
    details = [{"@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": code}]
    return Said(status, {"error": {"code": status, "status": code, "details": details}}, headers)


@dataclass
class WeChat:
    """One consent lets one message through."""

    secret: str = "wechat's secret"
    app_id: str = "wx123"
    template: str = "template-1"
    consents: dict[str, int] = field(default_factory=dict)
    shown: dict[str, list[str]] = field(default_factory=dict)
    says: list[int] = field(default_factory=list)
    token: str = "token-1"

    def __call__(self, path: str, query: dict[str, str], body: bytes) -> dict[str, object]:
        told = orjson.loads(body)
        if path == "/cgi-bin/stable_token":
            is_right = (told["appid"], told["secret"]) == (self.app_id, self.secret)
            return {"access_token": self.token, "expires_in": 7200} if is_right else {"errcode": 40125}
        if query.get("access_token") != self.token:
            return {"errcode": 40001, "errmsg": "invalid credential"}
        if self.says:
            return {"errcode": self.says.pop(0), "errmsg": "as planned"}
        if any(len(each["value"]) > 20 for each in told["data"].values()):
            return {"errcode": 47003, "errmsg": "argument invalid"}
        if told["template_id"] != self.template or not self.consents.get(told["touser"]):
            return {"errcode": 43101, "errmsg": "user refuse to accept the msg"}
        self.consents[told["touser"]] -= 1
        self.shown.setdefault(told["touser"], []).append(told["data"]["thing1"]["value"])
        return {"errcode": 0, "errmsg": "ok"}
