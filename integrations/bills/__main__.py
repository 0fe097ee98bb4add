"""The process that reads one bill: parts of it come in, sums of months go out, and it ends.

What comes in: a letter (F: a part of the file, P: the password), four bytes of length, and so much. At the end of it the answer is one
line of JSON: `{"bill": ...}` or `{"refused": ...}`.
"""

import importlib
import json
import sys
from collections.abc import Mapping
from datetime import datetime
from typing import BinaryIO

from integrations.bills.confining import confine, limit, make_ready
from integrations.bills.refused import BillRefused, Fault

TELLING = "integrations.bills.telling"


def main(told: BinaryIO, answer: BinaryIO, now: datetime) -> None:
    said: Mapping[str, object]
    try:
        limit()
        data, password = _parts(told)
        # Sheets are read without it, and to bring it in takes longer than all else.
        sys.modules["numpy"] = None  # type: ignore[assignment]
        make_ready(is_packed=data[:2] == b"PK")
        telling = importlib.import_module(TELLING)
        confine()
        said = {"bill": telling.tell(data, password, now)}
    except BillRefused as refused:
        said = {"refused": refused.as_json()}
    except MemoryError:
        said = {"refused": BillRefused(Fault.TOO_LARGE).as_json()}
    except Exception as error:
        # Whatever a hostile file brings about; of the error only its class, since its words may hold what stands in the file.
        said = {"refused": BillRefused(Fault.MALFORMED, what=type(error).__name__).as_json()}
    answer.write(json.dumps(said, ensure_ascii=False).encode())
    answer.flush()


def _parts(told: BinaryIO) -> tuple[bytes, str]:
    file, password = bytearray(), b""
    while head := told.read(5):
        part = told.read(int.from_bytes(head[1:]))
        if head[:1] == b"P":
            password = part
        else:
            file += part
    return bytes(file), password.decode("utf-8", "replace")


if __name__ == "__main__":
    main(sys.stdin.buffer, sys.stdout.buffer, datetime.fromisoformat(sys.argv[1]))
