"""Looking: each rule looks at a sighting once it is written, and what it says is written down."""

from collections.abc import Awaitable, Callable, Mapping
from uuid import UUID

from domain.risk import crowding, rules, signals, travelling
from domain.risk.rules import RuleMode
from domain.risk.sightings import SEEN, Sighting
from domain.risk.signals import Suspect
from infra.database import Db
from infra.outbox import Event
from infra.reactions import reaction

Finder = Callable[[Db, Sighting, Mapping[str, float]], Awaitable[list[Suspect]]]
FINDERS: Mapping[str, Finder] = {
    rules.TRAVEL.code: travelling.find,
    rules.CLUSTER.code: crowding.find_cluster,
    rules.RUSH.code: crowding.find_rush,
    rules.APPLICATIONS.code: crowding.find_applications,
}


@reaction(SEEN, stored_as="look_for_signals")
async def look_for_signals(db: Db, event: Event) -> None:
    assert event.user_id and event.subject_id, "a sighting is of somebody"
    await look(db, event.user_id, event.subject_id)


async def look(db: Db, user_id: UUID, sighting_id: UUID) -> None:
    """Ask each rule that is not off about a sighting, and write down its signals; nothing where the person was erased."""
    sighting = await db.get(Sighting, (user_id, sighting_id))
    if sighting is None:
        return
    for code, rule in (await rules.current(db)).items():
        if rule.mode is not RuleMode.OFF:
            await signals.raise_each(db, rule, await FINDERS[code](db, sighting, rule.parameters))
