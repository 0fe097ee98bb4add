"""The worker's way in: Celery with every room's reactions, and the models warm before the first of them."""

import asyncio

from celery.signals import task_prerun, worker_init, worker_process_init

from api import wiring
from infra import database, telemetry
from infra.migrations.standing import wait_for_tables
from infra.worker import make_celery, run

celery = make_celery()


@worker_init.connect
def wait(**_: object) -> None:
    telemetry.configure_logging()  # Celery would a moment later
    asyncio.run(_wait_alone())


async def _wait_alone() -> None:
    """With connections that end before there are processes that would inherit them."""
    try:
        await wait_for_tables()
    finally:
        await database.close_engine()


@worker_process_init.connect
def warm(**_: object) -> None:
    # A person waits for the score of a first link; a second of importing is not theirs to wait for.
    run(wiring.warm())


@task_prerun.connect
def keep_up(**_: object) -> None:
    run(wiring.keep_up())
