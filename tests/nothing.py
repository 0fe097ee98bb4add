"""What belongs to nobody."""

from uuid import UUID

# The same in every process: tests that run side by side must be called alike.
NOBODYS = UUID("019a0000-0000-7000-8000-000000000000")
