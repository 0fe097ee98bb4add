"""Mandates, whatever the cashier says: signed when it says so itself, over at once when the person does, and asked until it agrees."""

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import select

from domain.agreements.agreements import Agreement
from domain.notices.notices import Notice
from domain.payments import mandates, signing
from domain.payments.cashiers import CashierAway, MandateAnswer, MandateStatus
from domain.payments.mandates import Mandate, WhyMandateEnded
from infra.database import reading, transact, transaction
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


async def theirs(agreement: Agreement) -> list[Mandate]:
    """All of the person's, the oldest first."""
    async with reading() as db:
        its = select(Mandate).where(Mandate.user_id == agreement.user_id).order_by(Mandate.id)
        return list((await db.execute(its)).scalars())


async def lent(times: int) -> list[Agreement]:
    """Agreements of one person."""
    async with transaction() as db:
        first = await open_loan(db)
        return [first, *[await open_loan(db, of=first.user_id) for _ in range(times - 1)]]


async def begin(agreement: Agreement) -> Mandate:
    return await transact(lambda db: signing.begin(db, agreement.user_id, agreement.id))


async def stop(agreement: Agreement) -> None:
    async with transaction() as db:
        held = await mandates.lock_open(db, agreement.user_id, agreement.id)
        assert held is not None
        await signing.end(db, held, WhyMandateEnded.PERSON)
    await work_off(agreement.user_id)


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


async def test_who_signs_once_at_a_cashier_signs_for_all_that_they_say_at_once_or_later_and_ends_it_with_the_last() -> (
    None
):
    agreements = await lent(4)
    async with cashier_says(signs_once=True, signs=[TO_SIGN], mandate_looks=[SIGNED], withdraws=[ENDED]) as cashier:
        first, *_ = sorted(await asyncio.gather(*map(begin, agreements[:3])), key=lambda each: each.id)
        for each in await theirs(agreements[0]):
            assert (await signing.ask(each.user_id, each.id)).status is (S.PENDING if each.id == first.id else S.SIGNED)
        assert {each.id for each in cashier.signed} == {first.id}, "three at once would be three contracts"
        later = await begin(agreements[3])
        assert (later.status, later.reference, later.signed_at is not None) == ("SIGNED", "M1", True)
        for agreement in (agreements[0], agreements[3], agreements[1]):
            await stop(agreement)
            assert "withdraw" not in cashier.asked, "others are still drawn by it"
        await stop(agreements[2])
        assert cashier.asked.count("withdraw") == 1
        assert all(each.is_known_to_be_over for each in await theirs(agreements[0]))
        await begin(agreements[0])
        assert (await theirs(agreements[0]))[-1].known_as != first.id, "what has ended is signed anew"


async def test_two_who_stop_at_once_end_it_and_who_joins_meanwhile_keeps_it() -> None:
    agreements = await lent(3)
    async with cashier_says(signs_once=True, signs=[SIGNED], mandate_looks=[SIGNED], withdraws=[ENDED]) as cashier:
        mandate = await begin(agreements[0])
        await signing.ask(mandate.user_id, mandate.id)
        await begin(agreements[1])
        await asyncio.gather(stop(agreements[0]), stop(agreements[1]), begin(agreements[2]))
        kept = (await theirs(agreements[2]))[-1]
        if kept.known_as == mandate.id:
            assert "withdraw" not in cashier.asked
            await stop(agreements[2])
        else:
            assert kept.status is S.PENDING
        assert cashier.asked.count("withdraw") == 1


async def test_what_the_person_ends_at_the_cashier_ends_for_all_and_each_is_told_once() -> None:
    agreements = await lent(2)
    async with cashier_says(signs_once=True, signs=[SIGNED], mandate_looks=[ENDED], withdraws=[ENDED]):
        mandate = await begin(agreements[0])
        await signing.ask(mandate.user_id, mandate.id)
        await begin(agreements[1])
        for _ in range(2):  # its notice is told twice
            await signing.hear("scripted", mandate.id)
            await work_off(mandate.user_id)
    assert [(each.status, each.why) for each in await theirs(agreements[0])] == [("ENDED", "WITHDRAWN")] * 2
    async with reading() as db:
        its = select(Notice.subject_id).where(Notice.user_id == mandate.user_id, Notice.code == "autopay_ended")
        told = Counter((await db.execute(its)).scalars())
    assert told == {each.id: 1 for each in agreements}


async def test_nothing_new_is_signed_there_before_what_ended_here_has_ended_there(clock: Clock) -> None:
    [agreement] = await lent(1)
    async with cashier_says(signs_once=True, signs=[SIGNED], withdraws=[AWAY, ENDED]) as cashier:
        before = await begin(agreement)
        await signing.ask(before.user_id, before.id)
        await stop(agreement)
        after = await begin(agreement)
        assert (await signing.ask(after.user_id, after.id)).status is S.PENDING
        assert cashier.asked.count("sign") == 1
        for _ in range(2):
            await clock.forward(minutes=2)
            await work_off(agreement.user_id)
        assert [each.status for each in await theirs(agreement)] == ["ENDED", "SIGNED"]
