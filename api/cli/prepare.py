"""`longan prepare`: what must be there before anything serves: tables, seeds, trained models."""


def prepare() -> None:
    """Migrate, seed, and train the models if there are none. Does nothing twice."""
    from api.cli import nearby
    from api.story import ConsoleStory
    from api.wiring import prepare as make_ready
    from infra.settings import settings

    with nearby.servers():
        make_ready(story := ConsoleStory())
        if settings().is_embedded:
            from api.dev import credentials

            # Their hashes are slow to make: nobody shall wait for it who opens the first page.
            with story.step("Sign-ins"):
                nearby.run(credentials.ready())
