"""The domain's enumerations as the schemas show them, each value in the client's words."""

from enum import Enum
from typing import Any

import strawberry
from strawberry.types.enum import StrawberryEnumDefinition

from domain.applications.applications import ApplicationStatus
from domain.applications.decisions import DecisionOutcome
from domain.consent.consents import ConsentScope, Purpose
from domain.credit.grades import Grade
from domain.credit.scores import ScoringState
from domain.disputes.disputes import DisputeStatus
from domain.facts.accounts import LinkStatus
from domain.market.goods import TIMES, Goods
from domain.market.kinds import ProductKind
from domain.market.products import DecisionMode, ProductStatus
from domain.matching.matcher import OddsBand
from domain.matching.odds.bands import BandBasis
from domain.matching.odds.reliability import PROMISES, BandStanding
from domain.people.challenges import AskedPurpose
from domain.people.payment_accounts import PaymentAccountKind
from domain.people.profiles import IdentityStatus
from domain.people.second_factors import FactorKind
from infra.errors import RefusalCode
from membership.benefits import QuotaReset, Segment


def show(values: type[Enum], description: str, *, name: str | None = None, **meanings: str) -> None:
    """Make the enumeration one of the schemas', and say what each of its values means."""
    strawberry.enum(values, name=name, description=description)
    definition: StrawberryEnumDefinition = values.__strawberry_definition__  # type: ignore[attr-defined]
    for value in definition.values:
        value.description = meanings.pop(value.name, None)
    assert not meanings, f"{values.__name__} has no {', '.join(meanings)}"


def meaning(value: Any) -> str:
    """What a value is described as to clients."""
    definition: StrawberryEnumDefinition = type(value).__strawberry_definition__
    return next(each.description or "" for each in definition.values if each.name == value.name)


show(
    ApplicationStatus,
    "Where an application stands. DECLINED, WITHDRAWN and EXPIRED are final.",
    SUBMITTED="It waits for the partner's answer.",
    DELAYED="The promised time has passed without an answer; it is being looked into.",
    IN_REVIEW="A person is reviewing it.",
    APPROVED="Approved; an offer waits to be accepted.",
    DECLINED="Declined; the decision gives the reasons.",
    WITHDRAWN="The person took it back.",
    ACCEPTED="The person accepted the offer; an agreement is in force.",
    EXPIRED="The offer was not accepted in time.",
)
show(
    BandBasis,
    "What the odds of a match are known from.",
    OBSERVED="From applications of people who were told these odds, and what became of them.",
    TESTED="From a test on earlier applications that the model had never seen.",
    NONE="From nothing yet.",
)
show(
    BandStanding,
    "Whether a band of odds keeps what it promises.",
    GATHERING="Too few were decided yet to tell.",
    KEPT="What was decided agrees with it.",
    WITHDRAWN="What was decided spoke against it, so it is not told any more.",
)
show(
    ConsentScope,
    "What a partner may do with a person's data.",
    SCORE_CHECK="Ask whether the grade is at least a given one; an application of the person's shows the grade.",
    SCORE_REPORT="Read grade, points and factors.",
    CONTRIBUTE_FACTS="Add facts about the person.",
)
show(
    DecisionMode,
    "Who answers an application.",
    INSTANT="The rules, in the same response; what they doubt goes to a person.",
    PARTNER="The partner, within the promised time.",
)
show(
    DecisionOutcome,
    "What was decided.",
    APPROVE="Approved, with an offer.",
    DECLINE="Declined, with reasons.",
    REFER="Handed to a person, who decides.",
)
show(
    Grade,
    "How likely it is that a person repays: A the likeliest, D the least likely.",
    A="The best grade.",
    B="The second best.",
    C="The third best.",
    D="The lowest.",
)
show(
    IdentityStatus,
    "Whether the person is known to be who they say.",
    UNCHECKED="Nobody has checked yet.",
    CHECKED="Checked; the birth date is fixed from now on.",
    MISMATCH="Name and number did not belong together.",
)
show(
    LinkStatus,
    "Whether a linked account can be read.",
    ACTIVE="It is read.",
    EXPIRING="It is read, and the leave to do so ends soon: link it again.",
    BROKEN="The provider does not answer for it any more: link it again.",
    UNLINKED="The person unlinked it; of what it told, only what `countsOn` says is used for a time.",
)
show(
    OddsBand,
    "How often people with these odds are approved.",
    **{band.name: f"{promise.low:.0%} to {promise.high:.0%} of them are." for band, promise in PROMISES.items()},
)
show(
    PaymentAccountKind,
    "Where a payment account is held.",
    BANK="At a bank: the number of a card.",
    ALIPAY="At Alipay.",
    WECHAT_PAY="At WeChat Pay.",
)
show(
    DisputeStatus,
    "Where a dispute stands.",
    OPEN="It waits for an answer.",
    UPHELD="Something was wrong, and counts no more.",
    REJECTED="Nothing wrong was found.",
)
show(
    Goods,
    "What a RENTAL is of.",
    **{
        goods.name: f"Notice is given {times.notice} days before the last one; from then {times.claim} days for a claim on the "
        f"deposit, and {times.dispute} more for a no to it."
        for goods, times in TIMES.items()
    },
)
show(
    ProductKind,
    "What kind of product it is.",
    **{kind.name: kind.terms.meaning for kind in ProductKind},
)
show(
    ProductStatus,
    "Whether a product can be applied for.",
    DRAFT="Not shown to anybody yet.",
    PUBLISHED="Shown, and open to applications.",
    RETIRED="Not shown any more; what was agreed on goes on.",
)
show(
    Purpose,
    "What a partner wants to know it for.",
    LENDING="To lend money or sell on instalments.",
    RENTING="To let a home.",
    SHOPPING="To sell goods.",
    INSURANCE="To insure.",
    EMPLOYMENT="To employ.",
)
show(
    ScoringState,
    "Where a person's scoring stands.",
    NOTHING_LINKED="No score, since no account is linked.",
    WORKING="A score is being made; it is here within seconds.",
    READY="There is a score.",
    NOT_ENOUGH_KNOWN="No score, since too little is known for a fair one.",
)
show(
    QuotaReset,
    "When a benefit's quota begins anew.",
    MONTHLY="With each month.",
    YEARLY="With each year.",
    ONCE="Never.",
)
show(
    Segment,
    "What part of life a benefit is for.",
    HOSPITALITY="Hotels and restaurants.",
    TRANSPORT="Getting from place to place.",
    SHOPPING="Buying things.",
    ENTERTAINMENT="Films, music, games, sports.",
    HOME="Living at home.",
    FINANCE="Borrowing and paying.",
)
show(
    AskedPurpose,
    "What a code to a phone is for.",
    name="CodePurpose",
    SIGN_IN="To sign in, with the number of an account or a new one.",
    CHANGE_PHONE="To take a new number; it goes there.",
    STEP_UP="To prove once more who one is; it goes to the number of the account.",
    STOP_CHANGE="To stop a change of number. It comes to the old one by itself; asked for, it comes there once more.",
)
show(
    FactorKind,
    "What a person proves beside a code to their phone.",
    name="SecondFactor",
    TOTP="A code of an authenticator app.",
    PASSKEY="A passkey, by WebAuthn.",
    IDENTITY="Name and id number, and that the phone is theirs: for whoever has lost the others. Cannot be set up.",
    CODE="A code to the phone, to step up, for whoever has neither. Cannot be set up.",
)
show(
    RefusalCode,
    "Why something was refused, for programs. Codes may be added: treat one that you do not know as INVALID.",
    INVALID="A value is not what is asked for. `field` names it, `message` says what would be right.",
    NOT_FOUND="There is no such thing, or it is somebody else's.",
    NOT_ALLOWED="Not for this person or client, or not at this time.",
    RATE_LIMITED="Too often. Try again at `retryAt`, and show when that is.",
    IDEMPOTENCY_MISMATCH="This key was used with another input. A new intention takes a new key.",
    IN_PROGRESS="The same request is still at work. Ask again with the same key in a few seconds.",
    STALE="What was seen has changed since. Read it again and let the person look.",
    STEP_UP_REQUIRED="The person must prove once more who they are, and then the same request can be sent again.",
    CODE_WRONG="The code is wrong; `message` says how many tries are left.",
    CODE_EXPIRED="The code is too old, used up or answered already. Ask for a new one.",
    SESSION_ENDED="The session is over. Forget the tokens and let the person sign in.",
    ACCOUNT_LINKED_ELSEWHERE="Another person has linked this account.",
    PROVIDER_REFUSED="The provider or the person said no. The link can be started again.",
    PROVIDER_UNAVAILABLE="The provider did not answer. Try again later.",
    NOT_ENOUGH_KNOWN="Too little is known to decide. `message` says what would help.",
    NOT_ELIGIBLE="A rule speaks against it; `message` says which.",
    LIMIT_EXCEEDED="More than is possible at a time, or more than is left.",
    OFFER_EXPIRED="The offer is too old to be accepted.",
    NOT_OPEN="Its state does not allow this any more. Read it again.",
    QUOTA_SPENT="The benefit is used up; it says when it resets.",
    CONSENT_NOT_LIVE="The person's consent is over, taken back, or not for this.",
    SECOND_PERSON_REQUIRED="Somebody else than the author must do this.",
    UNSAFE_URL="This address may not be called: it must be public and use https.",
    COST_ABOVE_CAP="All told it would cost more than the law allows.",
)
