"""Bills as their companies write them, made up line by line."""

import io
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal

import pyzipper
from openpyxl import Workbook

ALIPAY_COLUMNS = (
    "交易时间,交易分类,交易对方,对方账号,商品说明,收/支,金额,收/付款方式,交易状态,交易订单号,商家订单号,备注,"
)
WECHAT_COLUMNS = "交易时间,交易类型,交易对方,商品,收/支,金额(元),支付方式,当前状态,交易单号,商户单号,备注"
COMPANY = "支付宝（中国）网络技术有限公司  电子客户回单"


@dataclass(frozen=True)
class Paid:
    """One line, in the words of its company."""

    at: str
    kind: str
    goods: str
    way: str
    amount: str
    status: str = "交易成功"
    payee: str = "某店"
    order: str = ""
    remark: str = ""


@dataclass(frozen=True)
class Made:
    lines: Sequence[Paid]
    begins: str = "2026-01-01"
    ends: str = "2026-03-31"
    holder: str = "赵师傅"
    account: str = "zhao@example.com"
    head: dict[str, str] = field(default_factory=dict)  # what its head says instead of what is so

    def but(self, **other: object) -> "Made":
        return replace(self, **other)  # type: ignore[arg-type]

    def alipay(self, encoding: str = "gb18030") -> bytes:
        preamble = [
            "-" * 84,
            "导出信息：",
            f"姓名：{self.holder}",
            f"支付宝账户：{self.account}",
            f"起始时间：[{self.begins} 00:00:00]    终止时间：[{self.ends} 23:59:59]",
            "导出交易类型：[全部]",
            f"导出时间：[{self.ends} 23:59:59]",
            *self._counted("不计收支"),
            "",
            "特别提示：",
            "1.本回单内容可表明支付宝受理了相应支付交易申请；",
            "",
            f"{'-' * 24}{COMPANY}{'-' * 24}",
            ALIPAY_COLUMNS,
        ]
        lines = [
            f"{it.at} ,{it.kind:<12},{it.payee},/,{it.goods} ,{it.way},{it.amount:<12},余额,{it.status},"
            f"2023{n:020}\t,{it.order}\t,{it.remark:<20},"
            for n, it in enumerate(self.lines)
        ]
        return "\r\n".join([*preamble, *lines, ""]).encode(encoding)

    def wechat_rows(self) -> list[list[str]]:
        preamble = [
            "微信支付账单明细",
            "微信昵称：[赵师傅跑车]",
            f"起始时间：[{self.begins} 00:00:00] 终止时间：[{self.ends} 23:59:59]",
            "导出类型：[全部]",
            f"导出时间：[{self.ends} 23:59:59]",
            "",
            *self._counted("中性交易"),
            "注：",
            "1. 充值/提现/理财通购买/零钱通存取/信用卡还款等交易，将计入中性交易",
            "",
            "----------------------微信支付账单明细列表--------------------",
        ]
        lines = [
            [
                *(it.at, it.kind, it.payee, it.goods, it.way, f"¥{it.amount}", "零钱", it.status),
                *(f"4200{n:024}\t", f"{it.order}\t", it.remark or "/"),
            ]
            for n, it in enumerate(self.lines)
        ]
        return [*([each] for each in preamble), WECHAT_COLUMNS.split(","), *lines]

    def wechat(self) -> bytes:
        rows = [",".join(row) + "," * (9 - len(row)) for row in self.wechat_rows()]
        return "\r\n".join([*rows, ""]).encode("utf-8-sig")

    def wechat_sheet(self) -> bytes:
        book, told = Workbook(), io.BytesIO()
        assert book.active is not None
        for row in self.wechat_rows():
            book.active.append([cell or None for cell in row])
        book.save(told)
        return told.getvalue()

    def _counted(self, neutral: str) -> list[str]:
        told = {"共": str(len(self.lines)), **self.head}
        for word, ways in (("收入", ("收入",)), ("支出", ("支出",)), (neutral, ("不计收支", "/"))):
            its = [line for line in self.lines if line.way in ways]
            if word not in told:
                told[word] = f"{len(its)}笔 {sum((Decimal(line.amount) for line in its), Decimal('0.00'))}元"
        return [f"共{told['共']}笔记录", *(f"{word}：{told[word]}" for word in ("收入", "支出", neutral))]


def lately(bill: Made, today: date) -> Made:
    """The same three months, up to the end of the last one."""
    by = today.year * 12 + today.month - 1 - (2026 * 12 + 3)

    def moved(text: str) -> str:
        month = int(text[:4]) * 12 + int(text[5:7]) - 1 + by
        return f"{month // 12}-{month % 12 + 1:02}{text[7:]}"

    ends = today.replace(day=1) - timedelta(days=1)
    lines = [replace(line, at=moved(line.at)) for line in bill.lines]
    return bill.but(lines=lines, begins=moved(bill.begins), ends=f"{ends:%Y-%m-%d}")


def zipped(name: str, data: bytes, password: str = "", *, is_aes: bool = True) -> bytes:
    told = io.BytesIO()
    how = {"encryption": pyzipper.WZ_AES} if password and is_aes else {}
    with pyzipper.AESZipFile(told, "w", compression=pyzipper.ZIP_DEFLATED, **how) as archive:
        if password:
            archive.setpassword(password.encode())
        archive.writestr(name, data)
    return told.getvalue()


# A quarter of somebody's life: wages, a bill each month, one paid late, shopping, some of it given back, savings and a closed order.
ALIPAY = Made(
    [
        Paid("2026-03-20 08:00:00", "日用百货", "伞", "支出", "50.00", order="M1"),
        Paid("2026-03-21 08:00:00", "退款", "退款-伞", "不计收支", "20.00", status="退款成功", order="M1"),
        Paid("2026-03-05 09:00:00", "充值缴费", "电费 含滞纳金", "支出", "103.00", payee="国网"),
        Paid("2026-03-01 09:00:00", "信用借还", "花呗还款", "支出", "700.00", status="还款成功"),
        Paid("2026-02-10 10:00:00", "收入", "二月工资", "收入", "8000.00", payee="公司"),
        Paid("2026-02-05 09:00:00", "充值缴费", "电费", "支出", "100.00", payee="国网"),
        Paid("2026-02-01 12:00:00", "餐饮美食", "午饭", "支出", "36.50", status="等待确认收货"),
        Paid("2026-01-15 12:00:00", "日用百货", "灯", "支出", "99.00", status="交易关闭"),
        Paid("2026-01-10 10:00:00", "收入", "一月工资", "收入", "8000.00", payee="公司"),
        Paid("2026-01-08 10:00:00", "转账红包", "新年快乐", "收入", "200.00", payee="外婆"),
        Paid("2026-01-06 10:00:00", "投资理财", "余额宝-自动转入", "不计收支", "3000.00"),
        Paid("2026-01-05 09:00:00", "充值缴费", "电费", "支出", "90.00", payee="国网"),
    ]
)
WECHAT = Made(
    [
        Paid("2026-03-09 19:00:00", "商户消费", "外卖", "支出", "40.00", status="已退款(¥15.50)", order="W1"),
        Paid("2026-03-10 19:00:00", "某店-退款", "外卖", "收入", "15.50", status="已全额退款", order="W1"),
        Paid("2026-02-09 19:00:00", "二维码收款", "/", "收入", "320.00", status="已收钱"),
        Paid("2026-02-03 19:00:00", "零钱提现", "/", "/", "300.00", status="提现已到账", remark="服务费¥0.30"),
        Paid("2026-01-09 19:00:00", "商户消费", "地铁", "支出", "6.00", status="支付成功"),
        Paid("2026-01-02 19:00:00", "微信红包", "/", "收入", "88.00", status="已存入零钱"),
    ]
)
