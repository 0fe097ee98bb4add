"""The servers that a command works with: those of the settings, of the `longan up` that runs, or of its own."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from infra import embedded, telemetry
from infra.running.instance_lock import Occupied, occupy
from infra.settings import settings


@contextmanager
def servers() -> Iterator[None]:
    """Within, `settings()` has a database and a Valkey that answer, and what is logged goes where it does everywhere: to stderr,
    without personal data.
    """
    configured = settings()
    telemetry.configure_logging()
    if configured.database_url and configured.valkey_url:
        yield
        return
    var = configured.var.resolve()
    with ExitStack() as borrowed:
        try:
            borrowed.enter_context(occupy(var, "a command that will end"))
            pair = borrowed.enter_context(embedded.servers(var))
        except Occupied:
            pair = embedded.at(var)
        os.environ["LONGAN_DATABASE_URL"] = configured.database_url or pair.database_url
        os.environ["LONGAN_VALKEY_URL"] = configured.valkey_url or pair.valkey_url
        settings.cache_clear()
        yield
