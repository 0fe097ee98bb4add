"""Why a bill is not read, in words that the process which reads it can send to the one that asked."""

from collections.abc import Mapping
from enum import StrEnum


class Fault(StrEnum):
    UNKNOWN_FORMAT = "UNKNOWN_FORMAT"  # no bill of a company that we read
    OTHER_COMPANY = "OTHER_COMPANY"  # a bill that we know, and do not read
    MALFORMED = "MALFORMED"  # a line that says nothing we can read
    EDITED = "EDITED"  # its lines are not what its own head says
    SAVED_AGAIN = "SAVED_AGAIN"  # another program wrote it, and cut its numbers
    UNSAFE = "UNSAFE"  # a file that does more than hold a bill
    PASSWORD_NEEDED = "PASSWORD_NEEDED"  # noqa: S105 - a fault, not a password
    PASSWORD_WRONG = "PASSWORD_WRONG"  # noqa: S105
    TOO_LARGE = "TOO_LARGE"
    EMPTY = "EMPTY"
    OTHER_PERSON = "OTHER_PERSON"  # it is made out to somebody else
    BUSY = "BUSY"  # too many are read just now
    CANNOT_CONFINE = "CANNOT_CONFINE"  # this machine cannot keep the reader from all else


class BillRefused(Exception):
    """`line` is that of the file, the first one 1; `what` names the column or part that is wrong."""

    def __init__(self, fault: Fault, line: int | None = None, what: str = "") -> None:
        super().__init__(fault, line, what)
        self.fault, self.line, self.what = fault, line, what

    def as_json(self) -> Mapping[str, object]:
        return {"fault": self.fault.value, "line": self.line, "what": self.what}
