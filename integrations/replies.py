"""Reading what other companies answer: any bytes become a clean JSON object or nothing, and a part of another shape is absent.

What is only shown is read leniently, what decides strictly: an id that is no plain word is no id.
"""

import json
import math
import re
import time
import unicodedata
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any

Reply = dict[str, Any]

# JSON is UTF-8, whatever the label of an answer says; older gateways in China still send GBK.
ENCODINGS = ("utf-8", "gb18030")
DEPTH_MAX = 20
NAME_MAX = 200
ID_MAX = 255  # as OpenID Connect's `sub`
SECONDS_MAX = 20 * 365 * 86400
WHOLE_MAX = 2**63

ESCAPE_OR_BACKSLASH = re.compile(r'\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4})|\\')
CODE = re.compile(r"-?[0-9]{1,12}")
WORD = re.compile(r"[A-Za-z0-9_.-]{1,60}")
SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,200}")  # RFC 6749 section 3.3
TOKEN = re.compile(r"[\x20-\x7e]{1,8000}")  # RFC 6749 appendix A.12
SCOPES_MAX = 50
# Characters that turn the direction of the text around them, and so what a person reads.
TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def pause_asked(told: str) -> float | None:
    """Seconds that a Retry-After asks for, as a number or a date (RFC 9110, section 10.2.3); None where it says neither."""
    if told.isascii() and told.isdigit():
        return float(told)
    try:
        at = parsedate_to_datetime(told)
    except ValueError:
        return None
    return max(0.0, at.replace(tzinfo=at.tzinfo or UTC).timestamp() - time.time())


def json_object(body: bytes) -> Reply | None:
    """The object that these bytes hold, without what no text may hold; None where they hold none."""
    read = decode(body)
    return object_of(read[0]) if read else None


def object_of(text: str) -> Reply | None:
    try:
        value = _clean(_loads(text), DEPTH_MAX)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def decode(body: bytes) -> tuple[str, str] | None:
    """The text of a body and the encoding that it is in."""
    for encoding in ENCODINGS:
        try:
            return body.decode(encoding), encoding
        except UnicodeDecodeError:
            continue
    return None


def _loads(text: str) -> Any:
    text = text.removeprefix("\ufeff")
    try:
        return _decoder.decode(text)
    except ValueError:
        # A backslash that escapes nothing was meant as itself.
        return _decoder.decode(ESCAPE_OR_BACKSLASH.sub(lambda found: "\\\\" if found[0] == "\\" else found[0], text))


def _finite(text: str) -> float | None:
    number = float(text)
    return number if math.isfinite(number) else None


# Not strict: names come with raw control characters in them.
_decoder = json.JSONDecoder(strict=False, parse_float=_finite, parse_constant=lambda _: None)


def _clean(value: Any, depth: int) -> Any:
    if not depth:
        raise ValueError("nested too deeply")
    match value:
        case dict():
            return {_text(name): _clean(part, depth - 1) for name, part in value.items()}
        case list():
            return [_clean(part, depth - 1) for part in value]
        case str():
            return _text(value)
        case int() if abs(value) >= WHOLE_MAX:
            return str(value)
        case _:
            return value


def _text(text: str) -> str:
    """Half an emoji is no character: it becomes the sign for one that was lost."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def part_of(reply: object, *path: str) -> Reply:
    """The object at this path; an empty one where something else stands there."""
    for name in path:
        reply = reply.get(name) if isinstance(reply, dict) else None
    return reply if isinstance(reply, dict) else {}


def text_in(reply: Mapping[str, Any], name: str) -> str:
    value = reply.get(name)
    return value if isinstance(value, str) else ""


def id_in(reply: Mapping[str, Any], name: str) -> str:
    """An identifier as text, which some send as a number; empty where it is missing or no plain word."""
    value = reply.get(name)
    text = str(value) if _is_whole(value) else value
    return text if isinstance(text, str) and is_id(text) else ""


def is_id(text: str) -> bool:
    return 0 < len(text) <= ID_MAX and text.isprintable() and " " not in text and "\ufffd" not in text


def code_in(reply: Mapping[str, Any], *names: str, absent: str = "0") -> str:
    """The number of an error, under the first of these names that is there; `error` where it is no number."""
    value = next((reply[name] for name in names if reply.get(name) is not None), absent)
    text = str(value) if _is_whole(value) else value
    return text if isinstance(text, str) and CODE.fullmatch(text) else "error"


def word_in(reply: Mapping[str, Any], name: str) -> str:
    """What an error is called; `error` where that is no plain word, empty where nothing is said."""
    value = reply.get(name)
    if value is None:
        return ""
    return value if isinstance(value, str) and WORD.fullmatch(value) else "error"


def shown_name(value: object) -> str | None:
    """What a person may be shown as a name: one line, without what steers a terminal or turns the text around it."""
    if not isinstance(value, str) and not _is_whole(value):
        return None
    kept = "".join(char for char in str(value) if char.isspace() or not _is_unwanted(char))
    name = " ".join(kept.split())[:NAME_MAX].strip()
    return name if any(unicodedata.category(char) not in ("Cf", "Zs") for char in name) else None


def _is_unwanted(char: str) -> bool:
    return char in TURNING or unicodedata.category(char) in ("Cc", "Co")


def token_in(reply: Mapping[str, Any], name: str) -> str | None:
    value = reply.get(name)
    return value if isinstance(value, str) and TOKEN.fullmatch(value) else None


def scopes_of(text: str, separator: str) -> tuple[str, ...]:
    words = text.replace(separator, " ").split()
    return tuple(word for word in words if SCOPE.fullmatch(word))[:SCOPES_MAX]


def seconds(value: object) -> int | None:
    """How long something lasts, which some send as text. None for what cannot be: a moment instead, or longer than 20 years."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return int(number) if 1 <= number <= SECONDS_MAX else None


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
