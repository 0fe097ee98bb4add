"""HTTP clients of this machine. None reads the certificates of the world, which takes longer than most tests."""

from typing import Any

import httpx2

from tests.patience import SECONDS_MAX


def visitor(address: str = "", *, timeout: float = SECONDS_MAX, **more: Any) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(base_url=address, timeout=timeout, verify=False, trust_env=False, **more)
