"""A worker as of `echoing`, whose queue is deleted just before its first look into it, as by somebody who came in between."""

from typing import Any

from celery.worker import loops
from kombu import Connection

from infra.broker import QUEUE
from tests.infra.delivery import echoing

celery = echoing.celery
_loops: Any = loops
_look = _loops._quick_drain


def _look_too_late(connection: Connection) -> None:
    _loops._quick_drain = _look
    with Connection(celery.conf.broker_url) as somebody:
        channel: Any = somebody.default_channel
        channel.queue_delete(QUEUE)
    _look(connection, timeout=60)


_loops._quick_drain = _look_too_late
