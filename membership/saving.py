"""Saving: marketing writes a benefit, changes it, and retires it. What people were promised they keep to the end of their cycle."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from domain import changes
from domain.actors import StaffActor
from domain.people.partners import Partner
from infra import clock, outbox, receipts, texts
from infra.database import Db
from infra.errors import Faults, Refusal, RefusalCode, invalid, not_found
from infra.ids import new_id
from infra.money import Money
from infra.words import N_
from membership import benefits, granting, quotas, rules, tiers, wishes
from membership.benefits import LIFE, Benefit, BenefitSource, BenefitStatus, QuotaCycle, QuotaReset, Segment
from membership.campaigns import pausing
from membership.plans import offering, plans

NAME_LENGTH_MAX, QUOTA_MAX = 80, 1_000
# Whoever uses a benefit names it, and does not wait for who changes it.
UNLESS_NAMED = {"key_share": True}


@dataclass(frozen=True)
class WantedBenefit:
    """A benefit as marketing wants it. `tier_codes`, `plan_codes`: what grants it; a draft where nothing does.

    Tiers grant it at once. What people have bought stays as it is: a plan that is to grant it, or is not to any more, is
    another version of the plan, which waits for a second person.
    """

    code: str
    name: str
    segment: Segment
    tier_codes: Collection[str]
    plan_codes: Collection[str]
    quota: int | None
    reset: QuotaReset
    unit_cost: Money
    member_value: Money
    partner_id: UUID | None = None
    cycle: QuotaCycle = QuotaCycle.CALENDAR


async def save(db: Db, actor: StaffActor, wanted: WantedBenefit, *, expected_version: int | None, key: str) -> Benefit:
    """Write a new benefit, or change the one of this code; whoever is at what newly grants it has it in a moment.

    Refuses INVALID, NOT_FOUND a version of what is not there, STALE another version than the one that is there, and NOT_OPEN
    what retires.
    """
    said = {**asdict(wanted), "expected_version": expected_version}
    receipt = await receipts.claim(db, actor=actor.name, operation="save_benefit", key=key, input=said)
    if receipt.result_id is not None:
        return await db.get_one(Benefit, receipt.result_id)
    await rules.lock(db)
    known = await _locked(db, wanted.code)
    wishes.refuse_other_version(known.version if known else None, expected_version)
    sources, name = await _check(db, wanted, known)
    before = await _content(db, known) if known else None
    saved = known or _first(wanted)
    await _write(db, saved, wanted, name, sources)
    await offering.propose_granting(db, actor, saved, wanted.plan_codes)
    after = await _content(db, saved)
    if before is not None and before != after:
        saved.version += 1
        await pausing.pause_stale(db, saved.id)
    await changes.record(db, actor, "benefit", saved.code, before=before, after=after)
    receipt.result_id = saved.id
    return saved


async def retire(db: Db, actor: StaffActor, *, benefit_id: UUID, expected_version: int) -> Benefit:
    """Give a benefit to nobody any more. Refuses NOT_FOUND, STALE, and NOT_OPEN what nobody gets yet."""
    found = await db.get(Benefit, benefit_id, with_for_update=UNLESS_NAMED, populate_existing=True)
    if found is None:
        raise not_found(N_("We could not find this benefit."), ("input", "benefitId"))
    if found.status in (BenefitStatus.RETIRING, BenefitStatus.RETIRED):
        return found
    wishes.refuse_other_version(found.version, expected_version)
    before, now = await _content(db, found), await clock.now(db)
    await LIFE.move(db, found, BenefitStatus.RETIRING, "input", "benefitId")
    found.retiring_at, found.retires_at = now, quotas.all_periods_end_at(found, now)
    found.version += 1
    await pausing.pause_stale(db, found.id)
    await outbox.announce(db, benefits.RETIREMENT_DUE, subject_id=found.id, due_at=found.retires_at)
    await changes.record(db, actor, "benefit", found.code, before=before, after=await _content(db, found))
    return found


async def finish_retiring(db: Db, benefit_id: UUID) -> None:
    """Nobody's own month or year is left in which they had it."""
    found = await db.get_one(Benefit, benefit_id, with_for_update=UNLESS_NAMED, populate_existing=True)
    if found.status is BenefitStatus.RETIRING:
        await LIFE.move(db, found, BenefitStatus.RETIRED)


async def _locked(db: Db, code: str) -> Benefit | None:
    its = select(Benefit).where(Benefit.code == code).with_for_update(key_share=True)
    return (await db.execute(its.execution_options(populate_existing=True))).scalar_one_or_none()


async def _check(db: Db, wanted: WantedBenefit, known: Benefit | None) -> tuple[set[str], str]:
    """The sources of the tiers, and the name as it is kept. Refuses with all that is wrong at once."""
    ladder = list(await tiers.tiers_by_code(db))
    sold = [plan.code for plan in await plans.offered(db)]
    partner = wanted.partner_id is None or await db.get(Partner, wanted.partner_id) is not None
    faults = Faults()
    faults.of(lambda: wishes.check_code(wanted.code))
    name = faults.of(lambda: texts.line(wanted.name, NAME_LENGTH_MAX, ("input", "name")))
    faults.of(lambda: _known(wanted.tier_codes, ladder, "tierCodes"))
    faults.of(lambda: _known(wanted.plan_codes, sold, "planCodes"))
    faults.of(lambda: _check_quota(wanted.quota))
    faults.of(lambda: wishes.check_money(wanted.unit_cost, "unitCost"))
    faults.of(lambda: wishes.check_money(wanted.member_value, "memberValue"))
    faults.of(lambda: _check_partner(partner))
    faults.of(lambda: _check_change(known, wanted))
    faults.refuse()
    assert name is not None, "it was checked"
    return {benefits.tier_source(code) for code in wanted.tier_codes}, name


def _known(codes: Collection[str], known: Collection[str], field: str) -> None:
    if strangers := sorted(set(codes) - set(known)):
        named = {"strangers": ", ".join(strangers), "known": ", ".join(known)}
        raise invalid(N_("There is no {strangers}. Choose among: {known}."), ("input", field), **named)


def _check_quota(quota: int | None) -> None:
    if quota is not None and not 1 <= quota <= QUOTA_MAX:
        raise invalid(N_("Enter 1 to {most}, or nothing: as often as one likes."), ("input", "quota"), most=QUOTA_MAX)


def _check_partner(is_known: bool) -> None:
    if not is_known:
        raise not_found(N_("We could not find this partner."), ("input", "partnerId"))


def _check_change(known: Benefit | None, wanted: WantedBenefit) -> None:
    if known is None or known.status is BenefitStatus.DRAFT:
        return
    if known.status not in LIFE.groups["changeable"]:
        raise Refusal(
            RefusalCode.NOT_OPEN, N_("This benefit retires. Save another under a new code."), field=("input", "code")
        )
    if (wanted.reset, wanted.cycle) != (known.reset, known.cycle):
        raise invalid(
            N_("People have used this by {reset}. Retire it and save another under a new code."),
            ("input", "reset"),
            reset=known.reset.value,
        )
    _check_promised(known.quota, wanted.quota)
    if not wanted.tier_codes and not wanted.plan_codes:
        raise invalid(N_("People have this. Retire it, so that they keep it as promised."), ("input", "tierCodes"))


def _check_promised(promised: int | None, wanted: int | None) -> None:
    """Nobody has fewer uses left than they were promised, least of all who paid for them."""
    if promised is None and wanted is not None:
        raise invalid(
            N_("People may use this as often as they like. Retire it and save another under a new code."),
            ("input", "quota"),
        )
    if promised is not None and wanted is not None and wanted < promised:
        raise invalid(
            N_(
                "People were promised {promised}. Enter as many or more, or retire it and save another under a new code."
            ),
            ("input", "quota"),
            promised=promised,
        )


def _first(wanted: WantedBenefit) -> Benefit:
    return Benefit(
        id=new_id(),
        code=wanted.code,
        name=wanted.name,
        segment=wanted.segment,
        quota=wanted.quota,
        reset=wanted.reset,
        unit_cost_minor=wanted.unit_cost.minor,
        currency=wanted.unit_cost.currency,
        status=BenefitStatus.DRAFT,
    )


async def _write(db: Db, saved: Benefit, wanted: WantedBenefit, name: str, sources: set[str]) -> None:
    saved.name, saved.segment, saved.quota = name, wanted.segment, wanted.quota
    saved.reset, saved.cycle, saved.partner_id = wanted.reset, wanted.cycle, wanted.partner_id
    saved.unit_cost_minor, saved.member_value_minor = wanted.unit_cost.minor, wanted.member_value.minor
    db.add(saved)
    await db.flush()
    is_new = await _write_sources(db, saved.id, sources)
    if sources and saved.status is BenefitStatus.DRAFT:
        await LIFE.move(db, saved, BenefitStatus.LIVE)
    await db.flush()
    if is_new:
        await granting.begin(db, [saved.id])


async def _write_sources(db: Db, benefit_id: UUID, wanted: set[str]) -> bool:
    """Let it be granted by exactly these tiers from now on. Answers whether one is new."""
    every = (await benefits.sources_of(db, [benefit_id])).get(benefit_id, [])
    going = {source for source in every if source.startswith(benefits.TIER)}
    its = update(BenefitSource).where(BenefitSource.benefit_id == benefit_id)
    ended = its.where(BenefitSource.source.in_(going - wanted)).values(ended_at=await clock.now(db))
    await db.execute(ended.execution_options(synchronize_session=False))
    if new := [{"source": source, "benefit_id": benefit_id} for source in sorted(wanted - going)]:
        rows = insert(BenefitSource).values(new)
        again = rows.on_conflict_do_update(index_elements=["source", "benefit_id"], set_={"ended_at": None})
        await db.execute(again)
    return bool(new)


async def _content(db: Db, saved: Benefit) -> dict[str, Any]:
    """All that marketing says of it, as the record of changes keeps it."""
    return {
        **saved.terms,
        "status": saved.status.value,
        "grantedBy": (await benefits.sources_of(db, [saved.id])).get(saved.id, []),
    }
