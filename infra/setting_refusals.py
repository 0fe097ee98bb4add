"""Why Longan does not start: a sentence for each wrong setting, which names it, says what would be right, and shows no value."""

import re

from pydantic import ValidationError
from pydantic_settings import SettingsError

REFUSED = (ValidationError, SettingsError, UnicodeDecodeError)
OURS = "Value error, "


def sentences(error: ValidationError | SettingsError | UnicodeDecodeError) -> list[str]:
    if isinstance(error, UnicodeDecodeError):
        return ["The file .env should be text in UTF-8."]
    if isinstance(error, SettingsError):
        field = re.search(r'field "(\w+)"', str(error))
        return [f"LONGAN_{field[1].upper() if field else '...'} should be JSON, as the README's table shows it."]
    return [_sentence(each["loc"], each["type"], each["msg"]) for each in error.errors(include_input=False)]


def does_not_start(told: list[str]) -> SystemExit:
    """A program that does not start: its words go to stderr, and the exit code is 1."""
    return SystemExit("\n".join(f"Longan does not start: {each}" for each in told))


def _sentence(place: tuple[int | str, ...], kind: str, words: str) -> str:
    if not place:
        return f"{words.removeprefix(OURS)}."
    if kind == "extra_forbidden":
        return f"{_name(place)} is no setting; the README's table has those that are."
    if kind == "missing":
        return f"{_name(place)} is missing."
    return f"{_name(place)} {_plainly(words)}."


def _name(place: tuple[int | str, ...]) -> str:
    """As it is written in the environment; entries of lists are counted from one."""
    parts = [str(part) for part in place if not isinstance(part, int) and part != "[key]"]
    entry = next((part for part in place if isinstance(part, int)), None)
    # Names of entries are the operator's words, and may be anything.
    name = "LONGAN_" + re.sub(r"\W", "_", "__".join(parts), flags=re.ASCII)[:80].upper()
    return name if entry is None else f"{name}, entry {entry + 1},"


def _plainly(words: str) -> str:
    told = words.removeprefix(OURS)
    if told.startswith("Input should"):
        return told.removeprefix("Input ")
    return told if told.startswith("should") else f"cannot be read: {told[:1].lower()}{told[1:]}"
