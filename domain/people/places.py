"""Places: from where somebody asks to sign in, so that a stranger's mistakes are a stranger's, and lock nobody else out.

A place is a device that has proven itself before, or else a network. Nobody can read a device or an address from its mark.
"""

import base64
import binascii
import hmac
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from infra import vault
from infra.networks import widest_of

KNOWN_FOR = timedelta(days=90)
# Of an account's wrong answers in a day, by whom places share them with: NIST SP 800-63B-4, 3.2.2.
SHARES_OF_HUNDRED = {"strangers": 40, "networks": 30, "devices": 30}
MARK_BYTES = 16
MAC_BYTES = 24


@dataclass(frozen=True)
class Place:
    """`is_known`: whoever asks about this account from here has signed in to it from here before.

    `is_device`: with this very device. A network may be a dormitory's, and there a stranger is a neighbour.
    """

    mark: bytes
    is_known: bool
    is_device: bool = False

    @property
    def sharers(self) -> str:
        """The places with which this one shares what many have together: so what strangers use up, others still have."""
        return "devices" if self.is_device else "networks" if self.is_known else "strangers"


@dataclass(frozen=True)
class KnownDevice:
    """What a device was given when somebody signed in with it: whose it is, and which."""

    owner_id: UUID
    id: UUID

    @property
    def mark(self) -> bytes:
        return self.id.bytes


def network_mark(account: bytes, address: str) -> bytes:
    """The mark of a network for this account; for every other account the same network has another."""
    return vault.mac("place", account + widest_of(address).encode())[:MARK_BYTES]


def device_token(device: KnownDevice, proof: bytes = b"") -> str:
    """`proof`: what must still be so for the token to be good."""
    body = device.owner_id.bytes + device.id.bytes
    return base64.urlsafe_b64encode(body + _mac(body, proof)).decode()


def device_of(token: str | None, proof: bytes = b"") -> KnownDevice | None:
    """The device of a token; None where we did not make it, or where the proof has changed since."""
    try:
        raw = base64.b64decode((token or "").encode(), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        return None
    body = raw[:32]
    if len(raw) != 32 + MAC_BYTES or not hmac.compare_digest(_mac(body, proof), raw[32:]):
        return None
    return KnownDevice(UUID(bytes=body[:16]), UUID(bytes=body[16:]))


def _mac(body: bytes, proof: bytes) -> bytes:
    return vault.mac("device", body + proof)[:MAC_BYTES]
