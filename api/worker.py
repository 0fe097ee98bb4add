"""The worker's way in: Celery with every room's reactions, and the models warm before the first of them."""

from celery.signals import task_prerun, worker_process_init

from api import wiring
from infra.worker import make_celery, run

celery = make_celery()


@worker_process_init.connect
def warm(**_: object) -> None:
    # A person waits for the score of a first link; a second of importing is not theirs to wait for.
    run(wiring.warm())


@task_prerun.connect
def keep_up(**_: object) -> None:
    run(wiring.keep_up())
