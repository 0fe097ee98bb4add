"""The page of states is what the graphs say, and leaves no noun out."""

import infra.lifecycle
from api import main, states, worker  # noqa: F401 - everything that serves is imported, and so every graph is drawn


def test_the_page_is_what_the_code_says() -> None:
    assert states.FILE.read_text("utf-8") == states.page(), "write it anew: longan schema"


def test_every_graph_is_on_the_page() -> None:
    assert {life.noun for life in infra.lifecycle.drawn} == {life.noun for life in states.LIVES}
