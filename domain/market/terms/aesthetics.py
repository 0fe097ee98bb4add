"""AESTHETICS: a treatment paid in equal instalments."""

from domain.market.terms.loan import quote

__all__ = ["quote"]
