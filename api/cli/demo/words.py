"""The contract's codes in words."""

from infra.words import N_

ODDS = {"VERY_HIGH": N_("very high"), "HIGH": N_("high"), "MEDIUM": N_("medium"), "LOW": N_("low")}
STATUSES = {
    "APPROVED": N_("approved"),
    "DECLINED": N_("declined"),
    "SUBMITTED": N_("waiting"),
    "DELAYED": N_("waiting"),
    "IN_REVIEW": N_("in review"),
}
STATUS_STYLES = {"APPROVED": "green", "DECLINED": "red"}
OCCUPATIONS = {
    "student": N_("student"),
    "employee": N_("employee"),
    "self-employed": N_("self-employed"),
    "gig-worker": N_("gig worker"),
}
