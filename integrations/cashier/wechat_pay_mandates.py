"""WeChat Pay's contracts to deduct (委托代扣), API v3: signed on a page, looked up and ended by our own code, drawn after a reservation.

https://pay.weixin.qq.com/docs/merchant/apis/entrusted-payment/normal/ (h5-scheduled-deduct-pre-sign, get-contract-by-code,
terminate-contract-by-code, schedule-deduction, create-transaction)
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from domain.payments.cashiers import CashierAway, CashierOrder, MandateAnswer, MandateOrder, MandateStatus
from integrations.replies import Reply, id_in, text_in

SIGN = "/v3/papay/scheduled-deduct-sign/contracts/pre-entrust-sign/h5"
DRAW = "/v3/papay/pay/transactions/apply"
STATES: Mapping[str, MandateStatus] = {
    "SIGNED": MandateStatus.SIGNED,
    "TERMINATED": MandateStatus.ENDED,
    "EXPIRED": MandateStatus.ENDED,
}
UNKNOWN = frozenset({"CONTRACT_NOT_EXIST", "CONTRACT_NOT_EXISTS", "RESOURCE_NOT_EXISTS"})

Ask = Callable[[str, str, Mapping[str, Any] | None], Awaitable[tuple[int, Reply]]]


async def sign(ask: Ask, app_id: str, plan: int, mandate: MandateOrder, notify_url: str) -> MandateAnswer:
    asked = {
        "appid": app_id,
        "plan_id": plan,
        "out_contract_code": mandate.id.hex,
        "contract_display_account": mandate.title,
        "contract_notify_url": notify_url,
    }
    status, reply = await ask("POST", SIGN, asked)
    if status == 200 and (page := text_in(reply, "redirect_url")):
        return MandateAnswer(MandateStatus.PENDING, page=page)
    raise CashierAway(f"wechat_pay:http_{status}")


async def look_up(ask: Ask, merchant_id: str, plan: int, mandate: MandateOrder) -> MandateAnswer | None:
    status, reply = await ask("GET", _where(plan, mandate), None)
    if text_in(reply, "code") in UNKNOWN:
        return None
    if status != 200:
        raise CashierAway(f"wechat_pay:http_{status}")
    if (text_in(reply, "out_contract_code"), text_in(reply, "mchid")) != (mandate.id.hex, merchant_id):
        raise CashierAway("wechat_pay:other_mandate")
    state, reference = STATES.get(text_in(reply, "contract_state")), id_in(reply, "contract_id")
    if state is None or not reference:
        raise CashierAway("wechat_pay:odd_mandate")
    return MandateAnswer(state, reference)


async def withdraw(ask: Ask, merchant_id: str, plan: int, mandate: MandateOrder) -> MandateAnswer:
    """Whatever it answers to that, it is over once it is found to be."""
    await ask("POST", f"{_where(plan, mandate)}/terminate", {"contract_termination_remark": "用户解约"})
    found = await look_up(ask, merchant_id, plan, mandate)
    if found is not None and found.status is not MandateStatus.ENDED:
        raise CashierAway("wechat_pay:still_signed")
    return MandateAnswer(MandateStatus.ENDED)


async def draw(ask: Ask, app_id: str, order: CashierOrder, notify_url: str) -> tuple[int, Reply]:
    """What it answers to the draw; a reservation comes first, and is refused where there is one already."""
    amount = {"total": order.amount.minor, "currency": order.amount.currency}
    where = f"/v3/papay/pay/schedules/contract-id/{order.mandate}/schedule"
    await ask("POST", where, {"appid": app_id, "schedule_amount": amount})
    asked = {
        "appid": app_id,
        "out_trade_no": order.id.hex,
        "description": order.title,
        "transaction_notify_url": notify_url,
        "contract_id": order.mandate,
        "amount": amount,
    }
    return await ask("POST", DRAW, asked)


def _where(plan: int, mandate: MandateOrder) -> str:
    return f"/v3/papay/sign/contracts/plan-id/{plan}/out-contract-code/{mandate.id.hex}"
