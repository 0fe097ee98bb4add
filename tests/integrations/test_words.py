"""Every sentence of this room is said in both languages."""

import ast
from pathlib import Path

import pytest

from infra.words import say

ROOM = Path(__file__).parents[2] / "integrations"


def marked(path: Path) -> list[str]:
    calls = (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call))
    return [
        ast.literal_eval(call.args[0]) for call in calls if isinstance(call.func, ast.Name) and call.func.id == "N_"
    ]


SENTENCES = sorted({sentence for path in ROOM.rglob("*.py") for sentence in marked(path)})


@pytest.mark.parametrize("sentence", SENTENCES)
def test_a_sentence_is_translated(sentence: str) -> None:
    assert any("\u4e00" <= character <= "\u9fff" for character in say(sentence, "zh"))
    assert say(sentence, "en") == sentence
