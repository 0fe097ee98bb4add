"""kill -9 of everything in the middle of applying, drawing and repaying: nothing that was accepted is lost, doubled, or left
undecided, and no money is left with nobody knowing of it.
"""

import asyncio
import itertools

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from infra.settings import settings
from tests.applying import AT_ONCE, BY_PARTNER, wish
from tests.faults.borrowing import ANOTHER_CARD, CARDS, MONEY_ZERO, borrow, draw_and_repay, live_whole_loans, prove
from tests.faults.machine import VICTIMS, Machine, order_of_deaths, running
from tests.faults.partner import Listener, listen
from tests.faults.people import Patient
from tests.integrations.webhooks.hooks import hook
from tests.patience import SECONDS_MAX
from tests.phones import Answer
from tests.visiting import visitor

SEED = 20_261_122
PEOPLE = 3
KILLS_EACH = 1

# What is due later, as a promise, was never tried.
UNSENT = text(
    "SELECT count(*) + (SELECT count(*) FROM webhook_deliveries WHERE state = 'WAITING') FROM event_reactions "
    "WHERE handled_at IS NULL AND (attempts > 0 OR due_at <= longan_now())"
)
# Whoever lives renews a claim of half a minute every eight seconds, and posts for ten.
CLAIMS_OF_THE_DEAD = [
    text(
        f"UPDATE {table} SET claimed_until = clock_timestamp() WHERE claimed_until < clock_timestamp() + interval '18 s'"
    )
    for table in ("event_reactions", "webhook_deliveries")
]
ZERO = {
    "applications that were accepted twice": """
        SELECT count(*) FROM (SELECT user_id, product_id, amount FROM applications
        GROUP BY user_id, product_id, amount HAVING count(*) > 1) AS doubled""",
    "receipts without an effect": "SELECT count(*) FROM receipts WHERE result_id IS NULL",
    "applications without exactly one beginning": """
        SELECT count(*) FROM applications AS a WHERE 1 <> (SELECT count(*) FROM events AS e
        WHERE e.subject_id = a.id AND e.name = 'application.submitted')""",
    "applications at once without exactly one decision": """
        SELECT count(*) FROM applications AS a JOIN products AS p ON p.id = a.product_id AND p.decision = 'INSTANT'
        WHERE 1 <> (SELECT count(*) FROM decisions AS d WHERE d.application_id = a.id)""",
    "approvals without exactly one offer": """
        SELECT count(*) FROM applications AS a WHERE a.status = 'APPROVED'
        AND 1 <> (SELECT count(*) FROM offers AS o WHERE o.application_id = a.id)""",
    "applications without exactly one consent": """
        SELECT count(*) FROM applications AS a WHERE 1 <> (SELECT count(*) FROM consents AS c WHERE c.application_id = a.id)""",
    "scores that were made twice of the same facts": """
        SELECT count(*) FROM (SELECT user_id, facts_version FROM scores
        GROUP BY user_id, facts_version HAVING count(*) > 1) AS doubled""",
    "people without a score": "SELECT count(*) FROM users AS u WHERE NOT EXISTS (SELECT FROM scores AS s WHERE s.user_id = u.id)",
}


async def test_nothing_accepted_is_lost_or_doubled(models: None) -> None:
    async with hook() as server:
        with running(settings().var / "models", server.authority) as machine:
            await nothing_is_lost_or_doubled(machine, await listen(machine, server))


async def nothing_is_lost_or_doubled(machine: Machine, partner: Listener) -> None:
    async with visitor(machine.url, timeout=60) as http:
        people = [Patient(http) for _ in range(PEOPLE)]
        await asyncio.gather(*(person.begin() for person in people))
        borrowers = [Patient(http) for _ in CARDS]
        loans = await asyncio.gather(*map(borrow, borrowers, CARDS))
        await prove(another := Patient(http), ANOTHER_CARD)
        storm = asyncio.create_task(kill_one_after_another(machine, partner))
        repaying = asyncio.gather(
            *(draw_and_repay(each, loan, storm) for each, loan in zip(borrowers, loans, strict=True)),
            live_whole_loans(another, storm),
        )
        await asyncio.gather(*(live(person, storm) for person in people))
        await storm
        repaid = sum(await repaying)
        await asyncio.to_thread(machine.wait_until_ready)
        await every_key_still_answers_the_same(people)
    accepted = sum(len(person.accepted) for person in (*people, *borrowers, another))
    await everything_is_as_it_should_be(machine, accepted, repaid)
    the_partner_heard_all_of_it_once(partner, people)


async def kill_one_after_another(machine: Machine, partner: Listener | None = None) -> None:
    for victim in order_of_deaths(SEED, KILLS_EACH):
        await asyncio.sleep(0.6)
        if partner and victim == "sender":
            await partner.is_posted_to()
        machine.kill(victim)
        if partner and victim == "sender":
            partner.has_died.set()
        await asyncio.to_thread(machine.wait_until_ready)
    for victim in VICTIMS:
        machine.kill(victim)
    await asyncio.to_thread(machine.wait_until_ready)


async def live(person: Patient, storm: "asyncio.Task[None]") -> None:
    """Apply, and change what is scored, for as long as the storm lasts."""
    for number in itertools.count():
        if storm.done() or number == 18:
            return
        product = (AT_ONCE, BY_PARTNER)[number % 2]
        await person.apply(wish(product, f"{1000 + number}.00", 3))
        await person.send("UpdateProfile", input={"occupation": f"trade {number}"})
        await asyncio.sleep(0.3)


async def every_key_still_answers_the_same(people: list[Patient]) -> None:
    for person in people:
        for number, (key, first) in enumerate(list(person.accepted.items())):
            product = (AT_ONCE, BY_PARTNER)[number % 2]
            again: Answer = await person.apply(wish(product, f"{1000 + number}.00", 3, idempotencyKey=key))
            assert again["id"] == first["id"]
            assert again["decision"] == first["decision"]


async def everything_is_as_it_should_be(machine: Machine, accepted: int, repaid: int) -> None:
    engine = create_async_engine(machine.database_url)
    async with engine.connect() as connection:
        connection = await connection.execution_options(isolation_level="AUTOCOMMIT")
        await everything_was_sent(machine, connection)
        assert (await connection.execute(text("SELECT count(*) FROM applications"))).scalar_one() == accepted > 0
        assert (await connection.execute(text("SELECT count(*) FROM payments"))).scalar_one() == repaid > 0
        zero = ZERO | MONEY_ZERO
        found = {name: (await connection.execute(text(count))).scalar_one() for name, count in zero.items()}
        assert found == dict.fromkeys(zero, 0)
    await engine.dispose()


def the_partner_heard_all_of_it_once(partner: Listener, people: list[Patient]) -> None:
    theirs = [each["id"] for person in people for each in person.of(BY_PARTNER)]
    assert partner.heard.keys() == set(theirs) and theirs
    assert {tuple(sorted(types)) for types in partner.heard.values()} == {("application.submitted", "consent.granted")}
    assert partner.is_told_the_same_each_time
    assert len(partner.hook.posted) > 2 * len(theirs), "what was under way when its sender died came again"


async def everything_was_sent(machine: Machine, connection: AsyncConnection) -> None:
    """Leases of what was tried in the storm run out by the house's clock, which we move, and claims of the dead by the machine's,
    which we end: nobody waits for them here.
    """
    async with asyncio.timeout(SECONDS_MAX), visitor(machine.url) as http:
        while (await connection.execute(UNSENT)).scalar_one():
            for claims in CLAIMS_OF_THE_DEAD:
                await connection.execute(claims)
            await http.post("/dev/clock", json={"advance": "PT5S"})
            await asyncio.sleep(0.3)
