"""The one queue that both sides know by name, whose loss neither misses; and the relay's side of the broker."""

import errno
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from amqp.exceptions import AMQPError
from celery import Celery
from kombu import Exchange, Queue
from kombu.exceptions import OperationalError

QUEUE = "longan"
WAITING_MAX = 400
SECONDS_MAX = 2  # a broker that does not answer in this time is away; the relay asks again
# AMQPError: RabbitMQ says so too where a queue was taken away while it was asked for.
AWAY = (TimeoutError, OSError, OperationalError, AMQPError)


class NobodyTook(OSError):
    """The broker gave a message back: there was no queue for it."""


class WatchedQueue(Queue):
    """Whoever consumes from it is told of its loss as of a lost connection.

    Celery's worker forgets any other error at its first look into the queue, as where it found one that was just being
    deleted; it would then wait for ever, connected, for messages of a queue that is gone.
    """

    def consume(self, *args: Any, **options: Any) -> Any:
        return super().consume(*args, **options | {"on_cancel": _lost})


def _lost(consumer_tag: str) -> None:
    raise ConnectionResetError(errno.ECONNRESET, f"the broker took the queue from {consumer_tag}")


def queue(*, quorum: bool) -> Queue:
    """A queue on the default exchange, where its name is the way to it: no binding that could be lost."""
    return WatchedQueue(QUEUE, Exchange(""), QUEUE, queue_arguments={"x-queue-type": "quorum"} if quorum else None)


class Broker:
    """Asked from one thread at a time. Raises what is in `AWAY` where it does not answer."""

    def __init__(self, celery: Celery) -> None:
        self.celery = celery
        self.returned: list[str] = []
        self.taken = 0  # of what was sent last, the first so many

    def room(self) -> int:
        """How many more may wait in the queue, which is made if it is not there (any more)."""
        with self._producer() as producer:
            channel: Any = producer.channel
            declared: Any = self.celery.amqp.queues[QUEUE](channel).queue_declare()
            return max(0, WAITING_MAX - int(declared.message_count))

    def send(self, tasks: Sequence[tuple[str, tuple[str, ...]]]) -> None:
        """Raises `NobodyTook` where a message found no queue. Whatever it raises, `taken` tells what need not be sent again."""
        self.returned.clear()
        self.taken = 0
        with self._producer() as producer:
            self._hear_of_returns(producer.channel)
            for name, args in tasks:
                self.celery.send_task(
                    name, args, producer=producer, retry=False, mandatory=True, confirm_timeout=SECONDS_MAX
                )
                self.taken += 1
        if self.returned:
            self.taken = 0  # which came back is not told
            raise NobodyTook(f"{len(self.returned)} of {len(tasks)}")

    @contextmanager
    def _producer(self) -> Iterator[Any]:
        with self.celery.producer_pool.acquire(block=True, timeout=SECONDS_MAX) as producer:
            try:
                yield producer
            except AWAY:
                # What was asked may be answered late, and would be taken for the answer to what is asked next.
                connection: Any = producer.connection
                connection.collect(SECONDS_MAX)
                raise

    def _hear_of_returns(self, channel: Any) -> None:
        # Only RabbitMQ gives back; to Valkey any name is a list that can be pushed to.
        if hasattr(channel, "events"):
            channel.events["basic_return"].add(self._note)

    def _note(self, error: Exception, exchange: str, routing_key: str, message: object) -> None:
        self.returned.append(routing_key)
