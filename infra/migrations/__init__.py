"""The schema, step by step."""

from pathlib import Path

from alembic import command
from alembic.config import Config


def upgrade(url: str | None, revision: str = "head") -> None:
    """Bring the database to `revision`. Blocks; call it where no event loop runs."""
    command.upgrade(configuration(url), revision)


def configuration(url: str | None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["url"] = url
    return config
