"""`longan prepare`: what must be there before anything serves: tables, seeds, trained models."""


def prepare() -> None:
    """Migrate, seed, and train the models if there are none. Does nothing twice."""
    from api import wiring
    from api.cli import nearby
    from api.cli.story import Told

    with nearby.servers():
        wiring.prepare(Told())
