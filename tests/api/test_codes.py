"""The page of codes is what the code says, and leaves none out."""

import ast
import re
from pathlib import Path

from api import codes
from api.graphql.errors import PublicError
from infra.errors import RefusalCode

HOUSE = Path(__file__).parents[2]
LISTED = set(re.findall(r"^\| `([\w.]+)` \|", codes.FILE.read_text("utf-8"), re.MULTILINE))


def test_the_page_is_as_its_command_writes_it() -> None:
    assert codes.FILE.read_text("utf-8") == codes.page(), "write it anew: longan schema"


def test_every_code_that_is_written_down_anywhere_is_listed() -> None:
    written = {
        node.args[0].value
        for room in ("domain", "ml", "membership", "api")
        for path in (HOUSE / room).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in {"Reason", "GradeStep", "ReasonSentence", "MatchSentence"}
        and node.args
        and isinstance(node.args[0], ast.Constant)
    }
    assert len(written) > 40
    assert written - LISTED == set()


def test_every_refusal_and_error_is_listed() -> None:
    errors = {PublicError.code, *(each.code for each in PublicError.__subclasses__())}
    assert ({code.value for code in RefusalCode} | errors) - LISTED == set()


def test_a_sentence_stands_with_its_own_code() -> None:
    page = codes.FILE.read_text("utf-8")
    assert "| `RETURN_LESS` | Send back half as many orders for {months} months. |" in page
    assert "| `SAVE` | Put aside {amount} CNY a month for {months} months. |" in page
    assert "| `MEETS_GRADE` | It asks for grade {needed} or better, and yours is {grade}. |" in page
