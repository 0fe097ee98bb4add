"""What an operator sees: structured logs without personal data, and metrics."""

import logging
import sys
import traceback
from contextvars import ContextVar
from typing import Any

import orjson
import structlog
from structlog.typing import EventDict

from infra.settings import settings

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)

# What may stand in a line. Everything else is dropped, so a careless call cannot leak a person.
ALLOWED = frozenset(
    "event level timestamp logger request_id error exception reaction event_id user_id method route status seconds operation "
    "code name version count rows share partner_id product_id staff_id provider attempt attempts reason kind pid port "
    "process peer endpoint_id cashier mandate_id payment_id refund_id taking_id subject_id".split()
)


def configure_logging() -> None:
    """JSON lines on stderr, for structlog and for the libraries' own loggers alike; once a process."""
    if structlog.is_configured():
        return
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _add_request_id,
            _name_exception,
            _drop_unlisted,
            structlog.processors.JSONRenderer(serializer=lambda value, **_: orjson.dumps(value, default=str).decode()),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[settings().log_level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    root = logging.getLogger()
    root.handlers = [_Library()]
    root.setLevel(logging.WARNING)
    for name in ("uvicorn", "uvicorn.error"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
    # Every request has its line from us; uvicorn's would have its query too. Strawberry logs the offending source line,
    # with the person's literals in it.
    for name in ("uvicorn.access", "strawberry.execution"):
        logging.getLogger(name).disabled = True


def _add_request_id(_: Any, __: str, event: EventDict) -> EventDict:
    if current := request_id.get():
        event.setdefault("request_id", current)
    return event


def _name_exception(_: Any, __: str, event: EventDict) -> EventDict:
    """Say where it went wrong, without the words of the error: they may quote what a person said."""
    info = event.pop("exc_info", None)
    error = sys.exc_info()[1] if info is True else info
    if isinstance(error, BaseException):
        event["exception"] = _trace(error)
    return event


def _trace(error: BaseException) -> str:
    """Our own steps towards it, and the last of the library's."""
    steps = list(traceback.walk_tb(error.__traceback__))
    ours = [step for step in steps[:-1] if "site-packages" not in step[0].f_code.co_filename]
    told = [
        f"{frame.f_code.co_filename.rsplit('/', 1)[-1]}:{line} {frame.f_code.co_name}"
        for frame, line in ours[-8:] + steps[-1:]
    ]
    code = getattr(getattr(error, "orig", None), "sqlstate", None)
    return f"{type(error).__qualname__}{f' {code}' if code else ''} at " + " > ".join(told)


def _drop_unlisted(_: Any, __: str, event: EventDict) -> EventDict:
    return {key: value for key, value in event.items() if key in ALLOWED}


class _Library(logging.Handler):
    """A library's warning, by its name and template only: its arguments are not ours to vouch for. Words without arguments
    may have been put together with some already, so there the place stands for them."""

    def emit(self, record: logging.LogRecord) -> None:
        log = structlog.get_logger()
        log.log(
            record.levelno,
            str(record.msg) if record.args else f"{record.module}:{record.lineno}",
            logger=record.name,
            exc_info=record.exc_info[1] if record.exc_info else None,
        )
