"""Mandates of Alipay and WeChat Pay over real HTTP: what is signed, looked up, drawn and ended, and what of it is not believed."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest
from pydantic import SecretStr, ValidationError

from domain.payments.cashiers import (
    CashierAnswer,
    CashierAway,
    CashierOrder,
    MandateAnswer,
    MandateOrder,
    MandateStatus,
    PaymentStatus,
)
from infra.ids import new_id
from infra.money import Money
from infra.setting_credentials import AlipayCashier, WeChatPayCashier
from integrations.cashier import wechat_pay_opening as opening
from integrations.cashier.wechat_pay_draws import time_until_day
from tests.integrations.cashier.stand_ins import (
    HERE,
    AlipayStandIn,
    WeChatStandIn,
    alipay_keys,
    alipay_of,
    is_ours,
    wechat_keys,
    wechat_of,
)
from tests.integrations.cashier.wechat_contracts import NIGHT, PLAN, ContractsStandIn, contracts_of, drawn

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
            assert at.agreements == {}, "what is paused is ended, and does not go on some day"
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
        with pytest.raises(ValidationError, match="agreed on, and not the default one"):
            AlipayCashier.model_validate({**alipay_keys().model_dump(), "mandate_scene": "DEFAULT|DEFAULT"})


def contract(state: str, reference: str = "C1", **told: str) -> dict[str, str]:
    return {"contract_state": state, "contract_id": reference, **told}


class TestWeChatPay:
    async def test_the_page_is_open_for_ten_minutes_and_each_word_has_its_meaning(self) -> None:
        asked, at = replace(mandate(), address="203.0.113.7"), ContractsStandIn()
        async with contracts_of(at) as cashier:
            answer = await cashier.sign(asked)
            page = opening.address(HERE, cashier.keys, f"https://payapp.weixin.example/{asked.id.hex}")
            assert answer == MandateAnswer(S.PENDING, page=page, page_lasts=timedelta(minutes=10))
            assert (at.bodies[0]["clientip"], at.bodies[0]["contract_display_account"]) == (
                "203.0.113.7",
                "向Longan还款",
            )
            assert await cashier.look_up_mandate(asked) is None
            over = {"contract_terminated_time": "2026-11-29 12:00:00", "contract_termination_mode": "2"}
            for words, means in (
                (contract("9"), MandateAnswer(S.PENDING)),
                (contract("1"), None),
                (contract("0"), MandateAnswer(S.SIGNED, "C1")),
                (contract("1", **over), ENDED),
            ):
                at.contracts[asked.id.hex] = words
                assert await cashier.look_up_mandate(asked) == means
            for odd in (
                contract("7"),
                contract("0", ""),
                contract("0", plan_id="1"),
                contract("0", mch_id="1900000999"),
            ):
                at.contracts[asked.id.hex] = odd
                with pytest.raises(CashierAway):
                    await cashier.look_up_mandate(asked)
            at.contracts = {mandate().id.hex: contract("0")}
            with pytest.raises(CashierAway):
                await cashier.look_up_mandate(replace(asked, reference="C1"))
            with pytest.raises(CashierAway):
                await cashier.sign(replace(asked, address="0.0.0.0"))

    async def test_it_is_over_when_it_is_found_to_be_and_not_when_it_says_so(self) -> None:
        asked, at = mandate(), ContractsStandIn(keeps=True)
        at.contracts[asked.id.hex] = contract("0")
        async with contracts_of(at) as cashier:
            with pytest.raises(CashierAway):
                await cashier.withdraw(asked)
            at.keeps = False
            assert await cashier.withdraw(asked) == ENDED
            at.contracts.clear()
            assert await cashier.withdraw(asked) == ENDED, "also where it knows of none"

    async def test_what_its_key_did_not_sign_or_nobody_can_read_teaches_nothing(self) -> None:
        asked, at = mandate(), ContractsStandIn()
        at.contracts[asked.id.hex] = contract("0")
        async with contracts_of(at) as cashier:
            for forge in (
                lambda told: {**told, "contract_id": "C2"},
                lambda told: {name: value for name, value in told.items() if name != "sign"},
                lambda told: {**told, "return_code": "FAIL"},
            ):
                at.forge = forge
                with pytest.raises(CashierAway):
                    await cashier.look_up_mandate(asked)
            at.forge, at.mute = None, True
            with pytest.raises(CashierAway):
                await cashier.look_up_mandate(asked)
            at.mute = False
            other = replace(cashier, keys=cashier.keys.model_copy(update={"api_v2_key": SecretStr("f" * 32)}))
            with pytest.raises(CashierAway):
                await other.look_up_mandate(asked)

    @pytest.mark.parametrize(
        ("goes", "status", "later"),
        [
            ("PAID", P.PENDING, P.SETTLED),
            ("ACCEPTED", P.PENDING, P.PENDING),
            *[(code, P.FAILED, P.FAILED) for code in ("NOTENOUGH", "CONTRACTERROR", "RULELIMIT", "INVALID_REQUEST")],
            *[(code, None, None) for code in ("SYSTEMERROR", "FREQUENCY_LIMITED", "<b>")],
        ],
    )
    async def test_a_draw_is_taken_on_once_and_what_becomes_of_it_is_looked_up(
        self, goes: str, status: PaymentStatus | None, later: PaymentStatus | None
    ) -> None:
        at = ContractsStandIn(draws_go=goes)
        at.contracts["x"] = contract("0")
        async with contracts_of(at) as cashier:
            asked = order("C1")
            if status is None or later is None:
                with pytest.raises(CashierAway):
                    await cashier.collect(asked)
                return
            assert (await cashier.collect(asked)).status is status
            again = await cashier.collect(asked)  # asked again, it is the same order
            assert again.status is later and len(at.draws) == (status is P.PENDING)
            assert again.paid is None or (again.paid.amount, again.paid.at.isoformat()) == (
                asked.amount,
                "2026-11-29T12:00:00+08:00",
            )
            assert (await cashier.close(asked)).status is (P.SETTLED if goes == "PAID" else P.FAILED)
            looked_up = await cashier.look_up(asked)
            assert looked_up is None or looked_up.status is not P.PENDING
            assert (looked_up is None) is (status is P.FAILED)

    async def test_nothing_is_drawn_by_night_nor_by_what_they_withdrew_nor_counted_oddly(self) -> None:
        at = ContractsStandIn()
        async with contracts_of(at, NIGHT) as cashier:
            with pytest.raises(CashierAway, match="night"):
                await cashier.collect(order("C1"))
            for hour, waits in ((22, 9), (23, 8), (6, 1), (7, 0), (21, 0)):
                assert time_until_day(NIGHT + timedelta(hours=hour - 22)) == timedelta(hours=waits)
            assert cashier.draws_from(NIGHT) == NIGHT + timedelta(hours=9)
        assert at.asked == []
        async with contracts_of(at) as cashier:
            assert (await cashier.collect(order("C1"))).status is P.FAILED
            asked = order("C1")
            for odd in (
                {"trade_state": "MAYBE"},
                {"total_fee": "1e2"},
                {"transaction_id": ""},
                {"out_trade_no": "x"},
                {"total_fee": "0"},
            ):
                at.draws[asked.id.hex] = {**drawn(asked.id), "trade_state": "SUCCESS", **odd}
                with pytest.raises(CashierAway):
                    await cashier.look_up(asked)
            at.draws[asked.id.hex] = {**drawn(asked.id), "trade_state": "PAY_FAIL"}
            assert await cashier.look_up(asked) == CashierAnswer(P.FAILED)

    async def test_what_it_draws_it_tells_before_by_day_and_what_it_told_or_ended_is_no_failure(self) -> None:
        at, amount = ContractsStandIn(), Money(10_662, "CNY")
        at.contracts["x"] = contract("0")
        async with contracts_of(at, NIGHT) as cashier:
            with pytest.raises(CashierAway, match="night"):
                await cashier.foretell("C1", amount)
        async with contracts_of(at) as cashier:
            for told in (amount, amount, Money(1, "CNY")):
                await cashier.foretell("C1", told)
            assert at.told == {"C1": (at.today, 10_662)}
            await cashier.foretell("C9", amount)
            at.misbehave = lambda headers: {**headers, "Wechatpay-Signature": "x"}
            with pytest.raises(CashierAway):
                await cashier.foretell("C1", amount)
        async with wechat_of(WeChatStandIn()) as cashier:
            await cashier.foretell("C1", amount)

    async def test_nobody_signs_and_nothing_is_drawn_where_it_agreed_on_no_plan(self) -> None:
        asked, at = mandate(), WeChatStandIn()
        async with wechat_of(at) as cashier:
            assert await cashier.sign(asked) == await cashier.withdraw(asked) == ENDED
            assert await cashier.look_up_mandate(asked) is None
            assert (await cashier.collect(order("C1"))).status is P.FAILED
        assert at.asked == []
        half = {**wechat_keys().model_dump(), "mandate_plan": PLAN}
        with pytest.raises(ValidationError, match="both of MANDATE_PLAN and API_V2_KEY"):
            WeChatPayCashier.model_validate(half)
