"""Whatever happens is decided upon: people are told of it, or there is a reason why not. And what leaves the house says little."""

import re

import pytest

from api import wiring
from domain.notices import kinds
from domain.notices.decided import DECIDED, Untold
from domain.notices.kinds import NoticeKind, Texted
from infra import events, reactions
from infra.words import say

assert wiring.ROOMS
KINDS = [*kinds.declared().values()]
OURS = ("test.", "visit.", "kettle.")
MONEY_OR_SCORE = re.compile(
    r"score|grade|points|approv|declin|money|yuan|pay|loan|debt|owe|分数|评分|等级|批准|还款|借|贷|元|欠", re.IGNORECASE
)


def test_every_event_is_decided_upon() -> None:
    declared = {name for name in events.declared() if not name.startswith(OURS)}
    assert declared - DECIDED.keys() == set(), "say in domain/notices/decided.py who hears of it"
    assert DECIDED.keys() - declared == set()


def test_what_is_told_has_a_reaction_that_tells_it_and_nothing_else_has() -> None:
    told = {name for name in DECIDED if any(map(tells_people, reactions.owed_to(name)))}
    assert told == {name for name, decided in DECIDED.items() if not isinstance(decided, Untold)}


def tells_people(reaction: str) -> bool:
    return reaction.startswith("tell_") and reaction != "tell_partner"


def test_every_kind_is_told_of_something() -> None:
    named = {code for decided in DECIDED.values() if not isinstance(decided, Untold) for code in decided}
    assert named == kinds.declared().keys()


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.code)
def test_a_lock_screen_shows_nothing_of_money_scores_or_names(kind: NoticeKind) -> None:
    if kind.push or kind.texted is not Texted.NEVER:
        for sentence in (say(kind.lock, "en"), say(kind.lock, "zh")):
            assert not MONEY_OR_SCORE.search(sentence)
            assert "{" not in sentence
            assert len(sentence) <= 120
