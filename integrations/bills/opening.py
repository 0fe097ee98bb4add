"""From the bytes of an upload to the one table in them: a CSV or a sheet, in a zip or not. What a bill does not need is refused."""

import io
import struct
import zipfile
import zlib
from typing import NamedTuple

from integrations.bills.refused import BillRefused, Fault

TABLES = (".csv", ".xlsx")
MEMBERS_MAX = 10  # of a zip of bills
PARTS_MAX = 60  # of a sheet
UNPACKED_BYTES_MAX = 120_000_000
ZIP, DIRECTORY = b"PK\x03\x04", b"PK\x05\x06"
# Links to elsewhere, programs, and files within files: no bill has any.
STRANGE_PARTS = ("externallinks", "embeddings", "activex", "vbaproject", "oleobject", "customxml", "querytables")
STRANGE_WORDS = (b"<!DOCTYPE", b"<!ENTITY", b'TargetMode="External"', b"<f>", b"<f ", b"<xi:include")
CHUNK = 1_000_000
# What a zip that was cut or spoiled brings about, wherever it was.
BROKEN = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, RuntimeError, ValueError, OSError, LookupError)


class UnpackedTable(NamedTuple):
    is_sheet: bool
    data: bytes


def open_bill(data: bytes, password: str) -> UnpackedTable:
    """The table. Raises BillRefused: a password that is missing or wrong, and whatever could do harm."""
    if not data:
        raise BillRefused(Fault.EMPTY)
    if not data.startswith((ZIP, DIRECTORY)):
        return UnpackedTable(False, data)
    if _is_sheet(data):
        return _checked_sheet(data)
    inner = _only_table(data, password)
    if not inner.startswith((ZIP, DIRECTORY)):
        return UnpackedTable(False, inner)
    if not _is_sheet(inner):
        raise BillRefused(Fault.UNSAFE, what="zip")
    return _checked_sheet(inner)


def _is_sheet(data: bytes) -> bool:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return "[Content_Types].xml" in archive.namelist()
    except BROKEN:
        raise BillRefused(Fault.MALFORMED, what="zip") from None


def _only_table(data: bytes, password: str) -> bytes:
    import pyzipper  # which most bills do not need

    try:
        with pyzipper.AESZipFile(io.BytesIO(data)) as archive:
            _check_size(archive.infolist(), MEMBERS_MAX)
            tables = [each for each in archive.infolist() if each.filename.lower().endswith(TABLES)]
            if len(tables) != 1:
                raise BillRefused(Fault.UNKNOWN_FORMAT, what="zip")
            if tables[0].flag_bits & 1 and not password:
                raise BillRefused(Fault.PASSWORD_NEEDED)
            return bytes(archive.read(tables[0], pwd=password.encode() or None))
    except BillRefused:
        raise
    except RuntimeError as error:
        if isinstance(error, NotImplementedError):
            raise BillRefused(Fault.MALFORMED, what="zip") from None
        raise BillRefused(Fault.PASSWORD_WRONG) from None
    except (pyzipper.BadZipFile, *BROKEN):
        # Without a checksum of its own a wrong password looks like a broken file.
        fault = Fault.PASSWORD_WRONG if password else Fault.MALFORMED
        raise BillRefused(fault, what="zip") from None


def _checked_sheet(data: bytes) -> UnpackedTable:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
            _check_size(parts, PARTS_MAX)
            for part in parts:
                _check_part(archive, part)
    except BROKEN:
        raise BillRefused(Fault.MALFORMED, what="xlsx") from None
    return UnpackedTable(True, data)


def _check_size(members: list[zipfile.ZipInfo], most: int) -> None:
    """By what the directory says: nothing beyond that is ever unpacked."""
    if len(members) > most or sum(each.file_size for each in members) > UNPACKED_BYTES_MAX:
        raise BillRefused(Fault.UNSAFE, what="zip")


def _check_part(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    name = part.filename.lower().replace("\\", "/")
    if any(word in name for word in STRANGE_PARTS) or name.startswith("/") or ".." in name.split("/"):
        raise BillRefused(Fault.UNSAFE, what="xlsx")
    if not name.endswith((".xml", ".rels")):
        return
    with archive.open(part) as file:
        before = b""
        while chunk := file.read(CHUNK):
            # XML in another encoding than UTF-8 could hide words from whoever looks for them.
            if b"\x00" in chunk or any(word in before + chunk for word in STRANGE_WORDS):
                raise BillRefused(Fault.UNSAFE, what="xlsx")
            before = chunk[-64:]
