"""Disclosure: what a partner is told of people whom it does not know, so that no question, and no difference of two, tells of one.

People are taken coarse before anything is asked of them, so whatever rules are combined, nothing finer than a step can
come out. Each count bears a small error that is made of the people whom it counts: however a question is put and however
often, the same people have the same error, so it never averages out. Then it is rounded to tens; below 20 nothing is said.
"""

from dataclasses import replace
from hashlib import sha256
from math import copysign, log

import numpy as np

from domain.market.applicants import PeopleColumns
from domain.market.arrays import UNKNOWN, Flags, Whole
from domain.people.groups import PEOPLE_MIN
from domain.people.profiles import ADULT_YEARS
from infra import vault
from infra.money import unit

AGE_STEP = 5  # years, from 18 on
INCOME_STEP = 500  # of the currency's own unit, a month
SPREAD, ERROR_MAX = 4.0, 15  # of the error: Laplace's, cut off
ROUNDED = 10


def coarse(people: PeopleColumns) -> PeopleColumns:
    """People as partners may ask of them: each in the middle of a step, and all minors alike."""
    step = INCOME_STEP * _units(people)
    return replace(
        people,
        age=np.where(
            people.age < ADULT_YEARS,
            np.minimum(people.age, 0),
            _middle(people.age - ADULT_YEARS, AGE_STEP) + ADULT_YEARS,
        ),
        income=np.where(people.income == UNKNOWN, UNKNOWN, _middle(people.income, step)),
        burden=np.where(people.burden > 0, _middle(people.burden, step), 0),
    )


def _middle(values: Whole, step: Whole | int) -> Whole:
    return np.asarray(values // step * step + step // 2)


def _units(people: PeopleColumns) -> Whole:
    known, place = np.unique(people.currency, return_inverse=True)
    units = np.array([unit(currency.decode()) for currency in known.tolist()], np.int64)
    return units[place.reshape(people.currency.shape)] if len(known) else np.ones_like(people.income)


def disclose(counted: Flags) -> int | None:
    """How many these people are, as a partner is told."""
    return in_tens(int(counted.sum()) + error_of(counted), len(counted))


def in_tens(seen: int, people: int) -> int | None:
    return None if seen < PEOPLE_MIN else min(seen, people) // ROUNDED * ROUNDED


def error_of(counted: Flags) -> int:
    """The error that is added to a count: the same for the same people, another under another key."""
    who = sha256(np.packbits(counted).tobytes() + len(counted).to_bytes(8)).hexdigest()
    drawn = int.from_bytes(vault.blind_index("disclosure", who)[:7]) / 2**56 - 0.5
    error = -SPREAD * copysign(log(max(1 - 2 * abs(drawn), 1e-12)), drawn)
    return round(max(-ERROR_MAX, min(ERROR_MAX, error)))
