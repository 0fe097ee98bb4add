"""Mandates of Alipay and WeChat Pay over real HTTP: what is signed, looked up, drawn and ended, and what of it is not believed."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest

from domain.payments.cashiers import (
    CashierAway,
    CashierOrder,
    MandateAnswer,
    MandateOrder,
    MandateStatus,
    PaymentStatus,
)
from infra.ids import new_id
from infra.money import Money
from tests.integrations.cashier.stand_ins import (
    AlipayStandIn,
    WeChatStandIn,
    alipay_of,
    is_ours,
    wechat_of,
)

S, P = MandateStatus, PaymentStatus
ENDED = MandateAnswer(S.ENDED)


def mandate() -> MandateOrder:
    return MandateOrder(new_id(), "向 Longan 还款")


def order(reference: str) -> CashierOrder:
    expires_at = datetime.now(UTC) + timedelta(days=1)
    return CashierOrder(new_id(), Money(10_662, "CNY"), "向 Longan 还款", expires_at, "", reference)


class TestAlipay:
    async def test_the_page_is_an_address_that_we_signed_and_each_word_has_its_meaning(self) -> None:
        asked, at = mandate(), AlipayStandIn()
        async with alipay_of(at) as cashier:
            answer = await cashier.sign(asked)
            assert answer.status is S.PENDING and answer.page is not None
            form = dict(parse_qsl(urlsplit(answer.page).query))
            assert is_ours(
                "&".join(f"{name}={form[name]}" for name in sorted(form) if name != "sign").encode(), form["sign"]
            )
            assert form["method"] == "alipay.user.agreement.page.sign"
            assert f'"external_agreement_no": "{asked.id.hex}"' in form["biz_content"]
            assert await cashier.look_up_mandate(asked) is None
            for word, means in (("TEMP", S.PENDING), ("NORMAL", S.SIGNED), ("STOP", S.ENDED)):
                at.agreements[asked.id.hex] = {"status": word, "agreement_no": "20185909000458725113"}
                assert await cashier.look_up_mandate(asked) == MandateAnswer(means, "20185909000458725113")
            at.agreements[asked.id.hex] = {"status": "SOMETHING", "agreement_no": "1"}
            with pytest.raises(CashierAway):
                await cashier.look_up_mandate(asked)

    async def test_it_is_over_when_it_is_found_to_be_and_not_when_it_says_so(self) -> None:
        asked, at = mandate(), AlipayStandIn(keeps=True)
        at.agreements[asked.id.hex] = {"status": "NORMAL", "agreement_no": "A1"}
        async with alipay_of(at) as cashier:
            with pytest.raises(CashierAway):
                await cashier.withdraw(asked)
            at.keeps = False
            assert await cashier.withdraw(asked) == ENDED
            assert await cashier.withdraw(asked) == ENDED, "also where it knows of none"

    @pytest.mark.parametrize(
        ("draws", "status"), [("PAID", P.SETTLED), ("WAITS", P.NEEDS_ACTION), ("POOR", P.FAILED), ("UNSURE", None)]
    )
    async def test_a_draw_is_what_becomes_of_its_trade(self, draws: str, status: PaymentStatus | None) -> None:
        at = AlipayStandIn(draws=draws)
        at.agreements["x"] = {"status": "NORMAL", "agreement_no": "A1"}
        async with alipay_of(at) as cashier:
            asked = order("A1")
            if status is None:
                with pytest.raises(CashierAway):
                    await cashier.collect(asked)
                return
            for _ in range(2):  # asked again, it is the same trade
                answer = await cashier.collect(asked)
                assert answer.status is status
            assert answer.paid is None or answer.paid.amount == asked.amount
            assert len(at.trades) == 1

    async def test_nothing_is_drawn_by_what_they_withdrew(self) -> None:
        async with alipay_of(AlipayStandIn()) as cashier:
            assert (await cashier.collect(order("A1"))).status is P.FAILED

    async def test_nobody_signs_where_alipay_agreed_on_no_scene(self) -> None:
        async with alipay_of(AlipayStandIn()) as cashier:
            without = replace(cashier, keys=cashier.keys.model_copy(update={"mandate_scene": None}))
            assert await without.sign(mandate()) == ENDED


class TestWeChatPay:
    async def test_nobody_signs_and_nothing_is_drawn_as_a_contract_is_for_one_draw(self) -> None:
        asked, at = mandate(), WeChatStandIn()
        async with wechat_of(at) as cashier:
            assert await cashier.sign(asked) == await cashier.withdraw(asked) == ENDED
            assert await cashier.look_up_mandate(asked) is None
            assert (await cashier.collect(order("C1"))).status is P.FAILED
        assert at.asked == []
