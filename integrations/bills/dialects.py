"""How each company words its bill: its head, its columns, and what is neither coming in nor spent."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class BillDialect:
    """`columns` leads from our word to theirs, the newest first. A payment is `over` where it came to nothing."""

    provider: str
    marks: tuple[str, ...]  # one of them stands in the head of every bill
    columns: Mapping[str, tuple[str, ...]]
    holder: str
    account: str
    neutral: frozenset[str]  # what stands under 收/支 where neither came or went
    head_of_neutral: str
    over: frozenset[str]
    refund_kinds: tuple[str, ...]
    no_spending: tuple[str, ...] = ()
    gifts: tuple[str, ...] = ("红包", "亲情卡", "亲属卡", "群收款")
    kinds: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


KINDS = {
    "BILLS": ("充值缴费", "住房物业", "水费", "电费", "燃气", "宽带", "话费", "物业", "房租", "供电", "自来水", "缴费"),
    "FOOD": ("餐饮美食", "餐", "饭", "外卖", "美团", "饿了么", "超市", "便利店", "生鲜", "菜", "咖啡", "奶茶"),
    "TRANSPORT": ("交通出行", "地铁", "公交", "打车", "滴滴", "出行", "加油", "停车", "铁路", "12306"),
    "HEALTH": ("医疗健康", "医院", "药", "诊"),
    "GOODS": ("日用百货", "家居家装", "服饰装扮", "美容美发", "母婴亲子", "数码电器", "淘宝", "京东", "拼多多"),
    "TRANSFERS": ("转账红包", "转账", "红包", "亲友代付", "亲属卡", "群收款", "二维码付款"),
}

ALIPAY = BillDialect(
    provider="alipay",
    marks=("支付宝",),
    columns={
        "at": ("交易时间",),
        "kind": ("交易分类",),
        "payee": ("交易对方",),
        "goods": ("商品说明",),
        "direction": ("收/支",),
        "amount": ("金额",),
        "status": ("交易状态",),
        "number": ("交易订单号",),
        "merchant_number": ("商家订单号",),
        "remark": ("备注",),
    },
    holder="姓名",
    account="支付宝账户",
    neutral=frozenset({"不计收支", "其他", "/", ""}),
    head_of_neutral="不计收支",
    over=frozenset({"交易关闭", "已关闭", "失败", "支付失败", "还款失败", "等待付款"}),
    refund_kinds=("退款",),
    no_spending=("信用借还", "账户转存", "投资理财"),
)
WECHAT_PAY = BillDialect(
    provider="wechat-pay",
    marks=("微信支付账单明细",),
    columns={
        "at": ("交易时间",),
        "kind": ("交易类型",),
        "payee": ("交易对方",),
        "goods": ("商品",),
        "direction": ("收/支",),
        "amount": ("金额(元)", "金额（元）"),
        "status": ("当前状态",),
        "number": ("交易单号",),
        "merchant_number": ("商户单号",),
        "remark": ("备注",),
    },
    holder="",  # only a nickname, which anybody may choose
    account="微信昵称",
    neutral=frozenset({"/", "中性交易", ""}),
    head_of_neutral="中性交易",
    over=frozenset({"支付失败", "已撤销", "交易关闭", "已关闭"}),
    refund_kinds=("退款",),
    no_spending=("信用卡还款", "零钱通", "理财通", "零钱提现", "零钱充值", "转入零钱通"),
)
DIALECTS = (WECHAT_PAY, ALIPAY)
# Words of bills that we know and do not read: JD hides what was refunded in the cell of the amount, and its head counts nothing.
NOT_READ = {"京东账号名": "JD (京东)", "商户名称": "JD (京东)"}
OPTIONAL = frozenset({"remark", "merchant_number"})
