"""`POST /statements`: a bill that a person downloaded, read and shown to them before it counts.

The file goes through in parts as it comes; nothing here holds more than one of them.
"""

from collections.abc import AsyncIterator, Mapping
from typing import Any

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from api.app.downloading import NO_STORE, for_signed_in
from api.graphql.errors import BadRequest
from domain.actors import UserActor
from domain.statements import statements
from domain.statements.months import StatementMonth
from domain.statements.statements import Statement
from infra.database import reading
from infra.errors import Refusal, RefusalCode
from infra.ids import global_id
from infra.money import Money
from infra.words import N_, Locale, preferred_locale, say
from integrations.bills import uploading
from integrations.bills.reading import FILE_BYTES_MAX
from integrations.bills.refused import BillRefused, Fault
from integrations.bills.uploading import FilePart, Password

PATH = "/statements"
BODY_BYTES_MAX = FILE_BYTES_MAX + 20_000  # what stands around the file
CURRENCY = "CNY"  # all bills are in yuan
STATUS = {Fault.TOO_LARGE: 413, Fault.BUSY: 503, Fault.CANNOT_CONFINE: 503}

SENTENCES = {
    Fault.UNKNOWN_FORMAT: N_(
        "This is no bill of Alipay or WeChat Pay. Download it there for personal use, and send it as it is."
    ),
    Fault.OTHER_COMPANY: N_("Bills of {what} are not read here. Send one of Alipay or WeChat Pay."),
    Fault.MALFORMED: N_("Line {line} of this bill cannot be read: {what}. Download it again, and send it as it is."),
    Fault.EDITED: N_(
        "This bill is not as it was written: {what} does not fit. Download it again, and send it as it is."
    ),
    Fault.SAVED_AGAIN: N_(
        "Another program has saved this bill and cut its numbers, as in line {line}. Download it again, and send it as it is."
    ),
    Fault.UNSAFE: N_("This file holds more than a bill. Download it again, and send it as it is."),
    Fault.PASSWORD_NEEDED: N_("This file has a password. The app in which you downloaded it shows it."),
    Fault.PASSWORD_WRONG: N_("This is not the password of this file."),
    Fault.TOO_LARGE: N_("This file is too large. Download a bill of fewer months."),
    Fault.EMPTY: N_("There is nothing in this bill."),
    Fault.OTHER_PERSON: N_("This bill is made out to another name than yours."),
    Fault.BUSY: N_("Too many bills are being read just now. Please try again in a minute."),
    Fault.CANNOT_CONFINE: N_("Bills cannot be read safely on this machine, so none is read."),
}
WHOLE_FILE = N_("This bill cannot be read: {what}. Download it again, and send it as it is.")


async def upload(request: Request, actor: UserActor) -> Response:
    locale = preferred_locale(request.headers.get("accept-language"))
    try:
        statement = await uploading.take(actor, parts_of(request))
        return JSONResponse(await _answer(statement), 201, headers=NO_STORE)
    except Refusal as refusal:
        status = 429 if refusal.code is RefusalCode.RATE_LIMITED else 422
        said = {"code": refusal.code.value, "message": say(refusal.message, locale, **refusal.values), "line": None}
        return JSONResponse({"error": said}, status, headers=NO_STORE)
    except BillRefused as refused:
        return JSONResponse({"error": _refusal(refused, locale)}, STATUS.get(refused.fault, 422), headers=NO_STORE)


def _refusal(refused: BillRefused, locale: Locale) -> Mapping[str, Any]:
    is_of_whole = refused.fault is Fault.MALFORMED and refused.line is None
    sentence = WHOLE_FILE if is_of_whole else SENTENCES[refused.fault]
    message = say(sentence, locale, line=refused.line or "", what=refused.what)
    return {"code": refused.fault.value, "message": message, "line": refused.line}


async def _answer(statement: Statement) -> Mapping[str, Any]:
    async with reading() as db:
        told = await statements.opened(db, statement)
    assert told is not None, "it was read just now"
    return {
        "statementId": global_id("Statement", statement.id),
        "provider": told.provider,
        "expiresAt": statement.expires_at.isoformat(),
        "months": [_month(month) for month in told.months],
    }


def _month(month: StatementMonth) -> Mapping[str, Any]:
    return {
        "month": month.month,
        "inflow": _money(month.inflow),
        "bills": month.bills,
        "billsOnTime": month.bills_on_time,
        "spending": _money(month.spending),
        "spendingByKind": {kind: _money(fen) for kind, fen in sorted(month.by_kind.items())},
        "refunds": _money(month.refunds),
    }


def _money(fen: int) -> Mapping[str, str]:
    money = Money(fen, CURRENCY)
    return {"amount": str(money), "currency": money.currency}


class _Form:
    """What a form holds, part by part: `file` and `password`, and nothing else."""

    def __init__(self, boundary: bytes) -> None:
        self.found: list[FilePart | Password] = []
        self._header, self._value, self._name = b"", b"", ""
        self.has_file = False
        callbacks: Any = {
            "on_part_begin": self._begin,
            "on_header_begin": self._begin_header,
            "on_header_field": self._field,
            "on_header_value": self._add_value,
            "on_header_end": self._end_header,
            "on_headers_finished": self._begin_data,
            "on_part_data": self._data,
        }
        self.parser = MultipartParser(boundary, callbacks)

    def _begin(self) -> None:
        self._name = ""

    def _begin_header(self) -> None:
        self._header, self._value = b"", b""

    def _field(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _add_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _end_header(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._name = parse_options_header(self._value)[1].get(b"name", b"").decode("utf-8", "replace")

    def _begin_data(self) -> None:
        if self._name not in ("file", "password") or (self._name == "file" and self.has_file):
            raise FormParserError
        self.has_file |= self._name == "file"

    def _data(self, data: bytes, start: int, end: int) -> None:
        part = data[start:end]
        self.found.append(FilePart(part) if self._name == "file" else Password(part.decode("utf-8", "replace")))


async def parts_of(request: Request) -> AsyncIterator[FilePart | Password]:
    """Yields what the form holds as it comes. Raises BadRequest where it is no form with one `file`."""
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    if kind != b"multipart/form-data" or b"boundary" not in options:
        raise BadRequest("Send a form, as multipart/form-data, with `file` and, where it has one, its `password`.")
    try:
        form = _Form(options[b"boundary"])
        async for chunk in request.stream():
            form.parser.write(chunk)
            for part in form.found:
                yield part
            form.found.clear()
        form.parser.finalize()
    except FormParserError:
        form = None
    if form is None or not form.has_file:
        raise BadRequest("Send a form, as multipart/form-data, with `file` and, where it has one, its `password`.")


routes: list[BaseRoute] = [Route(PATH, for_signed_in(upload), methods=["POST"], max_body_size=BODY_BYTES_MAX)]
