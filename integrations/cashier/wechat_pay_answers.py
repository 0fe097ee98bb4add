"""What WeChat Pay says of an order or a refund, read strictly: what became of it, and of which money."""

from collections.abc import Mapping

from domain.payments.cashiers import CashierAnswer, CashierAway, Paid, PaymentStatus, RefundAnswer, RefundOrder
from integrations.cashier.reading import minor_amount, moment
from integrations.replies import Reply, id_in, part_of, text_in

CURRENCY = "CNY"

STATUSES: Mapping[str, PaymentStatus] = {
    "NOTPAY": PaymentStatus.NEEDS_ACTION,
    "USERPAYING": PaymentStatus.PENDING,
    "SUCCESS": PaymentStatus.SETTLED,
    "REFUND": PaymentStatus.SETTLED,  # it came, and some of it went back since
    "CLOSED": PaymentStatus.FAILED,
    "REVOKED": PaymentStatus.FAILED,
    "PAYERROR": PaymentStatus.FAILED,
}
STUCK = "ABNORMAL"  # the card is gone: somebody of ours gives it back by another way
REFUND_STATUSES: Mapping[str, PaymentStatus] = {
    "SUCCESS": PaymentStatus.SETTLED,
    "CLOSED": PaymentStatus.FAILED,
    "PROCESSING": PaymentStatus.PENDING,
    STUCK: PaymentStatus.PENDING,
}


def read_order(reply: Reply) -> CashierAnswer:
    status = STATUSES.get(text_in(reply, "trade_state"))
    if status is None:
        raise CashierAway("wechat_pay:odd_status")
    if status is not PaymentStatus.SETTLED:
        return CashierAnswer(status)
    reference, amount = id_in(reply, "transaction_id"), part_of(reply, "amount")
    if not reference:
        raise CashierAway("wechat_pay:no_reference")
    paid = minor_amount(amount.get("total"), amount.get("currency", CURRENCY))
    return CashierAnswer(status, Paid(reference, paid, moment(reply.get("success_time"))))


def read_refund(reply: Reply, refund: RefundOrder) -> RefundAnswer:
    if text_in(reply, "out_refund_no") != refund.id.hex:
        raise CashierAway("wechat_pay:other_refund")
    return _refund(text_in(reply, "status"), reply)


def read_refund_news(inside: Reply) -> RefundAnswer:
    return _refund(text_in(inside, "refund_status"), inside)


def _refund(word: str, reply: Reply) -> RefundAnswer:
    status = REFUND_STATUSES.get(word)
    if status is None:
        raise CashierAway("wechat_pay:odd_refund_status")
    amount = part_of(reply, "amount")
    back = minor_amount(amount.get("refund"), amount.get("currency", CURRENCY))
    at = moment(reply.get("success_time")) if status is PaymentStatus.SETTLED else None
    return RefundAnswer(status, back, id_in(reply, "refund_id") or None, at, is_stuck=word == STUCK)
