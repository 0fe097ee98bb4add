"""Applicant: what the rules may know of a person; and many of them as columns, without who they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from domain.credit import policy
from domain.credit.grades import Grade
from domain.credit.scoring import Scored
from domain.facts.sheets import FactSheet
from domain.market.arrays import Codes, Texts, Whole, upright
from domain.market.columns import GRADES
from domain.people.profiles import age_on, listed_occupation
from infra.clock import local_day
from infra.settings import settings


@dataclass(frozen=True)
class Applicant:
    """What the rules know of one person; None is unknown. Money is of a month, in minor units of `currency`."""

    age: int | None
    region: str | None
    occupation: str | None
    income: int | None
    grade: Grade | None
    currency: str = "CNY"
    burden: int = 0  # what is owed already, as far as we know
    is_behind: bool = False  # on a repayment, now

    def income_in(self, currency: str) -> int | None:
        return self.income if currency == self.currency else None


def applicant_of(sheet: FactSheet, scored: Scored | None, burden: int = 0) -> Applicant:
    birth, region, occupation = (sheet.values.get(f"profile.{name}") for name in ("birth_date", "region", "occupation"))
    currency = settings().currency
    return Applicant(
        age=age_on(birth, local_day(sheet.as_of)) if isinstance(birth, date) else None,
        region=region if isinstance(region, str) else None,
        # In a person's own words it is unknown: they are not read.
        occupation=listed_occupation(occupation) if isinstance(occupation, str) else None,
        income=policy.income_in(currency, sheet),
        grade=scored.grade if scored else None,
        currency=currency,
        burden=burden,
        is_behind=scored is not None and policy.is_behind(sheet),
    )


@dataclass(frozen=True, eq=False)
class PeopleColumns:
    """One row a person. Money in minor units of each one's currency."""

    age: Whole
    region: Texts
    occupation: Texts
    income: Whole
    grade: Whole  # place in GRADES
    burden: Whole
    is_behind: Whole
    currency: Codes

    def __len__(self) -> int:
        return len(self.age)

    def packed(self) -> dict[str, Any]:
        """The columns as JSON can hold them."""
        return {
            "region": self.region.values(),
            "occupation": self.occupation.values(),
            "currency": [currency.decode() for currency in self.currency[:, 0].tolist()],
            **{name: getattr(self, name)[:, 0].tolist() for name in NUMBERS},
        }


NUMBERS = ("age", "income", "grade", "burden", "is_behind")


def people_of(people: Sequence[Applicant]) -> PeopleColumns:
    return PeopleColumns(
        age=upright([one.age for one in people]),
        region=Texts.of([one.region for one in people]),
        occupation=Texts.of([one.occupation for one in people]),
        income=upright([one.income for one in people]),
        grade=upright([None if one.grade is None else GRADES.index(one.grade) for one in people]),
        burden=upright([one.burden for one in people]),
        is_behind=upright([int(one.is_behind) for one in people]),
        currency=_currencies([one.currency for one in people]),
    )


def shuffled(people: Sequence[Applicant]) -> PeopleColumns:
    """Sorted by content, so that the order reveals nobody."""
    return people_of(sorted(people, key=repr))


def joined(pages: Sequence[dict[str, Any]]) -> PeopleColumns:
    """People as they were packed, page after page."""

    def every(name: str) -> list[Any]:
        return [value for page in pages for value in page[name]]

    return PeopleColumns(
        region=Texts.of(every("region")),
        occupation=Texts.of(every("occupation")),
        currency=_currencies(every("currency")),
        **{name: upright(every(name)) for name in NUMBERS},
    )


def _currencies(values: Sequence[str]) -> Codes:
    return np.array([value.encode() for value in values], "S3").reshape(-1, 1)
