"""Mandates, whatever the cashier says: signed when it says so itself, over at once when the person does, and asked until it agrees."""

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import select

from domain.payments import mandates, signing
from domain.payments.cashiers import CashierAway, MandateAnswer, MandateStatus
from domain.payments.mandates import Mandate, WhyMandateEnded
from infra.database import reading, transaction
from infra.ids import new_id
from tests.clocks import Clock
from tests.domain.agreements.loans import open_loan
from tests.domain.payments.scripted import cashier_says
from tests.working import work_off

S = MandateStatus
PAGE = "https://cashier.example/sign?mandate=1"
TO_SIGN, SIGNED, ENDED = MandateAnswer(S.PENDING, page=PAGE), MandateAnswer(S.SIGNED, "M1"), MandateAnswer(S.ENDED)
AWAY = CashierAway("scripted:no_answer")


async def begun(address: str = "") -> Mandate:
    async with transaction() as db:
        agreement = await open_loan(db)
        mandate = await signing.begin(db, agreement.user_id, agreement.id, address=address)
        mandate.cashier = "scripted"
        return mandate


async def now(mandate: Mandate) -> Mandate:
    async with reading() as db:
        return (await db.execute(select(Mandate).where(Mandate.user_id == mandate.user_id))).scalar_one()


async def test_it_is_signed_on_a_page_and_heard_of_only_by_asking() -> None:
    mandate = await begun()
    async with cashier_says(signs=[TO_SIGN], mandate_looks=[TO_SIGN, TO_SIGN, SIGNED]) as cashier:
        assert (await signing.ask(mandate.user_id, mandate.id)).status is S.PENDING
        async with reading() as db:
            action = (await mandates.actions(db, {(mandate.user_id, mandate.agreement_id)}))[
                mandate.user_id, mandate.agreement_id
            ]
        assert action.page == PAGE
        for _ in range(2):  # it says that it is signed, twice, and is not
            await signing.hear("scripted", mandate.id)
            await work_off(mandate.id)
        assert (await now(mandate)).status is S.PENDING
        await signing.hear("scripted", mandate.id)
        await signing.hear("another", mandate.id)
        await signing.hear("scripted", new_id())
        await work_off(mandate.id)
        assert cashier.asked == ["sign", *["look_up_mandate"] * 3]
    after = await now(mandate)
    assert (after.status, after.reference, after.page_sealed) == ("SIGNED", "M1", None)


async def test_a_page_that_closes_sooner_ends_it_sooner_and_the_address_is_kept_until_then(clock: Clock) -> None:
    mandate = await begun(address="203.0.113.7")
    soon = replace(TO_SIGN, page_lasts=timedelta(minutes=10))
    async with cashier_says(signs=[soon], mandate_looks=[None], withdraws=[ENDED]) as cashier:
        await signing.ask(mandate.user_id, mandate.id)
        waiting = await now(mandate)
        assert waiting.answered_at is not None
        assert waiting.expires_at == waiting.answered_at + timedelta(minutes=10)
        async with reading() as db:
            assert (await mandates.order_of(db, waiting)).address == "203.0.113.7"
        await clock.forward(minutes=11)
        await work_off(mandate.id)
        await work_off(mandate.id)
        assert cashier.asked[-1] == "withdraw"
    after = await now(mandate)
    assert (after.status, after.why, after.address_sealed) == ("ENDED", "UNSIGNED", None)


async def test_what_nobody_signs_is_over_here_and_ended_there_until_it_is(clock: Clock) -> None:
    mandate = await begun()
    async with cashier_says(signs=[AWAY, TO_SIGN], mandate_looks=[AWAY, TO_SIGN], withdraws=[AWAY, ENDED]) as cashier:
        await signing.ask(mandate.user_id, mandate.id)
        for minutes in (11, 12, 25):  # each a little more than has passed since it was begun
            await clock.forward(minutes=minutes)
            await work_off(mandate.id)
        assert ((await now(mandate)).status, (await now(mandate)).why) == ("ENDED", "UNSIGNED")
        await clock.forward(minutes=20)
        await work_off(mandate.id)
        assert (await now(mandate)).gone_at is not None and cashier.asked.count("withdraw") == 2
        await clock.forward(days=1)
        await work_off(mandate.id)
        assert cashier.asked.count("withdraw") == 2, "what is over is not asked for ever"


async def test_what_the_person_ended_is_over_at_once_and_signing_it_afterwards_changes_nothing(clock: Clock) -> None:
    mandate = await begun()
    async with cashier_says(signs=[TO_SIGN], mandate_looks=[SIGNED], withdraws=[AWAY, ENDED]) as cashier:
        await signing.ask(mandate.user_id, mandate.id)
        async with transaction() as db:
            held = await mandates.open_of(db, mandate.user_id, mandate.agreement_id)
            assert held is not None
            await signing.end(db, held, WhyMandateEnded.PERSON)
        assert (await now(mandate)).status is S.ENDED
        await work_off(mandate.id)
        await clock.forward(minutes=2)
        await work_off(mandate.id)
        assert cashier.asked.count("withdraw") == 2
        await signing.hear("scripted", mandate.id)  # they signed on a page that was still open
        await work_off(mandate.id)
        assert cashier.asked.count("withdraw") == 3
    after = await now(mandate)
    assert (after.status, after.why, after.reference) == ("ENDED", "PERSON", None)


async def test_a_cashier_that_lets_nobody_sign_ends_it_in_the_answer() -> None:
    mandate = await begun()
    async with cashier_says(signs=[ENDED]):
        after = await signing.ask(mandate.user_id, mandate.id)
    assert (after.status, after.why, after.gone_at is not None) == ("ENDED", "UNSIGNED", True)


async def test_a_withdrawal_that_is_heard_while_the_cashier_is_away_is_asked_for_again(clock: Clock) -> None:
    mandate = await begun()
    async with cashier_says(signs=[SIGNED], mandate_looks=[AWAY, AWAY, ENDED]) as cashier:
        assert (await signing.ask(mandate.user_id, mandate.id)).status is S.SIGNED
        await signing.hear("scripted", mandate.id)
        for _ in range(3):
            await work_off(mandate.id)
            await clock.forward(hours=2)
        assert cashier.asked.count("look_up_mandate") == 3
    after = await now(mandate)
    assert (after.status, after.why) == ("ENDED", "WITHDRAWN")


async def test_what_was_signed_and_the_cashier_knows_no_more_was_withdrawn() -> None:
    mandate = await begun()
    async with cashier_says(signs=[TO_SIGN], mandate_looks=[None, SIGNED, None]):
        for status in (S.PENDING, S.PENDING, S.SIGNED, S.ENDED):  # one that nobody signed yet is not known either
            assert (await signing.ask(mandate.user_id, mandate.id)).status is status
    after = await now(mandate)
    assert (after.why, after.gone_at is not None) == ("WITHDRAWN", True)
