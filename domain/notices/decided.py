"""Who hears of what: every event that is declared, with the notices that people are told of it, or why they are told none.

A test fails where an event is missing here. The notices are named by their codes, since their rooms lie above this one.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Untold:
    """Nobody is told, because of this."""

    why: str


OWN_ACT = Untold("the person did it themselves just now, and sees it")
OURS = Untold("work of the house's own, about nobody")
LATER = Untold("only a time that has come; what follows from it is told")
PARTNERS = Untold("a partner's own matter, which its console shows")
SHOWN = Untold("the app shows it as it changes, and there is nothing to do")

DECIDED: Mapping[str, tuple[str, ...] | Untold] = {
    "account.linked": ("account_linked",),
    "account.unlinked": ("account_unlinked",),
    "agreement.drawn": ("draw_down_arrived",),
    "agreement.fell_behind": Untold("they were told on the first day; whoever talks with those who owe follows this"),
    "agreement.lapsed": ("agreement_lapsed",),
    "agreement.overdue": ("instalment_overdue",),
    "agreement.repaid": ("repayment_counted",),
    "agreement.settled": ("agreement_settled",),
    "agreement.unwound": Untold("the person took it back themselves, or is told of what was sent back"),
    "application.accepted": ("application_accepted",),
    "application.approved": ("application_approved",),
    "application.declined": ("application_declined",),
    "application.delayed": ("application_delayed",),
    "application.expired": ("application_expired",),
    "application.promise_due": LATER,
    "application.referred": ("application_in_review",),
    "application.submitted": ("application_sent",),
    "application.withdrawn": ("application_withdrawn",),
    "band.restored": OURS,
    "band.withdrawn": OURS,
    "bands.look": OURS,
    "benefit.redeemed": ("benefit_used",),
    "cashier.speaks": OURS,
    "challenge.created": Untold("the code itself is the message"),
    "claim.decided": SHOWN,
    "claim.disputed": OWN_ACT,
    "claim.made": SHOWN,
    "consent.granted": ("consent_granted",),
    "consent.revoked": ("consent_ended",),
    "day.batch_due": OURS,
    "day.due": OURS,
    "day.passed": OURS,
    "deposit.held": SHOWN,
    "deposit.returned": ("deposit_returned",),
    "device.ended": ("device_signed_out",),
    "evidence.head_signed": OURS,
    "evidence.sealing_due": OURS,
    "house.prune": OURS,
    "house.prune_goes_on": OURS,
    "identity.checked": ("identity_checked",),
    "identity.mismatched": ("identity_mismatched",),
    "ledger.break_found": OURS,
    "ledger.reconciled": OURS,
    "ledger.reconciling_due": OURS,
    "remittance.reckoning_due": OURS,
    "ledger.reconciling_range_due": OURS,
    "matcher.retrain": OURS,
    "matches.sweep": OURS,
    "member.joined": Untold("the app greets whoever is new"),
    "member.review_planned": LATER,
    "model.promoted": OURS,
    "money.contradicted": OURS,
    "money.unmatched": OURS,
    "notice.delivery_due": LATER,
    "offer.ends_soon": ("offer_ends_soon",),
    "offer.expiry_due": LATER,
    "payment.failed": SHOWN,
    "payment.look_due": LATER,
    "payment.needs_action": SHOWN,
    "payment.settled": Untold("what it was paid for tells of it"),
    "payment_account.added": ("payment_account_added",),
    "payment_account.removed": ("payment_account_removed",),
    "payout.failed": ("draw_down_failed",),
    "payout.requested": OWN_ACT,
    "phone.change_stopped": ("phone_change_stopped",),
    "phone.changed": ("phone_changed",),
    "product.changed": OURS,
    "products.count": OURS,
    "profile.changed": OWN_ACT,
    "reevaluation.batch_due": OURS,
    "reevaluation.done": OURS,
    "refund.failed": SHOWN,
    "refund.look_due": LATER,
    "refund.settled": SHOWN,
    "rescore.batch_due": OURS,
    "rescore.done": OURS,
    "score.changed": SHOWN,
    "scores.look_for_stale": OURS,
    "second_factor.enrolled": ("second_factor_added",),
    "second_factor.recovered": ("second_factor_recovered",),
    "second_factor.removed": ("second_factor_removed",),
    "session.begun": ("device_signed_in",),
    "session.ended": Untold("signing out is one's own act; another device that is ended is told as that"),
    "session.reused": ("device_copied",),
    "sweep.batch_due": OURS,
    "sweep.done": OURS,
    "stop.lifted": OURS,
    "tier.changed": ("tier_lowered", "tier_raised"),
    "tier.ending": ("tier_ends_soon",),
    "tier_rules.publication_due": OURS,
    "tier_simulation.begun": OURS,
    "user.put_away": Untold("nobody can be reached there any more: the number is somebody else's"),
    "user.restored": OWN_ACT,
    "user.registered": Untold("the app greets whoever is new"),
    "watch.scores_due": OURS,
    "watch.snapshot_due": OURS,
    "webhook.giving_up_goes_on": PARTNERS,
    "webhook.paused": PARTNERS,
    "webhook.restart_goes_on": PARTNERS,
    "webhook.resumed": PARTNERS,
}
