"""Eligibility: the table of rules, asked of one person and one product, of all products, or of all people."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from domain.credit.reasons import Reason
from domain.market.applicants import Applicant, PeopleColumns, people_of
from domain.market.arrays import Flags, Whole
from domain.market.columns import ProductColumns, columns_of
from domain.market.pairing import Pairing
from domain.market.products import Product
from domain.market.rules import CODES, ELIGIBLE, PARTNERS, POLICYS, Rule, Unknown


def seeing(pair: Pairing) -> Whole:
    """The place in CODES of the first rule that each pair does not meet. What is unknown stands against nothing."""
    return _first(pair, [*_unmet(pair, PARTNERS), *_unmet(pair, POLICYS)])


def applying(pair: Pairing) -> Whole:
    """The place in CODES that `apply` would answer for each pair: what is unknown and asked for stands against it too."""
    return _first(pair, [*_unmet(pair, PARTNERS), *_missing(pair), *_unmet(pair, POLICYS)])


def _first(pair: Pairing, against: Sequence[tuple[str, Flags]]) -> Whole:
    found = np.full(pair.shape, ELIGIBLE)
    for code, stands_against in reversed(against):
        found[np.broadcast_to(stands_against, pair.shape)] = CODES.index(code)
    return found


def _unmet(pair: Pairing, rules: Iterable[Rule]) -> Iterator[tuple[str, Flags]]:
    for rule in rules:
        against = rule.against(pair)
        yield rule.code, against if rule.needs is None else against & rule.needs.is_known(pair)


def _missing(pair: Pairing) -> Iterator[tuple[str, Flags]]:
    for rule in PARTNERS:
        assert rule.needs is not None
        yield rule.needs.code, rule.needs.asks(pair) & ~rule.needs.is_known(pair)


def counts(people: PeopleColumns, products: ProductColumns, rows: Iterable[int]) -> Whole:
    """How many people each of CODES counts for if they applied, for the products at these rows."""
    each = [np.bincount(applying(Pairing(people, products.only([row])))[:, 0], minlength=len(CODES)) for row in rows]
    return np.array(each, np.int64).reshape(-1, len(CODES))


@dataclass(frozen=True)
class ProductStanding:
    """All that stands between one person and one product: rules that are not met, what is unknown, what the policy says."""

    unmet: tuple[Reason, ...]
    missing: tuple[tuple[Unknown, Reason], ...]
    declined: tuple[Reason, ...]

    @property
    def reasons(self) -> tuple[Reason, ...]:
        return self.unmet + tuple(reason for _, reason in self.missing) + self.declined


def standing(product: Product, who: Applicant) -> ProductStanding | None:
    """How one person stands to one product, at the costs of the illustrated amount; None where the product cannot be read."""
    columns = columns_of([product])
    if not len(columns):
        return None
    pair = Pairing(people_of([who]), columns)
    missing = {code for code, is_missing in _missing(pair) if is_missing.all()}
    return ProductStanding(
        unmet=tuple(_reasons(pair, PARTNERS, product, who)),
        missing=tuple(
            (needs, Reason(needs.code, needs.sentence, needs.values(who, product)))
            for rule in PARTNERS
            if (needs := rule.needs) is not None and needs.code in missing
        ),
        declined=tuple(_reasons(pair, POLICYS, product, who)),
    )


def _reasons(pair: Pairing, rules: Iterable[Rule], product: Product, who: Applicant) -> Iterator[Reason]:
    unmet = {code for code, against in _unmet(pair, rules) if against.all()}
    for rule in rules:
        if rule.code in unmet:
            yield Reason(rule.code, rule.sentence, rule.values(who, product))
