"""`longan prepare`: what must be there before anything serves: tables, seeds, trained models."""


def prepare() -> None:
    """Migrate, seed, and train the models if there are none. Does nothing twice."""
    from api.cli import nearby
    from api.story import ConsoleStory
    from api.wiring import prepare as make_ready

    with nearby.servers():
        make_ready(ConsoleStory())
