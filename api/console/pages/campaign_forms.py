"""The form in which a campaign is drafted: as it is typed, as an old one was, and as the domain takes it."""

from collections.abc import Iterable, Mapping
from typing import Any

from starlette.datastructures import FormData

from api.console.pages.numbers import read_whole
from infra.database import Db
from infra.errors import Refusal, invalid
from infra.money import Money
from infra.settings import settings
from infra.words import N_, SPOKEN, Locale, say
from membership.benefits import Benefit, Segment
from membership.campaigns import audiences
from membership.campaigns.audiences import Audience
from membership.campaigns.campaigns import Campaign
from membership.campaigns.drafting import ProposedCampaign, ProposedMessage

LISTS = ("tiers", "plans", "segments")
PARTS = ("title", "body", "link")
TEXTS = ("name", "days", "benefit", "holdout", "budget", *(f"{part}_{locale}" for locale in SPOKEN for part in PARTS))
# Where the domain's names stand in the form.
FIELDS = {
    "name": "name",
    "audience.tierCodes": "tiers",
    "audience.planCodes": "plans",
    "audience.usedSegments": "segments",
    "audience.inactiveDaysAtLeast": "days",
    "benefitCode": "benefit",
    "holdoutPercent": "holdout",
    "budget.amount": "budget",
    "budget.currency": "budget",
    "messages": "title_zh",
}
NO_NUMBER = N_("“{text}” is not a number that belongs here.")

EMPTY: Mapping[str, Any] = dict.fromkeys(TEXTS, "") | dict.fromkeys(LISTS, ()) | {"holdout": "10"}


def read_form(form: FormData) -> dict[str, Any]:
    """What was typed, as it was typed."""
    return {name: str(form.get(name, "")).strip() for name in TEXTS} | {
        name: [str(each) for each in form.getlist(name)] for name in LISTS
    }


def fields_of(campaign: Campaign, benefit: Benefit | None) -> dict[str, Any]:
    """The form as an old campaign fills it in; a benefit that is no longer granted has to be chosen anew."""
    whom = campaign.whom
    return {
        **EMPTY,
        "name": campaign.name,
        "tiers": whom.tier_codes,
        "plans": whom.plan_codes,
        "segments": whom.used_segments,
        "days": str(whom.inactive_days_at_least or ""),
        "benefit": benefit.code if benefit else "",
        "holdout": str(campaign.holdout_percent),
        "budget": str(campaign.budget),
        **{f"{part}_{each.locale}": getattr(each, part) or "" for each in campaign.texts for part in PARTS},
    }


async def audience_in(db: Db, said: Mapping[str, Any]) -> Audience:
    """Refuses INVALID."""
    field = ("input", "audience")
    return await audiences.checked(
        db,
        tier_codes=said["tiers"],
        plan_codes=said["plans"],
        used_segments=[Segment(each) for each in said["segments"] if each in set(Segment)],
        inactive_days_at_least=_whole(said["days"], (*field, "inactiveDaysAtLeast")),
        field=field,
    )


async def campaign_in(db: Db, said: Mapping[str, Any]) -> ProposedCampaign:
    """Refuses INVALID."""
    return ProposedCampaign(
        name=said["name"],
        audience=await audience_in(db, said),
        messages=[
            ProposedMessage(locale, said[f"title_{locale}"], said[f"body_{locale}"], said[f"link_{locale}"] or None)
            for locale in _written(said)
        ],
        benefit_code=said["benefit"] or None,
        holdout_percent=_whole(said["holdout"], ("input", "holdoutPercent")),
        budget=_money(said["budget"]),
    )


def wrong_in(said: Mapping[str, Any], faults: Iterable[Refusal], locale: Locale) -> dict[str, str]:
    """What is wrong, in words, under the name of the field of the form that it stands at."""
    written = _written(said)
    found: dict[str, str] = {}
    for fault in faults:
        path = [*(fault.field or ())][1:]
        place = path[1] if len(path) > 2 and path[0] == "messages" else ""
        name = f"{path[2]}_{written[int(place)]}" if place.isdecimal() else FIELDS.get(".".join(path), "")
        found.setdefault(name, say(fault.message, locale, **fault.values))
    return found


def _written(said: Mapping[str, Any]) -> list[Locale]:
    """In which languages something was typed."""
    return [locale for locale in SPOKEN if any(said[f"{part}_{locale}"] for part in PARTS)]


def _whole(text: str, field: tuple[str, ...]) -> int:
    if not text:
        return 0
    number = read_whole(text)
    if number is None:
        raise invalid(NO_NUMBER, field, text=text[:20])
    return number


def _money(text: str) -> Money:
    try:
        return Money.of(text or "0", settings().currency)
    except ValueError:
        raise invalid(NO_NUMBER, ("input", "budget", "amount"), text=text[:20]) from None
