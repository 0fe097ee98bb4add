"""Celery, run so that async code is at home: one event loop and one engine for the life of each process."""

import asyncio
from collections.abc import Coroutine
from typing import Any
from uuid import UUID

from celery import Celery
from celery.signals import setup_logging, worker_process_init, worker_process_shutdown

from infra import cache, database, reacting, telemetry
from infra.broker import QUEUE, SECONDS_MAX, queue
from infra.queue_watch import QueueWatch
from infra.settings import settings

TASK_SECONDS_MAX = 300
_runner: asyncio.Runner | None = None


def make_celery() -> Celery:
    """The Celery app. Messages are ids; Postgres knows what is owed, so a lost or doubled one changes nothing."""
    s = settings()
    broker = s.broker_url or s.valkey_url
    celery = Celery("longan", broker=broker)
    quorum = (broker or "").startswith("amqp")
    celery.conf.update(
        task_ignore_result=True,
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        task_time_limit=TASK_SECONDS_MAX,
        worker_prefetch_multiplier=1,
        worker_hijack_root_logger=False,
        worker_send_task_events=False,
        broker_connection_retry_on_startup=True,
        # Without these there is no exchange and no binding of anybody's in the broker, only the queue.
        worker_enable_remote_control=False,
        broker_connection_timeout=5,
        broker_transport_options={"confirm_publish": True} if quorum else {"visibility_timeout": 2 * TASK_SECONDS_MAX},
        task_default_queue=QUEUE,
        task_default_exchange="",
        task_default_routing_key=QUEUE,
        task_queues=[queue(quorum=quorum)],
        timezone="UTC",
    )
    celery.steps["consumer"].add(QueueWatch)
    celery.task(name="react")(react)
    return celery


def make_sender() -> Celery:
    """The relay's sender, which gives up soon where a broker hangs: it has others to serve, and may be told to end."""
    celery = make_celery()
    patience = {"socket_timeout": SECONDS_MAX, "socket_connect_timeout": SECONDS_MAX}
    if celery.conf.broker_transport_options.get("confirm_publish"):
        patience = {"read_timeout": SECONDS_MAX, "write_timeout": SECONDS_MAX}
    celery.conf.broker_transport_options |= patience | {"max_retries": 0}
    celery.conf.broker_connection_timeout = SECONDS_MAX
    return celery


def react(event_id: str, reaction: str) -> None:
    run(reacting.react(UUID(event_id), reaction))


def run(work: Coroutine[Any, Any, None]) -> None:
    """Run async work on this process's loop, bounded in time."""
    global _runner
    if _runner is None:
        _runner = asyncio.Runner()
    _runner.run(_bounded(work))


async def _bounded(work: Coroutine[Any, Any, None]) -> None:
    async with asyncio.timeout(TASK_SECONDS_MAX - 10):
        await work


@setup_logging.connect
def _log(**_: object) -> None:
    telemetry.configure_logging()


@worker_process_init.connect
def _begin(**_: object) -> None:
    global _runner
    _runner = asyncio.Runner()
    database.open_engine(pool=4)
    database.open_reads(pool=2)


@worker_process_shutdown.connect
def _end(**_: object) -> None:
    global _runner
    if _runner is not None:
        _runner.run(_close())
        _runner.close()
        _runner = None


async def _close() -> None:
    await database.close_engine()
    await cache.close_valkey()
