"""Codes and tokens that carry their own meaning under a key, so that a restart of the sandbox forgets nothing."""

import base64
import binascii
import hmac
import json
import os
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_BYTES = 12


class SandboxSeal:
    def __init__(self, key: bytes) -> None:
        self._key = key
        self._cipher = AESGCM(hmac.digest(key, b"codes and tokens", "sha256"))

    def close(self, kind: str, claims: Mapping[str, Any], expires_at: float) -> str:
        nonce = os.urandom(NONCE_BYTES)
        plain = json.dumps({**claims, "exp": expires_at}, separators=(",", ":")).encode()
        return base64.urlsafe_b64encode(nonce + self._cipher.encrypt(nonce, plain, kind.encode())).decode().rstrip("=")

    def open(self, kind: str, sealed: str, now: float) -> dict[str, Any] | None:
        """What was sealed as this kind; None where it was not, or is over."""
        try:
            raw = base64.urlsafe_b64decode(sealed + "=" * (-len(sealed) % 4))
            plain = self._cipher.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], kind.encode())
        except (InvalidTag, binascii.Error, ValueError):
            return None
        claims: dict[str, Any] = json.loads(plain)
        return claims if now < claims["exp"] else None

    def derived(self, purpose: str, value: str = "") -> bytes:
        """32 bytes that are always the same for the same words."""
        return hmac.digest(self._key, f"{purpose}\0{value}".encode(), "sha256")
