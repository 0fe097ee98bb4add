"""Retention: what of a person is in no export, and why."""

from collections.abc import Mapping

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
    "kept_messages": "of the embedded default alone, where nobody is real",
    "known_id_numbers": LOOKED_UP,
    "person_keys": OPENS_DOORS,
    "picks": WORKING,
    "provider_subjects": LOOKED_UP,
    "push_devices": OPENS_DOORS,
    "push_tokens": OPENS_DOORS,
    "receipts": WORKING,
    "review_holds": "tells of a reviewer, and not of the person",
    "revisions": WORKING,
    "signals": "how fraud is looked for; whoever knew it could look away",
    "snapshot_pages": OF_OTHERS,
    "staff": "people who work here",
    "staff_sessions": "people who work here",
    "voucher_owners": LOOKED_UP,
}
