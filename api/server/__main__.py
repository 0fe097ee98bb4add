"""`python -m api.server`: the web app at the host and port of the settings."""

import resource

from api.server import run
from infra import telemetry

if __name__ == "__main__":
    telemetry.configure_logging()
    # Every socket is a file, and the usual 1,024 are few.
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    run()
