"""Commands whose database is away, or was never made ready: a sentence that says what to do, and no words of the error's."""

from infra import embedded
from tests.commands import longan

MADE_READY = "The database was not made ready for this release: make run\n"
AWAY = "The database does not answer. What is wrong with it: longan doctor\n"
DISMISS = ("staff", "dismiss", "night.shift@example.com")


async def test_a_database_that_was_not_made_ready_is_a_sentence(servers: embedded.Servers) -> None:
    url = servers.create_database("not_made_ready")
    for words in (DISMISS, ("day", "--json"), ("reactions",)):
        assert await longan(*words, LONGAN_DATABASE_URL=url) == (1, MADE_READY)


async def test_a_database_that_does_not_answer_is_a_sentence() -> None:
    nowhere = "postgres://nobody@127.0.0.1:1/nothing"
    for words in (DISMISS, ("reactions",)):
        assert await longan(*words, LONGAN_DATABASE_URL=nowhere) == (1, AWAY)
    code, told = await longan("migrate", LONGAN_DATABASE_URL=nowhere)
    assert (code, told.splitlines()[-1] + "\n") == (1, AWAY)
