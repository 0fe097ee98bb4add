"""SHA256 with RSA (PKCS #1 v1.5), in base64: what Alipay calls RSA2 and WeChat Pay SHA256-RSA2048."""

import base64

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from infra import rsa_keys


def sign(text: bytes, private_key: str) -> str:
    signature = rsa_keys.private_key(private_key).sign(text, padding.PKCS1v15(), hashes.SHA256())
    return base64.b64encode(signature).decode()


def is_signed(text: bytes, signature: str, public_key: str) -> bool:
    try:
        raw = base64.b64decode(signature)
        rsa_keys.public_key(public_key).verify(raw, text, padding.PKCS1v15(), hashes.SHA256())
    except (InvalidSignature, ValueError):
        return False
    return True
