"""Queue watch: a worker that does nothing while messages wait for it begins again, for its broker has forgotten it."""

import errno
from typing import Any

from amqp.exceptions import NotFound
from celery import bootsteps
from celery.worker import state

from infra.broker import QUEUE, SECONDS_MAX

SECONDS = 3
LOOKS_MAX = 2  # once, messages may be on their way


class QueueWatch(bootsteps.StartStopStep):
    """RabbitMQ tells nobody of a quorum queue that is deleted and made again at once: whoever consumed from the old one
    would wait for ever, connected, beside messages in the new one.
    """

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def __init__(self, consumer: Any, **options: Any) -> None:
        super().__init__(consumer, **options)
        self.looks = 0
        self.entry: Any = None

    def include_if(self, consumer: Any) -> bool:
        return bool(consumer.app.connection_for_read().transport.driver_type == "amqp")

    def start(self, consumer: Any) -> None:
        self.looks = 0
        self.entry = consumer.timer.call_repeatedly(SECONDS, self.look, (consumer,))

    def stop(self, consumer: Any) -> None:
        if self.entry is not None:
            self.entry.cancel()

    def look(self, consumer: Any) -> None:
        """Raises ConnectionResetError, upon which the worker connects anew, where messages waited at each of the last looks."""
        self.looks = self.looks + 1 if not state.reserved_requests and _waiting(consumer) else 0
        if self.looks >= LOOKS_MAX:
            raise ConnectionResetError(errno.ECONNRESET, "messages wait in the queue, and none comes")


def _waiting(consumer: Any) -> int:
    """Raises ConnectionResetError also where the broker does not say it in time: whoever takes nothing else meanwhile must not wait."""
    channel = consumer.task_consumer.channel
    queue = consumer.app.amqp.queues[QUEUE](channel)
    try:
        with channel.connection.transport.having_timeout(SECONDS_MAX):
            return int(queue.queue_declare(passive=True).message_count)
    except TimeoutError:
        raise ConnectionResetError(errno.ECONNRESET, "the broker does not answer") from None
    except NotFound:
        raise ConnectionResetError(errno.ECONNRESET, "the queue is gone") from None
