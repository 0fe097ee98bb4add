"""Retention: what of a person is in no export, and why; and how long what is kept of whoever was erased stays, and why."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

OPENS_DOORS = "a secret that opens doors; what it is of is told elsewhere here"
LOOKED_UP = "only leads to the person, and says nothing besides"
WORKING = "says how far our own work has come, and nothing of the person"
OF_OTHERS = "names others too, and what concerns the person is told elsewhere here"

WITHHELD: Mapping[str, str] = {
    "account_link_requests": OPENS_DOORS,
    "cashier_order_owners": LOOKED_UP,
    "challenger_scores": "made by a model on trial, and decides nothing",
    "challenges": "a code that was sent, gone within a month; it belongs to a number and not to a person",
    "data_exports": "this archive itself",
    "deadlines": WORKING,
    "events": "what happened is told by what it happened to",
    "facts_versions": WORKING,
    "invited_phones": "a number that a partner named, as its blind index alone; what the person was shown of it is their invitation",
    "kept_messages": "of the embedded default alone, where nobody is real",
    "known_id_numbers": LOOKED_UP,
    "orphaned_tokens": "of nobody: what opened an account that was unlinked, gone within a week",
    "person_keys": OPENS_DOORS,
    "picks": WORKING,
    "provider_subjects": LOOKED_UP,
    "push_devices": OPENS_DOORS,
    "push_tokens": OPENS_DOORS,
    "receipts": WORKING,
    "review_holds": "tells of a reviewer, and not of the person",
    "revisions": WORKING,
    "share_grants": OPENS_DOORS,
    "signals": "how fraud is looked for; whoever knew it could look away",
    "snapshot_pages": OF_OTHERS,
    "staff": "people who work here",
    "staff_sessions": "people who work here",
    "voucher_owners": LOOKED_UP,
}


@dataclass(frozen=True)
class Kept:
    """How long rows stay of somebody who was erased, who owed and was owed nothing then. A `time` of None is for good."""

    time: timedelta | None
    why: str


YEAR = timedelta(days=366)
MONEY = Kept(
    10 * YEAR, "the law on money laundering asks for what was paid and owed, for ten years from the end of business"
)
DECIDED = Kept(5 * YEAR, "whoever lent may be asked for five years by what they decided")
ALLOWED = Kept(3 * YEAR, "a court may be asked for three years who was allowed to read, and who read")

BOOKED = Kept(
    None,
    "sums and proofs of the ledger hold as long as there is one; it names nobody, and the database lets none of it go",
)

KEPT: Mapping[str, Kept] = {
    # Tells from when the times of all the others count, so it goes with the last of them.
    "account_deletions": MONEY,
    "agreement_acts": MONEY,
    "agreements": MONEY,
    "applications": DECIDED,
    "applied_terms": DECIDED,
    "cashier_order_owners": MONEY,
    "claims": MONEY,
    "consents": ALLOWED,
    "deadlines": ALLOWED,
    "decisions": DECIDED,
    "deposits": MONEY,
    "draw_downs": MONEY,
    "handovers": MONEY,
    "ledger_accounts": BOOKED,
    "lookups": ALLOWED,
    "mandates": MONEY,
    "movements": MONEY,
    "offers": DECIDED,
    "payments": MONEY,
    "plan_subscriptions": MONEY,
    "refunds": MONEY,
    "transfers": BOOKED,
    "treatments": MONEY,
}


def over(kept_for: timedelta) -> set[str]:
    """The tables of which nothing stays so long after an erasure."""
    return {name for name, kept in KEPT.items() if kept.time is not None and kept.time <= kept_for}


def next_end(erased_at: datetime, now: datetime) -> datetime | None:
    """When the next of it is over; None where all is."""
    ends = {erased_at + kept.time for kept in KEPT.values() if kept.time is not None}
    return min((end for end in ends if end > now), default=None)
