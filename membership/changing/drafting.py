"""Drafting: a new version of the rules, whole and sensible, that nobody is judged by yet."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from uuid import UUID

from sqlalchemy import func, select

from domain import changes
from domain.actors import StaffActor
from infra import clock, receipts, texts
from infra.database import Db
from infra.errors import invalid, not_found
from infra.ids import new_id
from infra.words import N_
from membership import rules, tiers
from membership.rules import RulesStatus, TierRule, TierRules

NOTE_LENGTH_MAX = 500
RULES = ("input", "rules")
NOT_FOUND = N_("We could not find these rules.")


@dataclass(frozen=True)
class ProposedRule:
    """What a draft asks for one tier, as `TierRule`."""

    tier_code: str
    points_at_least: int
    activity_at_least: int
    grace_days: int


MOST = {"points_at_least": 950, "activity_at_least": 1_000, "grace_days": 730}
NAMES = {
    "points_at_least": "pointsAtLeast",
    "activity_at_least": "activityAtLeast",
    "grace_days": "graceDays",
}


async def draft(db: Db, actor: StaffActor, *, asked: Sequence[ProposedRule], note: str, key: str) -> TierRules:
    """A version with one rule for each tier. Refuses INVALID, naming the rule, what no ladder of tiers can be."""
    said = {"rules": [asdict(rule) for rule in asked], "note": note}
    receipt = await receipts.claim(db, actor=actor.name, operation="draft_tier_rules", key=key, input=said)
    if receipt.result_id is not None:
        return await demand(db, receipt.result_id)
    await rules.lock(db)
    ladder = _checked(list(await tiers.tiers_by_code(db)), asked)
    made = TierRules(
        id=new_id(),
        version=(await db.execute(select(func.max(TierRules.version)))).scalar_one() + 1,
        status=RulesStatus.DRAFT,
        note=texts.line(note, NOTE_LENGTH_MAX, ("input", "note")),
        created_at=await clock.now(db),
        author_id=actor.staff_id,
        rules=[TierRule(**asdict(rule)) for rule in ladder],
    )
    db.add(made)
    await db.flush()
    before, after = _content(await rules.live(db)), _content(made)
    await changes.record(db, actor, "tier-rules", str(made.version), before=before, after=after)
    receipt.result_id = made.id
    return await demand(db, made.id)


def _content(version: TierRules) -> dict[str, int]:
    """What it asks, as the record of changes keeps it."""
    return {f"{rule.tier_code}.{NAMES[column]}": getattr(rule, column) for rule in version.rules for column in NAMES}


async def demand(db: Db, rules_id: UUID) -> TierRules:
    """Refuses NOT_FOUND."""
    known = await rules.find(db, rules_id)
    if known is None:
        raise not_found(NOT_FOUND, ("input", "tierRulesId"))
    return known


def _checked(codes: Sequence[str], asked: Sequence[ProposedRule]) -> list[ProposedRule]:
    """The rules, lowest tier first."""
    places = {rule.tier_code: place for place, rule in enumerate(asked)}
    if len(places) != len(asked) or places.keys() != set(codes):
        raise invalid(N_("Give one rule for each of these tiers: {tiers}."), RULES, tiers=", ".join(codes))
    ladder = [asked[places[code]] for code in codes]
    for rule in ladder:
        for column, most in MOST.items():
            if not 0 <= getattr(rule, column) <= most:
                raise invalid(N_("Enter a number from 0 to {most}."), _field(places, rule, column), most=most)
    _refuse_a_ladder_that_falls(places, ladder)
    return ladder


def _refuse_a_ladder_that_falls(places: dict[str, int], ladder: Sequence[ProposedRule]) -> None:
    for column in ("points_at_least", "activity_at_least"):
        if getattr(ladder[0], column) != 0:
            raise invalid(N_("The lowest tier is everybody's, so it asks for 0."), _field(places, ladder[0], column))
        for below, rule in pairwise(ladder):
            least = getattr(below, column)
            if getattr(rule, column) < least:
                sentence = N_("A tier asks for at least as much as the tier below it: {least} or more.")
                raise invalid(sentence, _field(places, rule, column), least=least)


def _field(places: dict[str, int], rule: ProposedRule, column: str) -> tuple[str, ...]:
    return (*RULES, str(places[rule.tier_code]), NAMES[column])
