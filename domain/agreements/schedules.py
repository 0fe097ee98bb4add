"""Instalments of an agreement in force: what is due when, what of it is paid, and where each stands."""

from enum import StrEnum


class InstalmentStatus(StrEnum):
    OPEN = "OPEN"
    PARTLY_PAID = "PARTLY_PAID"
    PAID = "PAID"
    OVERDUE = "OVERDUE"
    WAIVED = "WAIVED"
