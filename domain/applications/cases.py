"""Case: all that whoever reviews an application has to see of it; and of the person, as coarsely as it serves."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy import select, tuple_

from domain import approvals
from domain.actors import StaffActor
from domain.applications import applied_terms, approving, borrowers, decisions
from domain.applications.applications import Application
from domain.applications.applied_terms import AppliedTerms
from domain.applications.approving import ApprovedTerms
from domain.applications.borrowers import Borrower
from domain.applications.decisions import Decision
from domain.consent.lookups import Looker, LookupKind, for_lookup, look_up
from domain.credit import scores
from domain.credit.grades import Grade
from domain.credit.scores import Score, Scoring
from domain.facts.vocabulary import OCCUPATION_LABELS
from domain.market import products
from domain.market.products import Product, ProductStatus
from domain.market.terms.quote import Quote
from domain.people import invented
from domain.people.partners import Partner
from infra.database import Db
from infra.money import unit
from infra.settings import settings

Key = tuple[UUID, UUID]  # user, application


@dataclass(frozen=True)
class Band:
    """Round amounts around one, in minor units of a currency: `low` at least, below `high`."""

    low: int
    high: int
    currency: str


def band(minor: int, currency: str) -> Band:
    """Between two of 1, 2 and 5 times a power of ten; below a thousand all is one."""
    low, high = 0, 1_000 * unit(currency)
    while minor >= high:
        low, high = high, high * 5 // 2 if str(high)[0] == "2" else high * 2
    return Band(low, high, currency)


@dataclass(frozen=True)
class CaseFacts:
    """What is known of the person. Debts elsewhere and income are bands; what nobody knows is None."""

    score: Score | None
    income: Band | None
    is_income_told: bool  # by themselves; else an account showed it
    occupation: str | None  # of the list; words of their own are not read
    months_behind: int | None
    late_24m: int | None
    loans_elsewhere: int | None
    debt_elsewhere: Band | None

    @property
    def is_behind(self) -> bool:
        return self.months_behind is not None and self.months_behind >= 1


@dataclass(frozen=True)
class BoundTerms:
    """An amount in minor units over some months, and what they cost; None where nobody can be bound to anything."""

    amount: int
    months: int
    binding: Quote | None


@dataclass(frozen=True)
class Case:
    """`binding`: what an approval would bind, at the terms applied for; None where nobody can be bound to anything."""

    application: Application
    product: Product
    partner: Partner
    applied: AppliedTerms | None
    binding: Quote | None
    decision: Decision | None
    is_invented: bool
    borrower: Borrower | None = None
    facts: CaseFacts | None = None

    def for_less(self, terms: ApprovedTerms) -> "BoundTerms":
        """What an approval of these terms would bind. Refuses INVALID what is not less than was asked."""
        if self.applied is None:
            return BoundTerms(self.application.amount, self.application.term_months, None)
        approving.refuse_other(self.application, self.applied, terms)
        amount, months, rate = terms.over(self.application, self.applied)
        grade = self.borrower.grade if self.borrower else None
        quoted = applied_terms.quote(self.applied, amount, months, annual_rate=rate, grade_now=grade)
        return BoundTerms(amount, months, quoted)

    @property
    def withdrawn(self) -> str | None:
        """Why nobody here can approve it, where its partner offers the product no longer."""
        if self.product.status == ProductStatus.PUBLISHED:
            return None
        return approving.WITHDRAWN[(self.applied or self.product).decision]

    @property
    def monthly_after(self) -> int | None:
        """The new payments and what they owe already, where both are in the house's currency."""
        if self.binding is None or self.borrower is None or self.application.currency != settings().currency:
            return None
        return self.borrower.burden.monthly + self.binding.monthly_burden

    @property
    def can_carry(self) -> bool | None:
        """None where nobody can say: no income is known, or they owe in other currencies too."""
        if self.binding is None or self.borrower is None or self.facts is None:
            return None
        if not self.borrower.can_carry(self.binding.monthly_burden, self.application.currency):
            return False
        return None if self.facts.income is None or self.borrower.burden.elsewhere else True

    @property
    def share_of_income(self) -> tuple[float, float] | None:
        """What all instalments together would take, as far as the band tells it; no more can be reckoned back from it."""
        monthly, income = self.monthly_after, self.facts.income if self.facts else None
        if monthly is None or income is None or not income.low:
            return None
        return monthly / income.high, monthly / income.low

    @property
    def seen(self) -> str:
        """A mark of all that a decision depends on: another one means that something changed since somebody looked."""
        assert self.borrower is not None and self.facts is not None
        binding, facts, score = self.binding, self.facts, self.facts.score
        return approvals.hash_of(
            {
                "application": str(self.application.id),
                "product": self.product.status,
                "binding": None
                if binding is None
                else [str(binding.annual_rate), binding.total_cost, binding.deposit, binding.deposit_waived],
                "grade": score.grade if score else None,
                "carried": [
                    self.borrower.burden.monthly,
                    [[owed.minor, owed.currency] for owed in self.borrower.burden.elsewhere],
                ],
                "income": [facts.income.low, facts.is_income_told] if facts.income else None,
                "behind": [facts.months_behind, facts.late_24m, facts.loans_elsewhere],
                "decision": str(self.decision.id) if self.decision else None,
            }
        )


async def of_applications(db: Db, found: list[Application]) -> list[Case]:
    """Cases without the person, as a list shows them. As many statements for a hundred as for one."""
    if not found:
        return []
    keys: set[Key] = {(each.user_id, each.id) for each in found}
    titles = await products.by_ids(db, {each.product_id for each in found})
    partners = await products.partners_by_ids(db, {each.partner_id for each in found})
    kept = await applied_terms.of_applications(db, keys)
    made = await decisions.latest(db, keys)
    made_up = await invented.among(db, {each.user_id for each in found})
    cases = []
    for each in found:
        product = titles[each.product_id]
        applied = applied_terms.binding_terms(kept.get((each.user_id, each.id)), each, product)
        binding = applied_terms.quote(applied, each.amount, each.term_months) if applied else None
        decision = made.get((each.user_id, each.id))
        cases.append(Case(each, product, partners[each.partner_id], applied, binding, decision, made_up[each.user_id]))
    return cases


async def plain(db: Db, keys: set[Key]) -> dict[Key, Case]:
    """Cases by (user, application), without the person."""
    these = tuple_(Application.user_id, Application.id).in_(keys)
    found = list((await db.execute(select(Application).where(these))).scalars())
    return {(case.application.user_id, case.application.id): case for case in await of_applications(db, found)}


@dataclass(frozen=True)
class SeenBy:
    """Loads cases by (user, application), with what is known of whoever applied, for one member of staff."""

    actor: StaffActor

    async def __call__(self, db: Db, keys: set[Key]) -> dict[Key, Case]:
        found = await seen_by(db, list((await plain(db, keys)).values()), self.actor)
        return {(case.application.user_id, case.application.id): case for case in found}


async def seen_by(db: Db, cases: list[Case], actor: StaffActor) -> list[Case]:
    """These cases with what is known of whoever applied, who can read that this member of staff looked at it."""
    scored = await look_up(
        db,
        Looker(LookupKind.REVIEW, staff_id=actor.staff_id),
        {(case.application.user_id, case.application.id) for case in cases},
        scores.scorings_of,
        lambda known: known[1].grade if known[1] else None,
    )
    return await _with_the_person(db, cases, scored)


async def load_unseen(db: Db, case: Case) -> Case:
    """The case with what is known of the person, for the house to compare; nobody sees it."""
    scored = await for_lookup(scores.scorings_of)(db, {case.application.user_id})
    (whole,) = await _with_the_person(db, [case], scored)
    return whole


async def _with_the_person(
    db: Db, cases: list[Case], scored: Mapping[UUID, tuple[Scoring, Score | None]]
) -> list[Case]:
    people = await for_lookup(borrowers.of_applications)(db, [case.application for case in cases])
    looked_up = []
    for case in cases:
        application, score = case.application, scored.get(case.application.user_id, (None, None))[1]
        borrower = replace(people[application.id], grade=score.grade if score else None)
        binding = _binding(case, borrower.grade)
        facts = _facts_of(borrower, score)
        looked_up.append(replace(case, borrower=borrower, facts=facts, binding=binding))
    return looked_up


def _binding(case: Case, grade_now: Grade | None) -> Quote | None:
    if case.applied is None:
        return None
    return applied_terms.quote(case.applied, case.application.amount, case.application.term_months, grade_now=grade_now)


def _facts_of(borrower: Borrower, score: Score | None) -> CaseFacts:
    sheet, currency = borrower.sheet, settings().currency
    income = borrower.income_in(currency)

    def number(name: str) -> float | None:
        value = sheet.values.get(name)
        return None if value is None else float(value)  # type: ignore[arg-type]

    def count(name: str) -> int | None:
        value = number(name)
        return None if value is None else int(value)

    debt, occupation = number("credit.outstanding"), sheet.values.get("profile.occupation")
    return CaseFacts(
        score=score,
        income=None if income is None else band(income, currency),
        is_income_told="income.monthly_inflow" not in sheet.values,
        occupation=occupation if isinstance(occupation, str) and occupation in OCCUPATION_LABELS else None,
        months_behind=count("repayment.delay_months"),
        late_24m=count("repayment.late_24m"),
        loans_elsewhere=count("credit.open_loans"),
        debt_elsewhere=None if debt is None else band(int(debt) * unit(currency), currency),
    )
