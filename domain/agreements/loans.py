"""LOAN: a limit that the person draws money of, and repays in instalments."""

from domain.agreements import agreements
from domain.agreements.kind import AgreementKind

KIND = AgreementKind(agreements.LIFE, is_drawn=True)
