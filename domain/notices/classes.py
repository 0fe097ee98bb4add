"""Class and channel of a notice: why somebody is told, and by what way."""

from collections.abc import Mapping
from enum import StrEnum


class NoticeClass(StrEnum):
    SECURITY = "SECURITY"
    MONEY = "MONEY"
    SERVICE = "SERVICE"
    MARKETING = "MARKETING"
    COLLECTION = "COLLECTION"


class NoticeChannel(StrEnum):
    APP = "APP"
    PUSH = "PUSH"
    SMS = "SMS"


# Those that ring and light up where the person is; the app's list waits until they look.
DISTURBING = frozenset({NoticeChannel.PUSH, NoticeChannel.SMS})
Choice = tuple[NoticeClass, NoticeChannel]
CHOICES: tuple[Choice, ...] = tuple((each, channel) for each in NoticeClass for channel in NoticeChannel)


def is_always_on(choice: Choice) -> bool:
    """What guards the account comes by every way; whatever else concerns it stands in the app at least."""
    each, channel = choice
    return each is NoticeClass.SECURITY or (channel is NoticeChannel.APP and each is not NoticeClass.MARKETING)


def is_wanted(chosen: Mapping[Choice, bool], choice: Choice) -> bool:
    """What the person chose; at first all but advertisements, with which nobody is rung up who did not ask for it."""
    each, channel = choice
    at_first = each is not NoticeClass.MARKETING or channel is NoticeChannel.APP
    return is_always_on(choice) or chosen.get(choice, at_first)
