"""The schema, step by step."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from alembic.config import Config


LOCK_SECONDS = 5
ATTEMPTS = 5


class Locked(Exception):
    """Somebody kept a table for longer than a migration may wait; what was done before stays done."""


def upgrade(url: str | None, revision: str = "head") -> None:
    """Bring the database to `revision`. Blocks; call it where no event loop runs. Raises Locked after some attempts."""
    import stamina
    from alembic import command
    from sqlalchemy.exc import DBAPIError

    try:
        for attempt in stamina.retry_context(on=_is_locked, attempts=ATTEMPTS, timeout=120, wait_initial=1, wait_max=5):
            with attempt:
                command.upgrade(configuration(url), revision)
    except DBAPIError as error:
        if not _is_locked(error):
            raise
        raise Locked(
            "A table was in use for too long, by a transaction that does not end. Longan goes on as it was; run this again."
        ) from error


def _is_locked(error: Exception) -> bool:
    return getattr(getattr(error, "orig", None), "sqlstate", None) == "55P03"


def configuration(url: str | None) -> "Config":
    # Half a second of importing, for what runs once in a deployment.
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["url"] = url
    return config
