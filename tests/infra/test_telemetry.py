"""Lines that an operator reads: one a happening, with nothing personal in them."""

import logging

import orjson
import structlog

from infra.telemetry import ALLOWED, request_id
from tests.logs import Lines


def last(lines: Lines, mark: int) -> dict[str, object]:
    (line,) = lines.since(mark).splitlines()
    told: dict[str, object] = orjson.loads(line)
    return told


def test_what_nobody_allowed_is_dropped(lines: Lines) -> None:
    mark = lines.mark()
    structlog.get_logger().info("test.said", reason="x", phone="+8613800138000", body={"code": "123456"})
    told = last(lines, mark)
    assert (told["event"], told["level"], told["reason"]) == ("test.said", "info", "x")
    assert told.keys() <= ALLOWED


def test_a_line_names_its_request(lines: Lines) -> None:
    mark, token = lines.mark(), request_id.set("abc")
    structlog.get_logger().info("test.said")
    request_id.reset(token)
    assert last(lines, mark)["request_id"] == "abc"


def test_an_error_is_told_by_its_place_and_never_by_its_words(lines: Lines) -> None:
    mark = lines.mark()
    try:
        raise ValueError("+8613800138000\nforged line")
    except ValueError:
        structlog.get_logger().exception("test.failed")
    told = last(lines, mark)
    assert str(told["exception"]).startswith("ValueError at test_telemetry.py:")
    assert "13800138000" not in lines.since(mark)


def test_a_librarys_warning_is_told_by_its_template(lines: Lines) -> None:
    mark = lines.mark()
    logging.getLogger("some.library").warning("could not reach %s", "+8613800138000")
    told = last(lines, mark)
    assert (told["event"], told["logger"], told["level"]) == ("could not reach %s", "some.library", "warning")


def test_words_that_a_library_put_together_itself_stay_out(lines: Lines) -> None:
    mark, number = lines.mark(), "+8613800138000"
    logging.getLogger("some.library").warning(f"could not reach {number}")
    told = last(lines, mark)
    assert (str(told["event"]).split(":")[0], told["logger"]) == ("test_telemetry", "some.library")
    assert number not in lines.since(mark)


def test_a_librarys_error_keeps_its_place(lines: Lines) -> None:
    mark = lines.mark()
    try:
        raise KeyError("+8613800138000")
    except KeyError:
        logging.getLogger("some.library").exception("failed")
    assert str(last(lines, mark)["exception"]).startswith("KeyError at ")
    assert "13800138000" not in lines.since(mark)


def test_a_line_break_is_no_second_line(lines: Lines) -> None:
    mark = lines.mark()
    structlog.get_logger().info("test.said", reason="one\r\n{}\x1b[31m")
    assert last(lines, mark)["reason"] == "one\r\n{}\x1b[31m"
