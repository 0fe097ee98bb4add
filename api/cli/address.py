"""Where the Longan of this folder answers, as it says itself."""

import re
from pathlib import Path

USUAL = "http://127.0.0.1:8000"


def local_address() -> str:
    from infra.settings import settings

    return address_of(settings().var) or USUAL


def seen_address(address: str) -> str:
    """Where people and providers see the house of this machine that answers at `address`: where the settings say, or else there."""
    from infra.settings import settings

    return settings().public_url if "public_url" in settings().model_fields_set else address


def address_of(var: Path) -> str | None:
    """Where this folder's house answers; None where nothing runs, or only a command that will end."""
    from infra.running.instance_lock import occupant

    said = re.search(r"https?://[^\s,]+", occupant(var) or "")
    return said[0] if said else None
