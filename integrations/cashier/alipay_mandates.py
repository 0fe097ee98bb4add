"""Alipay's agreements to withhold (商家扣款): signed on a page of its app, looked up and ended by our own number, drawn without the person.

https://opendocs.alipay.com/open/8bccfa0b (alipay.user.agreement.page.sign), 3dab71bc (query), b841da1f (unsign),
https://opendocs.alipay.com/open/02ivbs (alipay.trade.pay)
"""

from collections.abc import Awaitable, Callable, Mapping

from domain.payments.cashiers import CashierAway, MandateAnswer, MandateOrder, MandateStatus
from integrations.replies import Reply, code_in, id_in, text_in

PERSONAL_PRODUCT, PRODUCT = "GENERAL_WITHHOLDING_P", "GENERAL_WITHHOLDING"
SIGN, QUERY, UNSIGN = "alipay.user.agreement.page.sign", "alipay.user.agreement.query", "alipay.user.agreement.unsign"
PAUSED = "STOP"
STATUSES: Mapping[str, MandateStatus] = {
    "TEMP": MandateStatus.PENDING,
    "NORMAL": MandateStatus.SIGNED,
    PAUSED: MandateStatus.ENDED,
}
UNKNOWN = frozenset({"USER_AGREEMENT_NOT_EXIST", "ACQ.USER_AGREEMENT_NOT_EXIST"})
NEWS = frozenset({"dut_user_sign", "dut_user_unsign"})  # what a notification of an agreement is called

Ask = Callable[[str, Mapping[str, str]], Awaitable[Reply]]


def named(mandate: MandateOrder, scene: str) -> dict[str, str]:
    """What names a mandate to Alipay."""
    number = {"external_agreement_no": mandate.id.hex}
    return {"personal_product_code": PERSONAL_PRODUCT, "sign_scene": scene, **number}


async def look_up(ask: Ask, mandate: MandateOrder, scene: str) -> MandateAnswer | None:
    reply = await ask(QUERY, named(mandate, scene))
    if text_in(reply, "sub_code") in UNKNOWN:
        return None
    if (code := code_in(reply, "code", absent="error")) != "10000":
        raise CashierAway(f"alipay:{code}")
    if text_in(reply, "external_agreement_no") != mandate.id.hex:
        raise CashierAway("alipay:other_mandate")
    status, reference = STATUSES.get(text_in(reply, "status")), id_in(reply, "agreement_no")
    if status is None or (status is MandateStatus.SIGNED and not reference):
        raise CashierAway("alipay:odd_mandate")
    if text_in(reply, "status") == PAUSED:
        # It could go on some day, when the person has long been told that it ended.
        await ask(UNSIGN, named(mandate, scene))
    return MandateAnswer(status, reference or None)


async def withdraw(ask: Ask, mandate: MandateOrder, scene: str) -> MandateAnswer:
    """Whatever it answers to that, it is over once it is found to be."""
    await ask(UNSIGN, named(mandate, scene))
    found = await look_up(ask, mandate, scene)
    if found is not None and found.status is not MandateStatus.ENDED:
        raise CashierAway("alipay:still_signed")
    return MandateAnswer(MandateStatus.ENDED)
