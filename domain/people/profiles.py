"""Profile: what a person says of themselves, kept as dated facts."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cache, partial
from uuid import UUID

from domain.actors import UserActor
from domain.facts import readings
from domain.facts.open_readings import Observed
from domain.facts.sheets import FactSheet, FactValue
from domain.facts.vocabulary import OCCUPATION_LABELS
from infra import clock, outbox
from infra.clock import local_day
from infra.database import Db
from infra.errors import Faults, Refusal, RefusalCode, invalid
from infra.events import declare
from infra.money import Money, unit
from infra.regions import is_region
from infra.settings import settings
from infra.texts import line
from infra.words import N_, say

SOURCE = "profile"
IDENTITY, BIRTH_DATE = "identity.checked", "profile.birth_date"
CHANGED = declare("profile.changed")
AGE_MAX = 120
OCCUPATION_MAX = 60
ADULT_YEARS = 18


class IdentityStatus(StrEnum):
    UNCHECKED = "UNCHECKED"
    CHECKED = "CHECKED"
    MISMATCH = "MISMATCH"


@dataclass(frozen=True)
class Profile:
    birth_date: date | None
    region: str | None
    occupation: str | None
    monthly_income: Money | None
    identity: IdentityStatus


def profile_of(sheet: FactSheet, currency: str) -> Profile:
    def value_of(name: str) -> FactValue | None:
        return sheet.values.get(f"{SOURCE}.{name}")

    income = value_of("monthly_income")
    birth = value_of("birth_date")
    return Profile(
        birth_date=birth if isinstance(birth, date) else None,
        region=_text(value_of("region")),
        occupation=_text(value_of("occupation")),
        monthly_income=Money.of(income, currency) if isinstance(income, Decimal) else None,
        identity=identity_of(sheet),
    )


def identity_of(sheet: FactSheet) -> IdentityStatus:
    match sheet.values.get(IDENTITY):
        case True:
            return IdentityStatus.CHECKED
        case False:
            return IdentityStatus.MISMATCH
    return IdentityStatus.UNCHECKED


def _text(value: FactValue | None) -> str | None:
    return value if isinstance(value, str) else None


def age_on(birth_date: date, today: date) -> int:
    had_birthday = (today.month, today.day) >= (birth_date.month, birth_date.day)
    return today.year - birth_date.year - (0 if had_birthday else 1)


async def update(db: Db, actor: UserActor, changes: dict[str, date | str | Money | None]) -> None:
    """Write down what was said; absent names keep, None clears. Saying the same again changes nothing.

    Refuses INVALID, and NOT_ALLOWED another birth date than that of a checked identity.
    """
    now = await clock.now(db)
    sheet = await readings.sheet(db, actor.user_id)
    facts = _facts(changes, local_day(now))
    changed = {name: value for name, value in facts.items() if sheet.values.get(name) != value}
    if not changed:
        return
    _refuse_another_birth_date(sheet, changed)
    await readings.record(
        db,
        actor.user_id,
        SOURCE,
        [Observed(name=name, value=value, observed_at=now) for name, value in changed.items()],
    )
    await outbox.announce(db, CHANGED, user_id=actor.user_id)


def _refuse_another_birth_date(sheet: FactSheet, changed: Mapping[str, FactValue | None]) -> None:
    if BIRTH_DATE in changed and identity_of(sheet) is IdentityStatus.CHECKED:
        sentence = N_("Your birth date is known from your id number, and stays.")
        raise Refusal(RefusalCode.NOT_ALLOWED, sentence, field=("input", "birthDate"))


def _facts(changes: dict[str, date | str | Money | None], today: date) -> dict[str, FactValue | None]:
    """Refuses INVALID, naming everything that is wrong."""
    faults = Faults()
    facts = {f"{SOURCE}.{name}": faults.of(partial(_checked, name, value, today)) for name, value in changes.items()}
    faults.refuse()
    return facts


def _checked(name: str, value: date | str | Money | None, today: date) -> FactValue | None:
    match name, value:
        case _, None:
            return None
        case "birth_date", date():
            return _birth_date(value, today)
        case "region", str():
            return region_of(value)
        case "occupation", str():
            return occupation_of(value)
        case "monthly_income", Money():
            return _income(value)
    raise AssertionError(f"{name} is not part of a profile")


def _birth_date(value: date, today: date) -> date:
    if not 0 <= age_on(value, today) <= AGE_MAX or value > today:
        raise invalid(
            N_("Enter a birth date in the past, at most {years} years ago."), ("input", "birthDate"), years=AGE_MAX
        )
    return value


def region_of(value: str) -> str:
    code = value.strip().upper()
    if not is_region(code):
        raise invalid(N_("A region is an ISO 3166-2 code, as CN-SH."), ("input", "region"))
    return code


def occupation_of(value: str) -> str:
    """The occupation as one of OCCUPATIONS however it is spelt; else in the person's own words, which no rule reads."""
    text = line(value, OCCUPATION_MAX, ("input", "occupation"))
    return listed_occupation(text) or text


def listed_occupation(text: str) -> str | None:
    """The code of an occupation of the list, whatever the case, spaces and language; None where it is none."""
    return _spellings().get(_plain(text))


def _plain(text: str) -> str:
    return re.sub(r"[\s_-]+", "-", unicodedata.normalize("NFKC", text).casefold().strip())


@cache
def _spellings() -> dict[str, str]:
    """Its code, and what it is called in each language."""
    told = ((code, (code, label, say(label, "zh"))) for code, label in OCCUPATION_LABELS.items())
    return {_plain(name): code for code, names in told for name in names}


def _income(value: Money) -> Decimal:
    if value.currency != settings().currency:
        raise invalid(N_("Enter your income in {currency}."), ("input", "monthlyIncome"), currency=settings().currency)
    if not 0 <= value.minor <= 10_000_000 * unit(value.currency):
        raise invalid(N_("This is not a monthly income."), ("input", "monthlyIncome"))
    return value.amount


async def profiles_of(db: Db, user_ids: set[UUID]) -> dict[UUID, Profile]:
    sheets = await readings.sheets(db, user_ids)
    return {user_id: profile_of(sheet, settings().currency) for user_id, sheet in sheets.items()}
