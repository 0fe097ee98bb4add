"""The register of the embedded default: it answers by rules that anybody can follow, and is told nothing by anybody."""

from datetime import datetime

from integrations.register.answers import Attestation, Resident

MISMATCHED = slice(14, 17)  # the 15th to 17th digits
REASSIGNED = "99990000"  # a phone that ends so has a new owner


class SandboxRegister:
    async def is_owner(self, person: Resident, phone: str) -> Attestation:
        return Attestation.NO if person.id_number[MISMATCHED] == "999" else Attestation.YES

    async def has_new_owner(self, phone: str, since: datetime) -> Attestation:
        return Attestation.YES if phone.endswith(REASSIGNED) else Attestation.NO

    async def is_holder(self, person: Resident, kind: str, number: str) -> Attestation:
        return Attestation.NO if number.endswith("00") else Attestation.YES
