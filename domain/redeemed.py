"""A benefit was used: membership announces it, and the webhooks of the partner who confirmed it tell of it."""

from infra.events import declare

REDEEMED = declare("benefit.redeemed", partner_id=str)
