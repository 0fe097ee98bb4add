"""Every sentence and every name of this room is said in both languages, with the same values in it."""

import ast
import re
from pathlib import Path

import pytest

from infra.words import say

ROOM = Path(__file__).parents[2] / "membership"
VALUE = re.compile(r"\{(\w+)\}")


def marked(path: Path) -> list[str]:
    calls = (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call))
    return [
        ast.literal_eval(call.args[0]) for call in calls if isinstance(call.func, ast.Name) and call.func.id == "N_"
    ]


SENTENCES = sorted({sentence for path in ROOM.rglob("*.py") for sentence in marked(path)})


@pytest.mark.parametrize("sentence", SENTENCES)
def test_a_sentence_is_translated(sentence: str) -> None:
    chinese = say(sentence, "zh")
    assert any("一" <= character <= "鿿" for character in chinese)
    assert set(VALUE.findall(chinese)) == set(VALUE.findall(sentence))
    assert say(sentence, "en") == sentence
