"""A software authenticator: makes passkeys and signs with them as a browser would, without one."""

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from domain.people import passkeys

PRESENT_AND_VERIFIED, HAS_CREDENTIAL = 0x05, 0x40


def encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@dataclass
class Passkey:
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    count: int = 0
    flags: int = PRESENT_AND_VERIFIED

    def create(self, options: str, *, origin: str | None = None) -> str:
        told = json.loads(options)
        point = self.key.public_key().public_numbers()
        cose = {1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32), -3: point.y.to_bytes(32)}
        held = bytes(16) + len(self.id).to_bytes(2) + self.id + cbor2.dumps(cose)
        data = self._data(told["rp"]["id"], HAS_CREDENTIAL) + held
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        return self._credential(
            attestationObject=attestation, clientDataJSON=self._client("webauthn.create", told, origin)
        )

    def sign(self, options: str, *, origin: str | None = None) -> str:
        told = json.loads(options)
        data, client = self._data(told["rpId"]), self._client("webauthn.get", told, origin)
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return self._credential(authenticatorData=data, clientDataJSON=client, signature=signature)

    def _data(self, rp_id: str, more: int = 0) -> bytes:
        self.count += 1
        return hashlib.sha256(rp_id.encode()).digest() + bytes([self.flags | more]) + self.count.to_bytes(4)

    def _client(self, kind: str, told: dict[str, Any], origin: str | None) -> bytes:
        said = {"type": kind, "challenge": told["challenge"], "origin": origin or passkeys.origins()[0]}
        return json.dumps(said).encode()

    def _credential(self, **response: bytes) -> str:
        told = {name: encoded(value) for name, value in response.items()}
        return json.dumps({"id": encoded(self.id), "rawId": encoded(self.id), "type": "public-key", "response": told})
