"""What WeChat Pay tells a person before it draws (预扣费通知): on one of seven days from the second after, once, and never more; until
then nothing else is told to whoever signed.

https://pay.weixin.qq.com/doc/v2/merchant/4011987402
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from domain.payments.cashiers import CashierAway, DrawDays
from infra import clock
from infra.money import Money
from infra.setting_credentials import WeChatPayCashier
from integrations.beijing import BEIJING
from integrations.cashier.wechat_pay_draws import require_day
from integrations.replies import Reply, text_in, word_in

# That it was told already: so much, or something else, in the days in which that is drawn. And that nobody is to be told.
TOLD = frozenset({"RESOURCE_ALREADY_EXISTS", "INVALID_REQUEST"})
NO_CONTRACT = "CONTRACT_NOT_EXIST"

WAITS, DRAWN_FOR = timedelta(days=2), timedelta(days=7)

Ask = Callable[[str, str, Mapping[str, Any]], Awaitable[tuple[int, Reply]]]


async def foretell(ask: Ask, keys: WeChatPayCashier, reference: str, amount: Money, now: datetime) -> None:
    """Foretell it without saying for how many days it may be drawn, which are as many as it allows: those of the second draw among
    them.
    """
    require_day(now)
    asked = {
        "mchid": keys.merchant_id,
        "appid": keys.app_id,
        "estimated_amount": {"amount": amount.minor, "currency": amount.currency},
    }
    status, reply = await ask("POST", f"/v3/papay/contracts/{quote(reference, safe='')}/notify", asked)
    if status != 204 and text_in(reply, "code") not in (*TOLD, NO_CONTRACT):
        raise CashierAway(f"wechat_pay:{word_in(reply, 'code') or f'http_{status}'}")


def draw_days(now: datetime) -> DrawDays:
    first = clock.local_day(now, BEIJING) + WAITS
    return DrawDays(first, first + DRAWN_FOR - timedelta(days=1))
