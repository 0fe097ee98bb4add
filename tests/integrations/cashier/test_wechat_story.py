"""A mandate of WeChat Pay over real HTTP, from its page to its end: told beforehand, drawn on its day, and once more where it failed."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from uuid import UUID

import httpx2
import pytest
from sqlalchemy import select

from domain.actors import UserActor
from domain.agreements import autopay
from domain.agreements.agreements import Agreement
from domain.agreements.standings import standing_of
from domain.payments import cashiers, mandates
from domain.payments.cashiers import Cashier
from domain.payments.mandates import Mandate
from infra import clock as times
from infra.database import reading, transaction
from infra.ids import new_id
from infra.settings import settings
from tests.clocks import Clock
from tests.days import day_passes
from tests.domain.agreements.loans import open_loan, pay_out
from tests.domain.agreements.test_autopay import all_draws, owed
from tests.integrations.cashier.stand_ins import HERE
from tests.integrations.cashier.wechat_contracts import (
    NIGHT,
    PLAN,
    ContractsStandIn,
    contract_keys,
    contracts_of,
    news,
)
from tests.working import work_off


@contextmanager
def asked(cashier: Cashier) -> Iterator[None]:
    """The house's cashier, for a while."""
    before = cashiers._named[:], cashiers._chosen[:]
    cashiers.provide(lambda name: cashier, lambda: "wechat-pay")
    try:
        yield
    finally:
        cashiers._named[:], cashiers._chosen[:] = before


async def mandate_of(agreement: Agreement) -> Mandate:
    async with reading() as db:
        its = select(Mandate).where(Mandate.user_id == agreement.user_id).order_by(Mandate.id.desc()).limit(1)
        return (await db.execute(its)).scalar_one()


async def passes(hands: Clock, at: ContractsStandIn, agreement: Agreement, days: int) -> None:
    """So many days at once, and what comes of the last of them within an hour."""
    await hands.forward(days=days)
    async with reading() as db:
        at.today = await times.today(db)
    await day_passes(agreement.user_id)
    for _ in range(2):
        await work_off(agreement.user_id)
        await hands.forward(minutes=30)
    await work_off(agreement.user_id)


async def lent(hands: Clock, of: UUID | None = None) -> tuple[Agreement, int]:
    """An agreement of two instalments, and in how many days the first is due."""
    async with transaction() as db:
        agreement = await open_loan(db, months=2, rate="0", of=of)
        await pay_out(db, agreement, agreement.amount)
        due_on = (await standing_of(db, agreement)).life.rows[0].due_on
        return agreement, (due_on - await times.today(db)).days


async def test_it_is_signed_told_drawn_tried_again_and_ended_in_one_tap(
    web: httpx2.AsyncClient, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings().cashiers, "wechat_pay", contract_keys())
    agreement, days = await lent(clock)
    me, key = UserActor(agreement.user_id, new_id()), (agreement.user_id, agreement.id)
    at = ContractsStandIn(wants_telling=True, draws_go="NOTENOUGH")
    async with contracts_of(at) as cashier:
        with asked(cashier):
            await autopay.set_autopay(me, agreement.id, is_on=True, address="203.0.113.7")
            async with reading() as db:
                page = (await mandates.actions(db, {key}))[key].page
            mandate = await mandate_of(agreement)
            theirs = f"https://payapp.weixin.example/{mandate.id.hex}"
            way = await web.get(page.removeprefix(HERE), headers={"Accept-Language": "en"})
            assert (way.status_code, way.headers["Referrer-Policy"]) == (200, "no-referrer-when-downgrade")
            assert f'<a href="{theirs}">Open WeChat Pay</a>' in way.text and mandate.status == "PENDING"
            elsewhere = page.removeprefix(HERE).replace("payapp", "paypal")
            assert (await web.get(elsewhere)).status_code == 404
            at.sign(mandate.id)
            told = {"contract_code": mandate.id.hex, "plan_id": PLAN, "change_type": "ADD", "contract_id": "C1"}
            for _ in range(2):
                heard = await web.post("/cashier/wechat-pay/mandates", content=news(told))
                assert heard.status_code == 200
                await work_off(agreement.user_id)
            mandate = await mandate_of(agreement)
            assert (mandate.status, mandate.reference) == ("SIGNED", f"C-{mandate.id.hex[:20]}")

            await passes(clock, at, agreement, days - 3)
            assert [amount for _, amount in at.told.values()] == [600_00]
            await passes(clock, at, agreement, 3)
            assert [each.status for each in await all_draws(agreement)] == ["FAILED"]
            at.draws_go = "PAID"
            await passes(clock, at, agreement, 2)
            assert [each.status for each in await all_draws(agreement)] == ["FAILED", "SETTLED"]
            assert await owed(agreement) == 600_00

        # Whoever signed under another plan than people sign now goes on, and ends it as ever.
        other = contract_keys().model_copy(update={"mandate_plan": "67890"})
        monkeypatch.setattr(settings().cashiers, "wechat_pay", other)
        with asked(replace(cashier, keys=cashier.keys.model_copy(update={"mandate_plan": "67890"}))):
            heard = await web.post("/cashier/wechat-pay/mandates", content=news({**told, "change_type": "DELETE"}))
            assert heard.status_code == 200
            assert "look_after_mandate" in await work_off(agreement.user_id)
            assert (await mandate_of(agreement)).status == "SIGNED"
            await autopay.set_autopay(me, agreement.id, is_on=False)
            mandate = await mandate_of(agreement)
            assert (mandate.status, mandate.why, mandate.gone_at is not None) == ("ENDED", "PERSON", True)
            assert at.contracts[mandate.id.hex]["contract_state"] == "1"


async def test_nothing_that_was_not_told_is_drawn_and_who_ends_it_in_wechat_is_told_so(
    web: httpx2.AsyncClient, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings().cashiers, "wechat_pay", contract_keys())
    agreement, days = await lent(clock)
    at = ContractsStandIn(wants_telling=True)
    await clock.forward(days=days - 1)
    async with contracts_of(at, NIGHT) as asleep, contracts_of(at) as awake:
        with asked(awake):
            await autopay.set_autopay(UserActor(agreement.user_id, new_id()), agreement.id, is_on=True)
            at.sign((await mandate_of(agreement)).id)
        with asked(asleep):
            await clock.forward(minutes=5)
            await work_off(agreement.user_id)
            assert (await mandate_of(agreement)).status == "SIGNED"
            await passes(clock, at, agreement, 1)
        with asked(awake):
            await clock.forward(hours=9)
            await work_off(agreement.user_id)
            assert len(at.told) == 1 and await all_draws(agreement) == [], "a day too late"
            await passes(clock, at, agreement, 1)
            assert await all_draws(agreement) == [], "the person has a day to think"
            await passes(clock, at, agreement, 1)
            assert [each.status for each in await all_draws(agreement)] == ["SETTLED"]

            mandate = await mandate_of(agreement)
            at.contracts[mandate.id.hex] |= {"contract_state": "1", "contract_termination_mode": "2"}
            gone = {"contract_code": mandate.id.hex, "plan_id": PLAN, "change_type": "DELETE"}
            assert (await web.post("/cashier/wechat-pay/mandates", content=news(gone))).status_code == 200
            await work_off(agreement.user_id)
            after = await mandate_of(agreement)
            assert (after.status, after.why) == ("ENDED", "WITHDRAWN")


async def test_one_contract_is_for_all_that_the_person_lets_be_drawn_and_ends_with_the_last(
    web: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    monkeypatch.setattr(settings().cashiers, "wechat_pay", contract_keys())
    first, _ = await lent(clock)
    second, _ = await lent(clock, of=first.user_id)
    me = UserActor(first.user_id, new_id())
    at = ContractsStandIn()
    async with contracts_of(at) as cashier:
        with asked(cashier):
            await autopay.set_autopay(me, first.id, is_on=True)
            await autopay.set_autopay(me, second.id, is_on=True)
            async with reading() as db:
                both = {(me.user_id, first.id), (me.user_id, second.id)}
                assert {*await mandates.actions(db, both)} == both, "the same page, from either"
                [known_as] = {each.known_as for each in (await mandates.open_of_agreements(db, both)).values()}
            at.sign(known_as)
            told = {"contract_code": known_as.hex, "plan_id": PLAN, "change_type": "ADD", "contract_id": "C1"}
            assert (await web.post("/cashier/wechat-pay/mandates", content=news(told))).status_code == 200
            await work_off(me.user_id)
            async with reading() as db:
                signed = (await mandates.open_of_agreements(db, both)).values()
            assert [each.status for each in signed] == ["SIGNED", "SIGNED"]
            for agreement, state in ((first, "0"), (second, "1")):
                await autopay.set_autopay(me, agreement.id, is_on=False)
                assert at.contracts[known_as.hex]["contract_state"] == state
