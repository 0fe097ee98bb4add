"""The schema, step by step."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from alembic.config import Config


def upgrade(url: str | None, revision: str = "head") -> None:
    """Bring the database to `revision`. Blocks; call it where no event loop runs."""
    from alembic import command

    command.upgrade(configuration(url), revision)


def configuration(url: str | None) -> "Config":
    # Half a second of importing, for what runs once in a deployment.
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["url"] = url
    return config
