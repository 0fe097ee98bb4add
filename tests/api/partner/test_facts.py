"""A partner tells facts of a person: with their leave, all of a batch or nothing, and for as long as the leave lasts."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import httpx2
from sqlalchemy import func, select

from domain.consent.lookups import LookupAnswer, LookupKind
from domain.disputes import disputing
from domain.facts import contributed, readings
from domain.facts.readings import Reading
from domain.facts.sheets import FactSheet
from infra.database import reading, transaction
from infra.receipts import Receipt
from tests.api.app.test_consents import grant
from tests.api.doors import Client
from tests.api.offering import close
from tests.api.partner.test_scores import kept, open_again, who_looked
from tests.api.people import Shop, open_shop
from tests.clocks import Clock
from tests.phones import Answer, Phone, new_key
from tests.statements import statements

TELLS = "CONTRIBUTE_FACTS"


async def token_of(phone: Phone, shop: Shop, **more: Any) -> str:
    return str((await grant(phone, shop, **{"scopes": [TELLS], **more}))["token"])


def said(name: str, at: str, **value: Any) -> Answer:
    return {"name": name, "value": value, "observedAt": at}


async def batch(clock: Clock) -> list[Answer]:
    at = (await clock.now() - timedelta(days=3)).isoformat()
    return [
        said("repayment.on_time_24m", at, number="14"),
        said("income.monthly_inflow", at, money={"amount": "8200.50", "currency": "CNY"}),
    ]


async def tell(client: Client, token: str, facts: list[Answer], **more: Any) -> Answer:
    input = {"consentToken": token, "facts": facts, "idempotencyKey": new_key(), **more}
    answer: Answer = (await client.send("ContributeFacts", input=input))["contributeFacts"]
    return answer


async def sheet(phone: Phone) -> FactSheet:
    async with reading() as db:
        return await readings.sheet(db, phone.user_id)


async def count(phone: Phone) -> int:
    async with reading() as db:
        return (await db.execute(select(func.count()).where(Reading.user_id == phone.user_id))).scalar_one()


async def test_what_a_partner_tells_counts_and_is_seen(member: Phone, shop: Shop, client: Client, clock: Clock) -> None:
    token, facts = await token_of(member, shop), await batch(clock)
    with statements() as sent:
        assert await tell(client, token, facts) == {"__typename": "FactsAccepted", "count": 2}
    assert len(sent) <= 22
    told = await sheet(member)
    assert told.values["repayment.on_time_24m"] == 14
    assert told.values["income.monthly_inflow"] == Decimal("8200.50")
    assert told.sources_of["income.monthly_inflow"] == contributed.source_of(shop.partner.id)
    assert told.linked_sources == frozenset()
    (look,) = await who_looked(member)
    assert (look["by"], look["answer"], look["purpose"]) == ("Shop", "TAKEN", "LENDING")
    assert look["question"]["scope"] == TELLS
    assert "score_after_change" in await member.settle()


async def test_one_key_tells_once(member: Phone, shop: Shop, client: Client, clock: Clock) -> None:
    token, facts, key = await token_of(member, shop), await batch(clock), new_key()
    answers = [await tell(client, token, facts, idempotencyKey=key) for _ in range(3)]
    assert answers == [{"__typename": "FactsAccepted", "count": 2}] * 3
    assert (await count(member), len(await kept(member))) == (1, 1)
    assert (await tell(client, token, facts[:1], idempotencyKey=key))["code"] == "IDEMPOTENCY_MISMATCH"


async def test_one_wrong_item_is_named_and_nothing_is_kept(
    member: Phone, shop: Shop, client: Client, clock: Clock
) -> None:
    token, good = await token_of(member, shop), await batch(clock)
    now = await clock.now()
    at, ahead = good[0]["observedAt"], (now + timedelta(hours=1)).isoformat()
    old = (now - timedelta(days=181)).isoformat()
    wrong = [
        (said("repayment.late_24m", at, number="501"), "value"),
        (said("income.stability", at, number="-0.01"), "value"),
        (said("income.stability", at, text="0.5"), "value"),
        (said("credit.outstanding", at, number="8200"), "value"),
        (said("credit.outstanding", at, money={"amount": "8", "currency": "USD"}), "value"),
        (said("profile.birth_date", at, text="2000-01-01"), "name"),
        (said("identity.checked", at, flag=True), "name"),
        (said("social.contacts", at, number="5"), "name"),
        (said("anything", at, number="5"), "name"),
        (said("income.stability", at, number="0.5", flag=True), "value"),
        (said("income.stability", at), "value"),
        (said("income.stability", at, number=None), "value"),
        (good[0], "name"),
        (said("income.stability", ahead, number="0.5"), "observedAt"),
        (said("income.stability", old, number="0.5"), "observedAt"),
    ]
    for item, field in wrong:
        refused = await tell(client, token, [*good, item])
        assert (refused["code"], refused["field"]) == ("INVALID", ["input", "facts", "2", field]), item
    for facts in ([], good * 101):
        assert (await tell(client, token, facts))["field"] == ["input", "facts"]
    assert (await count(member), await kept(member)) == (0, [])
    async with reading() as db:
        receipts = select(func.count()).where(Receipt.actor == f"partner:{shop.partner.id}")
        assert (await db.execute(receipts)).scalar_one() == 0


async def test_every_wrong_item_is_told_at_once(member: Phone, shop: Shop, client: Client, clock: Clock) -> None:
    token, (good, _) = await token_of(member, shop), await batch(clock)
    bad = [said(name, good["observedAt"], number="-5") for name in ("income.stability", "credit.open_loans")]
    document = "mutation ($input: ContributeFactsInput!) { contributeFacts(input: $input) { ... on Refused { faults { field } } } }"
    input = {"consentToken": token, "facts": [bad[0], good, bad[1]], "idempotencyKey": new_key()}
    faults = (await client.ask(document, input=input))["contributeFacts"]["faults"]
    assert [fault["field"] for fault in faults] == [["input", "facts", place, "value"] for place in "02"]
    # What is written into the document is told alike, and what only a variable leaves out.
    item = '{ name: "income.stability", observedAt: "2026-11-01T00:00:00Z", value: %s }'
    items = ", ".join(
        item % value for value in ('{ number: "1", flag: true }', "{}", "{ flag: null }", "{ flag: $no }")
    )
    written = f"""mutation ($no: Boolean) {{ contributeFacts(input: {{ consentToken: "{token}", idempotencyKey: "{new_key()}",
        facts: [{items}] }}) {{ ... on Refused {{ faults {{ message field }} }} }} }}"""
    assert (await client.ask(written))["contributeFacts"]["faults"] == [
        {"message": "Give exactly one of these fields, and not null.", "field": ["input", "facts", place, "value"]}
        for place in "0123"
    ]
    assert await count(member) == 0


async def test_a_token_that_opens_nothing_is_refused_alike(
    member: Phone, shop: Shop, client: Client, http: httpx2.AsyncClient, clock: Clock
) -> None:
    stranger, facts = await open_shop(), await batch(clock)
    back = await grant(member, shop, scopes=[TELLS])
    await member.do("RevokeConsent", consentId=back["id"])
    over = await token_of(member, shop, days=1)
    tokens = [
        await token_of(member, stranger),
        await token_of(member, shop, scopes=["SCORE_CHECK", "SCORE_REPORT"]),
        back["token"],
        "lct_" + "A" * 64,
    ]
    refusals = [await tell(client, token, facts) for token in tokens]
    await clock.forward(days=1, seconds=1)
    refusals.append(await tell(Client(http, "partner", await open_again(shop)), over, facts))
    assert {str(refusal) for refusal in refusals} == {str(refusals[0])}
    assert refusals[0]["code"] == "CONSENT_NOT_LIVE"
    looks = await kept(member)
    assert [(look.kind, look.answer) for look in looks] == [(LookupKind.CONTRIBUTION, LookupAnswer.REFUSED)] * 4
    assert await count(member) == 0
    await close(stranger)


async def test_it_ends_with_its_consent_alone(member: Phone, shop: Shop, client: Client, clock: Clock) -> None:
    first, second = [await grant(member, shop, scopes=[TELLS]) for _ in range(2)]
    one, other = await batch(clock)
    await tell(client, first["token"], [one])
    await tell(client, second["token"], [other])
    await member.settle()
    await member.do("RevokeConsent", consentId=first["id"])
    assert set((await sheet(member)).values) == {"income.monthly_inflow"}
    assert "score_after_change" in await member.settle()
    await member.do("RevokeConsent", consentId=second["id"])
    assert set((await sheet(member)).values) == set()


async def test_it_ends_with_the_time_of_its_consent(member: Phone, shop: Shop, client: Client, clock: Clock) -> None:
    await tell(client, await token_of(member, shop, days=2), await batch(clock))
    await member.settle()
    await clock.forward(days=2, seconds=1)
    assert set((await sheet(member)).values) == set()
    assert "score_after_change" in await member.settle()


async def test_no_account_is_gainsaid_unless_for_the_worse(
    shopper: Phone, shop: Shop, client: Client, clock: Clock
) -> None:
    before = (await sheet(shopper)).values
    at = (await clock.now()).isoformat()
    assert before["income.monthly_inflow"] and "credit.open_loans" in before
    loans = str(int(str(before["credit.open_loans"]).partition(".")[0]) + 3)
    facts = [
        said("income.monthly_inflow", at, money={"amount": "900000", "currency": "CNY"}),
        said("credit.open_loans", at, number=loans),
    ]
    assert (await tell(client, await token_of(shopper, shop), facts))["count"] == 2
    after = (await sheet(shopper)).values
    assert after["income.monthly_inflow"] == before["income.monthly_inflow"]
    assert after["credit.open_loans"] == float(loans)


async def test_what_was_found_wrong_stays_wrong_under_the_next_consent(
    member: Phone, shop: Shop, client: Client, clock: Clock
) -> None:
    facts = await batch(clock)
    await tell(client, await token_of(member, shop), facts)
    async with transaction() as db:
        told, now = await readings.live(db, member.user_id)
        (behind,) = disputing.facts_behind("repayment", told, now, shop.partner.id)
        assert (behind.shown_source, behind.value) == ("partner", 14)
        row = [behind.name, behind.value, behind.observed_at.isoformat()]
        await readings.correct(db, member.user_id, behind.source, [row])
    await tell(client, await token_of(member, shop), facts)
    assert set((await sheet(member)).values) == {"income.monthly_inflow"}
