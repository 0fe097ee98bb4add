"""A worker looks into its queue, and does not wait for a broker that says nothing."""

import time
from types import SimpleNamespace

import pytest
from celery.worker import state
from kombu import Connection

from infra import queue_watch
from infra.queue_watch import QueueWatch
from infra.settings import settings
from infra.worker import make_celery
from tests.infra.delivery.silent import silent_broker

PATIENCE = 0.2


def test_a_broker_that_never_answers_is_taken_for_lost_after_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not state.reserved_requests
    monkeypatch.setattr(queue_watch, "SECONDS_MAX", PATIENCE)
    with silent_broker() as url, Connection(url, connect_timeout=5) as connection:
        with monkeypatch.context() as broker:
            broker.setenv("LONGAN_BROKER_URL", url)
            settings.cache_clear()
            celery = make_celery()
        settings.cache_clear()
        consumer = SimpleNamespace(app=celery, task_consumer=SimpleNamespace(channel=connection.default_channel))
        watch = QueueWatch(consumer)
        assert watch.include_if(consumer)
        began = time.monotonic()
        with pytest.raises(ConnectionResetError, match="the broker does not answer"):
            watch.look(consumer)
        assert time.monotonic() - began >= PATIENCE
        connection.collect(PATIENCE)  # what was asked may still be answered, so it is not used again
