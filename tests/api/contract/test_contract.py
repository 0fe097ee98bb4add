"""What clients may rely on: the served schemas never break the contract, and its documents are answered.

`tests/contract/not_built.toml` names what is still owed. It only shrinks: what is built must leave it.
"""

import pytest

from api.contract import served
from tests.contract.owed import FILE, committed, measured, written

AGAIN = "write the list anew: python -m tests.contract.owed"
AUDIENCES = ("app", "partner", "console")


@pytest.mark.parametrize("audience", AUDIENCES)
def test_the_served_schema_breaks_nothing_but_what_is_not_built_yet(audience: str) -> None:
    assert measured()[audience]["changes"] == committed()[audience]["changes"], AGAIN


@pytest.mark.parametrize("audience", AUDIENCES)
def test_every_document_is_answered_but_what_is_not_built_yet(audience: str) -> None:
    assert measured()[audience]["documents"] == committed()[audience]["documents"], AGAIN


def test_the_list_of_what_is_owed_is_as_its_command_writes_it() -> None:
    assert FILE.read_text("utf-8") == written(committed()), AGAIN


@pytest.mark.parametrize("audience", AUDIENCES)
def test_the_committed_schema_is_the_served_one(audience: str) -> None:
    file, text = next(each for each in served() if each[0].stem == audience)
    assert file.read_text("utf-8") == text, "write it anew: longan schema"
