"""Words in titles: thousands of short texts as one, so that a word is looked for in all of them at once."""

import re
import unicodedata
from collections.abc import Callable, Sequence

import numpy as np

from domain.market.arrays import Flags
from infra.errors import invalid
from infra.words import N_

SEARCH_MAX, WORDS_MAX = 40, 8
HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
WORD = re.compile(rf"[{HAN}]+|[^\s{HAN}]+")


def words_of(search: str) -> tuple[str, ...]:
    """What must be found; nothing of a blank text. Refuses INVALID more than a search field holds."""
    words = tuple(dict.fromkeys(WORD.findall(folded(search))))
    if len(search) > SEARCH_MAX or len(words) > WORDS_MAX:
        raise invalid(
            N_("Search with up to {most} characters in up to {words} words."),
            "search",
            most=SEARCH_MAX,
            words=WORDS_MAX,
        )
    return words


def folded(text: str) -> str:
    """The text without what tells letters of either case and of either width apart."""
    return unicodedata.normalize("NFKC", text).casefold()


def line_of(title: str) -> str:
    """What is searched: spaces do not count, so `iphone15` is found in `iPhone 15`."""
    return "".join(folded(title).split())


class Lines:
    """Many texts, each as `line_of` makes it, one behind the other as numbers of characters."""

    def __init__(self, lines: Sequence[str]) -> None:
        self._characters = np.frombuffer("".join(f"{line}\n" for line in lines).encode("utf-32-le"), np.uint32)
        self._line = np.repeat(np.arange(len(lines)), [len(line) + 1 for line in lines])
        self._many = len(lines)

    def having(self, word: str) -> Flags:
        """Which of the texts have these very characters, one beside the other."""
        first, *others = map(ord, word)
        at = np.flatnonzero(self._characters == first)
        for offset, character in enumerate(others, 1):
            at = at[self._characters.take(at + offset, mode="clip") == character]
        flags = np.zeros(self._many, bool)
        flags[self._line[at]] = True
        return flags


def spelled(word: str, having: Callable[[str], Flags]) -> Flags:
    """Where the word stands, or pieces that make it up: Chinese is written without spaces, so a long word may be several."""
    if len(word) < 4 or not "\u3400" <= word[0] <= "\ufaff":
        return having(word)
    reached: list[Flags] = [np.array(True), np.array(False)]
    for end in range(2, len(word) + 1):
        ways = [(reached[end - size], word[end - size : end]) for size in (2, 3) if size <= end]
        pieces = [before & having(piece) for before, piece in ways if before.any()]
        reached.append(np.logical_or.reduce(pieces) if pieces else reached[1])
    return reached[-1]
