"""RSA keys as companies hand them out: PEM, or the base64 of the same without its first and last line; a certificate's key too."""

import base64
import binascii
from functools import lru_cache

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

BITS_MIN = 2048


@lru_cache
def private_key(text: str) -> rsa.RSAPrivateKey:
    """Raises ValueError for what is no private key of RSA."""
    try:
        if text.startswith("-----"):
            loaded = serialization.load_pem_private_key(text.encode(), None)
        else:
            loaded = serialization.load_der_private_key(base64.b64decode(text), None)
    except (ValueError, TypeError, binascii.Error, UnsupportedAlgorithm) as error:
        raise ValueError("no private key") from error
    if not isinstance(loaded, rsa.RSAPrivateKey) or loaded.key_size < BITS_MIN:
        raise ValueError("no RSA key of 2,048 bits or more")
    return loaded


@lru_cache
def public_key(text: str) -> rsa.RSAPublicKey:
    """Raises ValueError for what is no public key of RSA."""
    loaded: object
    try:
        if "BEGIN CERTIFICATE" in text:
            loaded = x509.load_pem_x509_certificate(text.encode()).public_key()
        elif text.startswith("-----"):
            loaded = serialization.load_pem_public_key(text.encode())
        else:
            loaded = serialization.load_der_public_key(base64.b64decode(text))
    except (ValueError, TypeError, binascii.Error, UnsupportedAlgorithm) as error:
        raise ValueError("no public key") from error
    if not isinstance(loaded, rsa.RSAPublicKey) or loaded.key_size < BITS_MIN:
        raise ValueError("no RSA key of 2,048 bits or more")
    return loaded
