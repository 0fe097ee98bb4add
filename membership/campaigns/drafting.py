"""Drafting: a campaign, whole and sensible, that nobody hears of yet."""

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial

from sqlalchemy import select

from domain import changes
from domain.actors import StaffActor
from infra import clock, receipts, texts
from infra.database import Db
from infra.errors import Faults, invalid
from infra.ids import new_id
from infra.money import Money
from infra.settings import settings
from infra.words import N_, Locale
from membership.benefits import Benefit, BenefitStatus
from membership.campaigns import campaigns, sizes
from membership.campaigns.audiences import Audience
from membership.campaigns.campaigns import Campaign, CampaignMessage

NAME_LENGTH_MAX, TITLE_LENGTH_MAX, BODY_LENGTH_MAX = 100, 60, 500
HOLDOUT_MAX = 50
LINK = re.compile(r"(longan://|https://)[A-Za-z0-9._~:/?#@!$&'()*+,;=%-]{1,500}")
LOCALES: dict[str, Locale] = {"zh": "zh", "zh-cn": "zh", "en": "en"}
MESSAGES = ("input", "messages")


@dataclass(frozen=True)
class ProposedMessage:
    """What people are to read. `locale`: zh, zh-CN or en."""

    locale: str
    title: str
    body: str
    link: str | None


@dataclass(frozen=True)
class ProposedCampaign:
    """What a draft is to be. `benefit_code` None: it grants nothing."""

    name: str
    audience: Audience
    messages: Sequence[ProposedMessage]
    benefit_code: str | None
    holdout_percent: int
    budget: Money


async def draft(db: Db, actor: StaffActor, *, asked: ProposedCampaign, key: str) -> Campaign:
    """A campaign that waits to be submitted. Refuses INVALID, naming all that is wrong."""
    receipt = await receipts.claim(
        db, actor=actor.name, operation="draft_campaign", key=key, input={"asked": asdict(asked)}
    )
    if receipt.result_id is not None:
        return await campaigns.demand(db, receipt.result_id)
    faults = Faults()
    name = faults.of(partial(texts.line, asked.name, NAME_LENGTH_MAX, ("input", "name")))
    messages = faults.of(partial(_messages, asked.messages))
    benefit = await _benefit(db, asked.benefit_code)
    faults.of(partial(_check_benefit, asked.benefit_code, benefit))
    faults.of(partial(_check_holdout, asked.holdout_percent))
    faults.of(partial(_check_budget, asked.budget, benefit))
    faults.refuse()
    assert name is not None and messages is not None, "else that was refused"
    made = Campaign(
        id=new_id(),
        name=name,
        author_id=actor.staff_id,
        created_at=await clock.now(db),
        audience=asked.audience.content,
        audience_size=(await sizes.tell(db, asked.audience)).size,
        messages=[asdict(message) for message in messages],
        holdout_percent=asked.holdout_percent,
        budget_minor=asked.budget.minor,
        currency=asked.budget.currency,
        benefit_id=benefit.id if benefit else None,
        benefit_version=benefit.version if benefit else None,
        unit_cost_minor=benefit.unit_cost_minor if benefit else None,
    )
    db.add(made)
    await db.flush()
    await changes.record(db, actor, "campaign", made.name, before=None, after=made.content)
    receipt.result_id = made.id
    return made


def _messages(asked: Sequence[ProposedMessage]) -> list[CampaignMessage]:
    faults = Faults()
    made = [faults.of(partial(_message, each, (*MESSAGES, str(place)))) for place, each in enumerate(asked)]
    faults.refuse()
    written = [message for message in made if message is not None]
    if not written or len({message.locale for message in written}) < len(written):
        raise invalid(N_("Write one message for each language: zh, en."), MESSAGES)
    return sorted(written, key=lambda message: message.locale, reverse=True)


def _message(asked: ProposedMessage, field: tuple[str, ...]) -> CampaignMessage:
    faults = Faults()
    locale = faults.of(partial(_locale, asked.locale, (*field, "locale")))
    title = faults.of(partial(texts.line, asked.title, TITLE_LENGTH_MAX, (*field, "title")))
    body = faults.of(partial(texts.line, asked.body, BODY_LENGTH_MAX, (*field, "body")))
    link = faults.of(partial(_link, asked.link, (*field, "link")))
    faults.refuse()
    assert locale is not None and title is not None and body is not None, "else that was refused"
    return CampaignMessage(locale, title, body, link)


def _locale(text: str, field: tuple[str, ...]) -> Locale:
    if (locale := LOCALES.get(text.lower())) is None:
        raise invalid(N_("Write one message for each language: zh, en."), field)
    return locale


def _link(text: str | None, field: tuple[str, ...]) -> str | None:
    if text is None or not text.strip():
        return None
    if not LINK.fullmatch(text.strip()):
        raise invalid(N_("A link begins with longan:// or https:// and has no spaces."), field)
    return text.strip()


async def _benefit(db: Db, code: str | None) -> Benefit | None:
    live = select(Benefit).where(Benefit.code == code, Benefit.status == BenefitStatus.LIVE)
    return (await db.execute(live)).scalar_one_or_none() if code else None


def _check_benefit(code: str | None, benefit: Benefit | None) -> None:
    if code and benefit is None:
        raise invalid(N_("Nobody can be granted a benefit of this code now."), ("input", "benefitCode"))


def _check_holdout(percent: int) -> None:
    if not 0 <= percent <= HOLDOUT_MAX:
        raise invalid(N_("Enter a number from 0 to {most}."), ("input", "holdoutPercent"), most=HOLDOUT_MAX)


def _check_budget(budget: Money, benefit: Benefit | None) -> None:
    currency = benefit.currency if benefit else settings().currency
    if budget.currency != currency:
        raise invalid(N_("Enter an amount in {currency}."), ("input", "budget", "currency"), currency=currency)
    least = benefit.unit_cost if benefit else Money(0, currency)
    if budget < least:
        raise invalid(
            N_("Enter {least} {currency} or more."), ("input", "budget", "amount"), least=str(least), currency=currency
        )
