"""Commands whose database is away, or was never made ready: a sentence that says what to do, and no words of the error's."""

import pytest

from infra import embedded
from tests.commands import longan

MADE_READY = "The database was not made ready for this release: make run\n"
AWAY = "The database does not answer. What is wrong with it: longan doctor\n"


async def test_a_database_that_was_not_made_ready_is_a_sentence(
    servers: embedded.Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LONGAN_DATABASE_URL", servers.create_database("not_made_ready"))
    assert await longan("staff", "dismiss", "night.shift@example.com") == (1, MADE_READY)
    for words in (["day", "--json"], ["reactions"]):
        assert await longan(*words) == (1, MADE_READY)


async def test_a_database_that_does_not_answer_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LONGAN_DATABASE_URL", "postgres://nobody@127.0.0.1:1/nothing")
    assert await longan("staff", "dismiss", "night.shift@example.com") == (1, AWAY)
    assert await longan("reactions") == (1, AWAY)
    told = await longan("migrate")
    assert (told[0], told[1].splitlines()[-1] + "\n") == (1, AWAY)
