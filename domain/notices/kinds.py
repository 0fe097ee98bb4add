"""NoticeKind: one thing that people are told, in words: what happened, and what to do. Rows name it by its code.

`lock` is all that leaves the house: it stands on lock screens, in text messages and at other companies, and so says nothing
of money, scores or names.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from babel.dates import format_datetime

from domain.notices.classes import NoticeChannel, NoticeClass
from infra import clock
from infra.database import Db
from infra.ids import global_id
from infra.words import Locale, say

DAY = timedelta(days=1)
TOPIC_MAX = 27  # with an id behind it, what Apple takes as a collapse id: 64 bytes
BABEL = {"zh": "zh_CN", "en": "en_GB"}


class Texted(StrEnum):
    """Whether a text message is sent: it costs money, and a phone that gets pushes need not ring twice."""

    NEVER = "NEVER"
    INSTEAD = "INSTEAD"  # to whoever has no device that gets pushes
    ALWAYS = "ALWAYS"


@dataclass(frozen=True)
class Link:
    """Where in the app it leads: a folder, and the type of what it is about if it is about one thing."""

    folder: str
    type: str | None = None

    def to(self, subject_id: UUID | None) -> str:
        its = f"/{global_id(self.type, subject_id)}" if self.type and subject_id else ""
        return f"longan://{self.folder}{its}"


class StillWanted(StrEnum):
    """Whether what was told is still to be sent, as whoever tells it says when it is about to leave."""

    YES = "YES"
    LATER = "LATER"
    NO = "NO"


@dataclass(frozen=True)
class NoticeKind:
    """`topic`: of one topic, the newest about one thing is what counts. `lasts`: after this it is not worth telling by push
    or text any more. `asks`: whether the house still wants to tell of this subject, where it may change its mind.
    """

    code: str
    notice_class: NoticeClass
    title: str
    body: str
    lock: str = ""
    topic: str = ""
    link: Link | None = None
    push: bool = True
    texted: Texted = Texted.NEVER
    lasts: timedelta = 3 * DAY
    asks: Callable[[Db, UUID], Awaitable[StillWanted]] | None = None

    def __post_init__(self) -> None:
        leaves = self.push or self.texted is not Texted.NEVER
        assert len(self.topic or self.code) <= TOPIC_MAX, f"{self.code} is too long for a collapse key"
        assert leaves == bool(self.lock), f"{self.code} has words for lock screens exactly if it comes to them"

    def channels(self, devices: int) -> tuple[NoticeChannel, ...]:
        """The ways by which, besides the app's list it goes to somebody with so many devices that get pushes."""
        by_text = self.texted is Texted.ALWAYS or (self.texted is Texted.INSTEAD and not devices)
        ways = {NoticeChannel.PUSH: self.push and devices > 0, NoticeChannel.SMS: by_text}
        return tuple(channel for channel, is_taken in ways.items() if is_taken)


_declared: dict[str, NoticeKind] = {}


def declare(kind: NoticeKind) -> NoticeKind:
    """Let this be told. Each kind stands beside what it tells of, and is declared once."""
    assert kind.code not in _declared, f"two kinds of notices are called {kind.code}"
    _declared[kind.code] = kind
    return kind


def declared() -> Mapping[str, NoticeKind]:
    return _declared


def written(sentence: str, values: Mapping[str, Any], locale: Locale) -> str:
    """The sentence with its values: names in the language where we have them in both, times by the product's clocks, and what
    somebody wrote in several languages in this one, or in the first.
    """
    return say(sentence, locale, **{name: _written(name, value, locale) for name, value in values.items()})


def _written(name: str, value: Any, locale: Locale) -> str:
    if name.endswith("_at"):
        moment = datetime.fromisoformat(value).astimezone(clock.zone())
        return format_datetime(moment, "M月d日 HH:mm" if locale == "zh" else "d MMM, HH:mm", locale=BABEL[locale])
    return in_language(value, locale) if isinstance(value, dict) else say(str(value), locale)


def in_language(texts: Mapping[str, str], locale: Locale) -> str:
    """What somebody wrote by language, in this one; in the first where there is nothing in this one."""
    return texts.get(locale) or next(iter(texts.values()))
