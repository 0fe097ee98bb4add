"""Asks a running Longan whether it can work."""

import json
import urllib.request
from dataclasses import dataclass
from typing import Any
from urllib.error import HTTPError, URLError

PATIENCE_SECONDS = 3.0
# What is asked is on this machine; a proxy that the environment names is not.
_DIRECTLY = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True)
class Readiness:
    """Each thing that it needs, and whether it is there; and what waits in the outbox, for partners' servers, for people and
    for a day, None where nobody can tell.
    """

    checks: dict[str, bool]
    reactions: dict[str, Any] | None
    webhooks: dict[str, Any] | None = None
    notices: dict[str, Any] | None = None
    day: dict[str, Any] | None = None

    @property
    def is_ready(self) -> bool:
        return bool(self.checks) and all(self.checks.values())


def ask(address: str) -> Readiness | None:
    """None where nobody answers."""
    try:
        with _DIRECTLY.open(f"{address}/readyz", timeout=PATIENCE_SECONDS) as answer:
            told = json.load(answer)
    except HTTPError as refused:
        # What is not ready answers 503, and says in the body what is missing.
        told = _json(refused)
    except (URLError, OSError, ValueError):
        return None
    found = told.get("checks") if isinstance(told, dict) else None
    if not isinstance(found, dict):
        return None
    checks = {str(name): bool(answers) for name, answers in found.items()}
    return Readiness(checks, told.get("reactions"), told.get("webhooks"), told.get("notices"), told.get("day"))


def _json(answer: HTTPError) -> object:
    try:
        return json.load(answer)
    except (OSError, ValueError):
        return None
