"""Permission: what a role of the staff, a scope of a partner's client, and a partner's own staff may do. Every door asks this
table and no other.
"""

from collections.abc import Mapping
from enum import StrEnum

from infra.words import N_


class Permission(StrEnum):
    """What a field, a mutation or a page asks of whoever uses it."""

    PUBLIC = "PUBLIC"  # of nobody, signed in or not
    SIGNED_IN = "SIGNED_IN"  # of whoever has signed in at this door

    SEE_TIERS = "SEE_TIERS"
    CHANGE_MEMBERSHIP = "CHANGE_MEMBERSHIP"
    APPROVE_MEMBERSHIP = "APPROVE_MEMBERSHIP"
    SEE_CAMPAIGNS = "SEE_CAMPAIGNS"
    LOOK_AT_MEMBERS = "LOOK_AT_MEMBERS"
    SEE_CHANGES = "SEE_CHANGES"
    SEE_PRODUCTS = "SEE_PRODUCTS"
    REVIEW_APPLICATIONS = "REVIEW_APPLICATIONS"
    WATCH_MODELS = "WATCH_MODELS"
    COUNT_WATCH = "COUNT_WATCH"
    VOUCH_FOR_MODELS = "VOUCH_FOR_MODELS"
    WATCH_MONEY = "WATCH_MONEY"
    DECIDE_CLAIMS = "DECIDE_CLAIMS"
    ANSWER_HARDSHIPS = "ANSWER_HARDSHIPS"
    WAIVE_LATE_FEES = "WAIVE_LATE_FEES"
    ANSWER_DISPUTES = "ANSWER_DISPUTES"
    MOVE_MONEY = "MOVE_MONEY"
    STOP_MONEY = "STOP_MONEY"
    ANSWER_SIGNALS = "ANSWER_SIGNALS"
    APPROVE_SIGNAL_RULES = "APPROVE_SIGNAL_RULES"

    OFFER_PRODUCTS = "OFFER_PRODUCTS"
    ANSWER_APPLICATIONS = "ANSWER_APPLICATIONS"
    RECEIVE_EVENTS = "RECEIVE_EVENTS"
    CHECK_SCORES = "CHECK_SCORES"
    READ_SCORE_REPORTS = "READ_SCORE_REPORTS"
    FOLLOW_CONSENTS = "FOLLOW_CONSENTS"
    CONFIRM_REDEMPTIONS = "CONFIRM_REDEMPTIONS"
    CONTRIBUTE_FACTS = "CONTRIBUTE_FACTS"
    INVITE_USERS = "INVITE_USERS"

    SEE_OWN_PARTNER = "SEE_OWN_PARTNER"


class Role(StrEnum):
    MARKETING = "marketing"
    APPROVER = "approver"
    RISK = "risk"
    VIEWER = "viewer"


class Scope(StrEnum):
    """What a partner's client was given when it was issued."""

    PRODUCTS = "products"
    APPLICATIONS = "applications"
    SCORES = "scores"
    SCORE_REPORTS = "score_reports"
    REDEMPTIONS = "redemptions"
    FACTS = "facts"
    INVITATIONS = "invitations"


P = Permission
EVERYBODY_HERE = frozenset({P.SIGNED_IN, P.SEE_TIERS, P.SEE_CAMPAIGNS, P.SEE_PRODUCTS, P.SEE_CHANGES})

MAY: Mapping[Role, frozenset[Permission]] = {
    Role.MARKETING: EVERYBODY_HERE | {P.CHANGE_MEMBERSHIP, P.APPROVE_MEMBERSHIP, P.LOOK_AT_MEMBERS},
    Role.APPROVER: EVERYBODY_HERE
    | {
        P.APPROVE_MEMBERSHIP,
        P.WATCH_MODELS,
        P.COUNT_WATCH,
        P.VOUCH_FOR_MODELS,
        P.WATCH_MONEY,
        P.MOVE_MONEY,
        P.STOP_MONEY,
    },
    Role.RISK: EVERYBODY_HERE
    | {
        P.LOOK_AT_MEMBERS,
        P.REVIEW_APPLICATIONS,
        P.WATCH_MODELS,
        P.COUNT_WATCH,
        P.VOUCH_FOR_MODELS,
        P.WATCH_MONEY,
        P.MOVE_MONEY,
        P.STOP_MONEY,
        P.DECIDE_CLAIMS,
        P.ANSWER_HARDSHIPS,
        P.WAIVE_LATE_FEES,
        P.ANSWER_DISPUTES,
        P.ANSWER_SIGNALS,
        P.APPROVE_SIGNAL_RULES,
    },
    Role.VIEWER: EVERYBODY_HERE | {P.WATCH_MODELS},
}

ALLOWS: Mapping[Scope, frozenset[Permission]] = {
    Scope.PRODUCTS: frozenset({P.SIGNED_IN, P.OFFER_PRODUCTS}),
    Scope.APPLICATIONS: frozenset({P.SIGNED_IN, P.ANSWER_APPLICATIONS, P.RECEIVE_EVENTS}),
    Scope.SCORES: frozenset({P.SIGNED_IN, P.CHECK_SCORES, P.FOLLOW_CONSENTS}),
    Scope.SCORE_REPORTS: frozenset({P.SIGNED_IN, P.CHECK_SCORES, P.READ_SCORE_REPORTS, P.FOLLOW_CONSENTS}),
    Scope.REDEMPTIONS: frozenset({P.SIGNED_IN, P.CONFIRM_REDEMPTIONS}),
    Scope.FACTS: frozenset({P.SIGNED_IN, P.CONTRIBUTE_FACTS}),
    Scope.INVITATIONS: frozenset({P.SIGNED_IN, P.INVITE_USERS}),
}

# What a token that came of one person's consent may be used for, whatever else its client may.
WITH_ONE_CONSENT = frozenset({P.SIGNED_IN, P.CHECK_SCORES, P.READ_SCORE_REPORTS, P.CONTRIBUTE_FACTS})
# Of a partner's own staff at `/partner`, who look on, and may have an event sent once more.
MEMBERS_MAY = frozenset({P.SIGNED_IN, P.SEE_OWN_PARTNER, P.RECEIVE_EVENTS})
# What they see is what a client of theirs with these scopes is answered, and nothing beyond it.
MEMBERS_SEE_AS = frozenset({Scope.PRODUCTS, Scope.APPLICATIONS})

ROLE_NAMES: Mapping[Role, str] = {
    Role.MARKETING: N_("Marketing"),
    Role.APPROVER: N_("Approver"),
    Role.RISK: N_("Risk"),
    Role.VIEWER: N_("Viewer"),
}

assert MAY.keys() == ROLE_NAMES.keys() == set(Role), "each role has its permissions and its name"
assert ALLOWS.keys() == set(Scope), "each scope has its permissions"


def scopes_that_allow(permission: Permission) -> tuple[Scope, ...]:
    """The scopes with any of which a client may, for the sentence that says what it has not."""
    return tuple(scope for scope in Scope if permission in ALLOWS[scope])


def roles_that_may(permission: Permission) -> tuple[Role, ...]:
    """The names of the roles that may, for the sentence that says who could do it."""
    return tuple(role for role in Role if permission in MAY[role])
