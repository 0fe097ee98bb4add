"""Bills in the forms that people download, and files that only look like them, read by the process that is kept from all else."""

import io
import json
import os
import random
import subprocess
import sys
import zipfile
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pytest
from openpyxl import load_workbook

from integrations.bills.looking import can_read_bills
from integrations.bills.reading import FILE_BYTES_MAX, bill_reader
from integrations.bills.refused import BillRefused, Fault
from integrations.bills.telling import tell
from tests.integrations.bills.made import ALIPAY, WECHAT, Made, Paid, zipped

NOW = datetime(2026, 4, 2)
MONTHS = ("month", "inflow", "bills", "bills_on_time", "spending", "refunds")


def read(data: bytes, password: str = "") -> Mapping[str, Any]:
    return tell(data, password, NOW)


async def read_apart(data: bytes, password: str = "") -> Mapping[str, Any]:
    """By the process that does it for people."""
    async with bill_reader(NOW) as reader:
        for start in range(0, len(data), 7_000):
            await reader.take(data[start : start + 7_000])
        return await reader.answer(password)


def refusal(data: bytes, password: str = "") -> tuple[Fault, int | None, str]:
    with pytest.raises(BillRefused) as refused:
        read(data, password)
    return refused.value.fault, refused.value.line, refused.value.what


def months(told: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    return [tuple(month[name] for name in MONTHS) for month in told["months"]]


class TestABill:
    def test_without_the_name_that_its_company_always_writes_is_none(self) -> None:
        without_line = ALIPAY.alipay("utf-8").replace("姓名：赵师傅\r\n".encode(), b"")
        for data in (without_line, *(ALIPAY.but(holder=holder).alipay() for holder in ("", "**", "＊＊ "))):
            assert refusal(data) == (Fault.MALFORMED, None, "姓名")

    @pytest.mark.parametrize("head", ["京东账号名：jd_zhao\r\n日期区间：2026-01-01 至 2026-03-31\r\n", ""])
    def test_of_jd_is_told_to_be_of_another_company(self, head: str) -> None:
        columns = "交易时间,商户名称,交易说明,金额,收/付款方式,交易状态,收/支,交易分类,交易订单号,商家订单号,备注\r\n"
        line = "2026-01-02 10:00:00,京东到家,买菜,42.90(已退款10.00),微信支付,交易成功,支出,食品酒饮,1,2,\r\n"
        assert refusal((head + columns + line).encode("utf-8-sig")) == (Fault.OTHER_COMPANY, None, "JD (京东)")

    @pytest.mark.parametrize("encoding", ["gb18030", "utf-8", "utf-8-sig"])
    def test_of_alipay_becomes_the_sums_of_its_months(self, encoding: str) -> None:
        told = read(ALIPAY.alipay(encoding))
        assert (told["provider"], told["holder"], told["account"]) == ("alipay", "赵师傅", "zhao@example.com")
        assert (told["begins"], told["ends"]) == ("2026-01-01", "2026-03-31")
        assert months(told) == [
            ("2026-01", 800_000, 1, 1, 9_000, 0),
            ("2026-02", 800_000, 1, 1, 13_650, 0),
            ("2026-03", 0, 1, 0, 13_300, 2_000),
        ]
        assert [month["by_kind"] for month in told["months"]] == [
            {"BILLS": 9_000},
            {"BILLS": 10_000, "FOOD": 3_650},
            {"GOODS": 3_000, "BILLS": 10_300},
        ]

    def test_of_wechat_pay_is_the_same_as_a_sheet_and_as_lines(self) -> None:
        told = read(WECHAT.wechat())
        assert (told["provider"], told["holder"], told["account"]) == ("wechat-pay", "", "赵师傅跑车")
        assert months(told) == [
            ("2026-01", 0, 0, 0, 600, 0),
            ("2026-02", 32_000, 0, 0, 0, 0),
            ("2026-03", 0, 0, 0, 2_450, 1_550),
        ]
        assert read(WECHAT.wechat_sheet()) == told

    @pytest.mark.parametrize(("name", "data"), [("a.csv", WECHAT.wechat()), ("微信.xlsx", WECHAT.wechat_sheet())])
    def test_comes_in_a_zip_with_a_password(self, name: str, data: bytes) -> None:
        sent = zipped(name, data, "123456")
        assert months(read(sent, "123456")) == months(read(data))
        assert refusal(sent)[0] is Fault.PASSWORD_NEEDED
        assert refusal(sent, "654321")[0] is Fault.PASSWORD_WRONG
        assert months(read(zipped(name, data))) == months(read(data))

    def test_leaves_no_line_and_no_name_but_the_holders(self) -> None:
        assert "国网" not in json.dumps(read(ALIPAY.alipay()), ensure_ascii=False)

    def test_may_have_its_columns_in_another_order(self) -> None:
        """As Alipay's had in 2021: where it came or went first, and the time last."""
        text = ALIPAY.alipay().decode("gb18030")
        head, _, table = text.partition("交易时间,")
        rows = [row.split(",") for row in f"交易时间,{table}".split("\r\n") if row]
        turned = "\r\n".join(",".join([*row[5:12], *row[:5]]) for row in rows)
        assert read(f"{head}{turned}\r\n".encode("gb18030")) == read(ALIPAY.alipay())

    def test_of_wechat_pay_may_be_a_sheet_with_dates_and_numbers(self) -> None:
        """As it comes today, rather than as words."""
        book = load_workbook(io.BytesIO(WECHAT.wechat_sheet()))
        for cells in book.worksheets[0].iter_rows(min_row=len(WECHAT.wechat_rows()) - len(WECHAT.lines) + 1):
            cells[0].value = datetime.fromisoformat(str(cells[0].value))
            cells[5].value = float(str(cells[5].value).removeprefix("¥")) + 1e-12
        told = io.BytesIO()
        book.save(told)
        assert read(told.getvalue()) == read(WECHAT.wechat())

    @pytest.mark.parametrize(
        "whole", [ALIPAY.alipay(), WECHAT.wechat(), WECHAT.wechat_sheet()], ids=["csv", "bom", "xlsx"]
    )
    def test_that_was_spoiled_is_read_as_it_was_or_refused(self, whole: bytes) -> None:
        """`LONGAN_SPOILED=3000` spoils each so often; a failure names the seed."""
        faults = Counter[Fault | None]()
        for seed in range(int(os.environ.get("LONGAN_SPOILED", "40"))):
            rng, spoiled = random.Random(seed), bytearray(whole)
            for _ in range(rng.randint(1, 4)):
                at = rng.randrange(len(spoiled))
                spoiled[at : at + rng.randrange(3)] = rng.randbytes(rng.randrange(3))
            try:
                read(bytes(spoiled))
                faults[None] += 1
            except BillRefused as refused:
                faults[refused.fault] += 1
        assert faults.total() > faults[None]


class TestWhatIsRefused:
    @pytest.mark.parametrize(
        ("wrong", "column"),
        [({"amount": "12.x"}, "金额"), ({"at": "2026-13-01"}, "交易时间"), ({"way": "借"}, "收/支")],
    )
    def test_is_named_by_its_line(self, wrong: dict[str, str], column: str) -> None:
        lines = [*ALIPAY.lines]
        lines[2] = Paid(**{**vars(lines[2]), **wrong})
        head = dict.fromkeys(("收入", "支出", "不计收支"), "1笔 1.00元")
        assert refusal(ALIPAY.but(lines=lines, head=head).alipay()) == (Fault.MALFORMED, 20, column)

    @pytest.mark.parametrize(
        "edited",
        [
            ALIPAY.but(head={"共": "13"}),
            ALIPAY.but(head={"收入": "3笔 16300.00元"}),
            ALIPAY.but(head={"支出": "6笔 1079.51元"}),
            ALIPAY.but(ends="2026-03-15"),
            ALIPAY.but(begins="2026-04-01"),
        ],
        ids=["count", "income", "spending", "after its end", "before its beginning"],
    )
    def test_is_a_bill_whose_head_says_otherwise(self, edited: Made) -> None:
        assert refusal(edited.alipay())[0] is Fault.EDITED

    def test_is_a_bill_of_which_one_amount_was_changed(self) -> None:
        assert refusal(ALIPAY.alipay().replace(b"8000.00 ", b"9000.00 ", 1))[0] is Fault.EDITED
        assert refusal(WECHAT.wechat().replace("¥320.00".encode(), "¥920.00".encode()))[0] is Fault.EDITED

    def test_is_a_bill_that_a_spreadsheet_program_wrote_again(self) -> None:
        cut = WECHAT.wechat().replace(f"4200{4:024}".encode(), b"4.2E+27")
        assert refusal(cut) == (Fault.SAVED_AGAIN, 20, "交易单号")

    @pytest.mark.parametrize("data", [b"", b"hello", b"a,b\n1,2\n", "交易时间,x\n".encode(), bytes(range(256)) * 40])
    def test_is_what_is_no_bill(self, data: bytes) -> None:
        assert refusal(data)[0] in (Fault.EMPTY, Fault.UNKNOWN_FORMAT, Fault.MALFORMED)

    def test_is_a_bill_that_ends_in_the_middle(self) -> None:
        whole = ALIPAY.alipay()
        assert refusal(whole[: len(whole) - 150])[0] in (Fault.EDITED, Fault.MALFORMED)
        sheet = WECHAT.wechat_sheet()
        assert refusal(sheet[: len(sheet) // 2])[0] is Fault.MALFORMED


def with_part(name: str, data: bytes, of: bytes | None = None) -> bytes:
    """A sheet with one more part, or another one of that name."""
    told = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(of or WECHAT.wechat_sheet())) as old, zipfile.ZipFile(told, "w") as new:
        for part in old.infolist():
            if part.filename != name:
                new.writestr(part, old.read(part))
        new.writestr(name, data, zipfile.ZIP_DEFLATED)
    return told.getvalue()


SHEET = "xl/worksheets/sheet1.xml"
HOSTILE = {
    "entities": with_part(SHEET, b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "bb">]><worksheet>&b;</worksheet>'),
    "an entity from elsewhere": with_part(SHEET, b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><worksheet/>'),
    "words in another encoding": with_part(SHEET, "<!DOCTYPE a []><worksheet/>".encode("utf-16")),
    "a formula": with_part(SHEET, b"<worksheet><sheetData><row><c><f>1+1</f></c></row></sheetData></worksheet>"),
    "a link to elsewhere": with_part("xl/externalLinks/externalLink1.xml", b"<externalLink/>"),
    "a link in its relations": with_part("xl/_rels/x.rels", b'<Relationship TargetMode="External" Target="http://x"/>'),
    "a program": with_part("xl/vbaProject.bin", b"x"),
    "a way out of its folder": with_part("../../etc/x.xml", b"<x/>"),
    "a zip in a zip": zipped("a.csv", zipped("b.csv", b"x")),
    "a sheet that unfolds": with_part("xl/media/big.bin", bytes(130_000_000)),
    "lines that unfold": zipped("a.csv", bytes(130_000_000)),
}


class TestAHostileFile:
    @pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE)
    def test_is_refused(self, data: bytes) -> None:
        assert refusal(data)[0] is Fault.UNSAFE


TRY = """
from integrations.bills.confining import confine, limit, make_ready
import os, socket, subprocess
limit(); make_ready(is_packed=False); confine()
tries = {
    "network": lambda: socket.socket(),
    "file": lambda: open("/etc/hostname"),
    "new file": lambda: open("/tmp/of-a-bill", "w"),
    "program": lambda: subprocess.run(["true"]),
    "child": lambda: os.fork(),
    "signal": lambda: os.kill(1, 0),
}
for name, attempt in tries.items():
    try:
        attempt()
        print(name)
    except (OSError, ImportError):
        pass
try:
    bytearray(2_000_000_000)
    print("memory")
except MemoryError:
    pass
print("done")
"""


class TestTheProcess:
    async def test_tells_the_same(self) -> None:
        sent = zipped("a.xlsx", WECHAT.wechat_sheet(), "123456")
        assert await read_apart(ALIPAY.alipay()) == read(ALIPAY.alipay())
        assert await read_apart(sent, "123456") == read(sent, "123456")
        with pytest.raises(BillRefused) as refused:
            await read_apart(ALIPAY.alipay().replace(b"103.00", b"12.x  "))
        assert (refused.value.fault, refused.value.line, refused.value.what) == (Fault.MALFORMED, 20, "金额")

    async def test_takes_no_more_than_twenty_megabytes(self) -> None:
        async with bill_reader(NOW) as reader:
            await reader.take(bytes(FILE_BYTES_MAX))
            with pytest.raises(BillRefused, match="TOO_LARGE"):
                await reader.take(b"x")

    def test_is_there(self) -> None:
        assert can_read_bills()

    def test_has_no_network_no_file_and_no_other_program(self) -> None:
        tried = subprocess.run(
            [sys.executable, "-I", "-c", TRY], capture_output=True, text=True, check=True, timeout=60
        )
        assert tried.stdout.split() == ["done"], tried.stderr
