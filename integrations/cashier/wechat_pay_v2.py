"""WeChat Pay's older words (API v2), which it still wants for contracts and draws: flat XML, signed with one key by both sides.

https://pay.weixin.qq.com/doc/v2/merchant/4011985891 (signatures)
"""

import hashlib
import hmac
from collections.abc import Mapping
from xml.parsers import expat
from xml.sax.saxutils import escape

Fields = Mapping[str, str]
ROOT, HMAC_SHA256, SUCCESS = "xml", "HMAC-SHA256", "SUCCESS"
HEARD = f"<xml><return_code>{SUCCESS}</return_code><return_msg>OK</return_msg></xml>"
NOT_BELIEVED = "<xml><return_code>FAIL</return_code><return_msg>not believed</return_msg></xml>"


def signed(fields: Fields, key: str) -> dict[str, str]:
    """The fields with how they are signed and the signature."""
    told = {**fields, "sign_type": HMAC_SHA256}
    return {**told, "sign": _hmac(told, key)}


def is_signed(fields: Fields, key: str) -> bool:
    """Whether this key signed all of it, in the way that it names; where it names none, the signature's length tells."""
    sign = fields.get("sign", "").upper()
    in_md5 = fields.get("sign_type", HMAC_SHA256 if len(sign) == hashlib.sha256().digest_size * 2 else "MD5") == "MD5"
    return hmac.compare_digest((_md5 if in_md5 else _hmac)(fields, key).encode(), sign.encode())


def is_done(reply: Fields) -> bool:
    return reply.get("result_code") == SUCCESS


def to_xml(fields: Fields) -> bytes:
    return f"<xml>{''.join(f'<{name}>{escape(value)}</{name}>' for name, value in fields.items())}</xml>".encode()


def from_xml(body: bytes) -> dict[str, str] | None:
    """The fields of a flat document; None for any other, and where it declares a type, whose entities could swell."""
    document = _Document()
    parser = expat.ParserCreate("UTF-8")
    parser.StartDoctypeDeclHandler = _refuse
    parser.StartElementHandler, parser.EndElementHandler = document.begin, document.end
    parser.CharacterDataHandler = document.read
    try:
        parser.Parse(body, True)
    except (expat.ExpatError, ValueError):
        return None
    return {name: value.strip() for name, value in document.fields.items()}


class _Document:
    """One root, and in it fields of text, each once."""

    def __init__(self) -> None:
        self.fields: dict[str, str] = {}
        self._path: list[str] = []

    def begin(self, name: str, attributes: Mapping[str, str]) -> None:
        self._path.append(name)
        match self._path:
            case [root] if root == ROOT:
                return
            case [_, field] if field not in self.fields:
                self.fields[field] = ""
            case _:
                raise ValueError("neither the root nor a new field of text")

    def end(self, name: str) -> None:
        self._path.pop()

    def read(self, text: str) -> None:
        if len(self._path) > 1:
            self.fields[self._path[-1]] += text


def _refuse(*declared: object) -> None:
    raise ValueError("a type of its own")


def _hmac(fields: Fields, key: str) -> str:
    return hmac.new(key.encode(), _text(fields, key), hashlib.sha256).hexdigest().upper()


def _md5(fields: Fields, key: str) -> str:
    # Theirs to choose: the answers to some of its questions are signed with nothing better.
    return hashlib.md5(_text(fields, key), usedforsecurity=False).hexdigest().upper()


def _text(fields: Fields, key: str) -> bytes:
    """What is signed: each field that is not empty, also such as are new to us, by name."""
    named = "&".join(f"{name}={value}" for name, value in sorted(fields.items()) if value and name != "sign")
    return f"{named}&key={key}".encode()
