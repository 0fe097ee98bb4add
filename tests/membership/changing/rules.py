"""Rules to try: written short, drafted, and simulated to the end."""

from uuid import UUID, uuid4

from domain.actors import StaffActor
from infra.database import reading, transaction
from membership.changing import drafting, simulating, simulations
from membership.changing.drafting import ProposedRule
from membership.changing.simulations import Simulation
from membership.rules import TierRules

CODES = ("LITE", "SILVER", "GOLD", "PLATINUM", "BLACK")
# Points, activity and days of grace, lowest tier first: what the house begins with, and an easier and a harder ladder.
Ladder = tuple[tuple[int, int, int], ...]
FIRST: Ladder = ((0, 0, 0), (600, 0, 30), (680, 0, 60), (720, 6, 60), (780, 24, 90))
EASIER: Ladder = ((0, 0, 0), (550, 0, 30), (600, 0, 60), (700, 2, 60), (780, 24, 90))
HARDER: Ladder = ((0, 0, 0), (650, 0, 30), (720, 0, 60), (760, 6, 0), (800, 24, 90))


def proposed(ladder: Ladder) -> list[ProposedRule]:
    return [ProposedRule(code, *asked) for code, asked in zip(CODES, ladder, strict=True)]


async def drafted(actor: StaffActor, ladder: Ladder, note: str = "Another ladder.", key: str = "") -> TierRules:
    async with transaction() as db:
        return await drafting.draft(db, actor, asked=proposed(ladder), note=note, key=key or str(uuid4()))


async def simulated(rules_id: UUID) -> Simulation:
    async with transaction() as db:
        begun = await simulating.simulate(db, rules_id=rules_id)
    await simulating.run(begun.id)
    async with reading() as db:
        done = await simulations.find(db, begun.id)
    assert done is not None
    return done
