"""Reading a sheet and a zip of our own once, so that all that is needed for another one is there."""

import io
from datetime import datetime

import pyzipper
from openpyxl import Workbook, load_workbook


def read_everything_once() -> None:
    book, sheet = Workbook(), io.BytesIO()
    assert book.active is not None
    book.active.append([datetime(2026, 1, 1), 1.5, "x"])  # noqa: DTZ001 - a sheet knows no zones
    book.save(sheet)
    _ = [*load_workbook(sheet, read_only=True, data_only=True, keep_links=False).worksheets[0].iter_rows()]
    packed = io.BytesIO()
    with pyzipper.AESZipFile(packed, "w", encryption=pyzipper.WZ_AES) as archive:
        archive.setpassword(b"1")
        archive.writestr("x", b"x")
    with pyzipper.AESZipFile(packed) as archive:
        archive.read("x", pwd=b"1")
