"""The worker's way in: Celery with every room's reactions."""

from api import wiring
from infra.worker import make_celery

celery = make_celery()

__all__ = ["celery", "wiring"]
