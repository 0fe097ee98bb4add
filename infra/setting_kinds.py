"""What a setting may be, each kind with the words for what would be right. No value is ever repeated: it may be a secret."""

import base64
import binascii
import ipaddress
import json
import logging
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from pydantic import AfterValidator, Field, SecretStr

from infra import rsa_keys

KEY_BYTES = 32
TOKEN_CHARACTERS_MIN = 16
YEAR_SECONDS = 366 * 86_400

# Beyond these nobody means what they write, and times and columns have ends.
Times = Annotated[int, Field(ge=1, le=1_000_000_000)]
Few = Annotated[int, Field(ge=1, le=1_000)]
TimesOrNone = Annotated[int, Field(ge=0, le=1_000_000_000)]
WholeSeconds = Annotated[int, Field(ge=1, le=YEAR_SECONDS)]
Seconds = Annotated[float, Field(gt=0, le=YEAR_SECONDS, allow_inf_nan=False)]
Days = Annotated[int, Field(ge=1, le=3_660)]
Share = Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)]
Batch = Annotated[int, Field(ge=1, le=100_000)]
PerSecond = Annotated[float, Field(ge=0.001, le=1_000_000, allow_inf_nan=False)]
Minutes = Annotated[int, Field(ge=1, le=1_440)]
Milliseconds = Annotated[int, Field(ge=100, le=3_600_000)]
Minor = Annotated[int, Field(ge=0, le=2**53)]  # money in minor units
Version = Annotated[int, Field(ge=1, le=999_999_999)]
PortNumber = Annotated[int, Field(ge=1, le=65_535)]


def _key(value: SecretStr) -> SecretStr:
    try:
        known = base64.b64decode(value.get_secret_value(), validate=True)
    except (binascii.Error, ValueError):
        known = b""
    if len(known) != KEY_BYTES:
        raise ValueError(f"should be the base64 of {KEY_BYTES} bytes, as `longan keys new` prints it")
    return value


def _key_version(text: str) -> str:
    if not (text.isascii() and text.isdigit() and text[0] != "0" and len(text) < 10):
        raise ValueError("should be called by a version, as 1")
    return text


def _name(text: str) -> str:
    if not (text.isascii() and text.replace("-", "").replace("_", "").isalnum()):
        raise ValueError("should be called by letters and digits, as wechat")
    return text


def _token(value: SecretStr) -> SecretStr:
    shown = value.get_secret_value()
    if len(shown) < TOKEN_CHARACTERS_MIN or not shown.isascii() or not shown.isprintable() or " " in shown:
        raise ValueError(f"should be {TOKEN_CHARACTERS_MIN} or more letters, digits and signs without spaces")
    return value


def _filled_secret(value: SecretStr) -> SecretStr:
    _filled(value.get_secret_value())
    return value


def _elliptic_key(value: SecretStr) -> SecretStr:
    try:
        key = load_pem_private_key(value.get_secret_value().encode(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, EllipticCurvePrivateKey):
        raise ValueError("should be the text of the .p8 file, a private key of P-256")
    return value


def _rsa_private(value: SecretStr) -> SecretStr:
    try:
        rsa_keys.private_key(value.get_secret_value())
    except ValueError:
        raise ValueError("should be a private RSA key of 2,048 bits or more, as PEM or as its base64") from None
    return value


def _rsa_public(text: str) -> str:
    try:
        rsa_keys.public_key(text)
    except ValueError:
        raise ValueError("should be a public RSA key or a certificate, as PEM or as its base64") from None
    return text


def _sealing_key(value: SecretStr) -> SecretStr:
    if len(value.get_secret_value().encode()) != KEY_BYTES:
        raise ValueError(f"should be of {KEY_BYTES} characters")
    return value


def _service_account(value: SecretStr) -> SecretStr:
    try:
        account = json.loads(value.get_secret_value())
        key = load_pem_private_key(account["private_key"].encode(), None)
        is_whole = isinstance(key, RSAPrivateKey) and all(
            isinstance(account[name], str) and account[name] for name in ("project_id", "client_email")
        )
    except (ValueError, TypeError, KeyError, AttributeError, UnsupportedAlgorithm):
        is_whole = False
    if not is_whole:
        raise ValueError("should be a service account's JSON, with project_id, client_email and private_key")
    return value


def _filled(value: str) -> str:
    if not value.strip() or not value.isprintable():
        raise ValueError("should not be empty, nor hold characters that cannot be printed")
    return value


def _time_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError("should be a time zone of the IANA list, as Asia/Shanghai") from None
    return name


def _currency(code: str) -> str:
    from infra.money import decimals

    code = code.upper()  # names of variables come in small letters
    try:
        decimals(code)
    except ValueError:
        raise ValueError("should be a currency of ISO 4217, as CNY") from None
    return code


def _network(text: str) -> str:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise ValueError("should be an address or a network, as 10.0.0.0/8") from None
    return text


def _country(code: str) -> str:
    from phonenumbers import SUPPORTED_REGIONS

    if code not in SUPPORTED_REGIONS:
        raise ValueError("should be a country of ISO 3166-1 in two capital letters, as CN")
    return code


def _number_type(name: str) -> str:
    from phonenumbers import PhoneNumberType

    known = sorted(each for each in vars(PhoneNumberType) if each.isupper())
    if name not in known:
        raise ValueError(f"should be one of {', '.join(known)}")
    return name


def _log_level(name: str) -> str:
    if name.upper() not in logging.getLevelNamesMapping():
        raise ValueError("should be DEBUG, INFO, WARNING, ERROR or CRITICAL")
    return name.upper()


def _folder(path: Path) -> Path:
    try:
        is_other = path.exists() and not path.is_dir()
    except (OSError, ValueError):
        is_other = True
    if is_other:
        raise ValueError("should be a folder, or where one can be made")
    return path


EllipticKey = Annotated[SecretStr, AfterValidator(_elliptic_key)]
RsaPrivateKey = Annotated[SecretStr, AfterValidator(_rsa_private)]
RsaPublicKey = Annotated[str, AfterValidator(_rsa_public)]
SealingKey = Annotated[SecretStr, AfterValidator(_sealing_key)]
ServiceAccount = Annotated[SecretStr, AfterValidator(_service_account)]
Filled = Annotated[str, AfterValidator(_filled)]
FilledSecret = Annotated[SecretStr, AfterValidator(_filled_secret)]
Key = Annotated[SecretStr, AfterValidator(_key)]
KeyVersion = Annotated[str, AfterValidator(_key_version)]
Name = Annotated[str, AfterValidator(_name)]
Token = Annotated[SecretStr, AfterValidator(_token)]
TimeZone = Annotated[str, AfterValidator(_time_zone)]
Currency = Annotated[str, AfterValidator(_currency)]
Network = Annotated[str, AfterValidator(_network)]
Country = Annotated[str, AfterValidator(_country)]
NumberType = Annotated[str, AfterValidator(_number_type)]
LogLevel = Annotated[str, AfterValidator(_log_level)]
Folder = Annotated[Path, AfterValidator(_folder)]
