"""Whether bills can be read on this machine."""

import json
import subprocess
import sys

from integrations.bills.reading import PROGRAM
from integrations.bills.refused import Fault

SECONDS_MAX = 30


def can_read_bills() -> bool:
    """Has nothing read, by the process that reads bills: where it can be kept from all else, it says that there is nothing."""
    program = (sys.executable, *PROGRAM, "2026-01-01T00:00:00")
    tried = subprocess.run(program, input=b"", capture_output=True, timeout=SECONDS_MAX, check=False)
    try:
        return bool(json.loads(tried.stdout)["refused"]["fault"] == Fault.EMPTY)
    except (ValueError, KeyError, TypeError):
        return False
