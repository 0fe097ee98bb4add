"""Passkeys: WebAuthn (https://www.w3.org/TR/webauthn-3/), with this house as the relying party."""

import ipaddress
import json
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

import webauthn
from webauthn.helpers import options_to_json
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from infra.settings import settings

RESPONSE_MAX = 16_000
HOUSE = "Longan"


@dataclass(frozen=True)
class Credential:
    """What is kept of a passkey. `sign_count` is 0 where an authenticator does not count."""

    id: bytes
    public_key: bytes
    sign_count: int


class NoProof(Exception):
    """What was sent proves nothing."""


def host() -> str:
    """The relying party's name. A bare address cannot be one, so a house at a loopback address is `localhost`."""
    named = urlsplit(settings().public_url).hostname or "localhost"
    try:
        ipaddress.ip_address(named)
    except ValueError:
        return named
    return "localhost"


def origins() -> list[str]:
    """Whence a passkey may be used: the house's own address, and the apps and pages that the settings name."""
    own = urlsplit(settings().public_url)
    port = f":{own.port}" if own.port else ""
    return [f"{own.scheme}://{host()}{port}", *settings().passkey_origins]


def creation_options(handle: bytes, name: str, challenge: bytes, known: Iterable[bytes]) -> str:
    """What a browser or an app is asked to create, as JSON."""
    options = webauthn.generate_registration_options(
        rp_id=host(),
        rp_name=HOUSE,
        user_id=handle,
        user_name=name,
        challenge=challenge,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=each) for each in known],
    )
    return options_to_json(options)


def request_options(challenge: bytes, known: Iterable[bytes]) -> str:
    """What a browser or an app is asked to sign, as JSON."""
    options = webauthn.generate_authentication_options(
        rp_id=host(),
        challenge=challenge,
        allow_credentials=[PublicKeyCredentialDescriptor(id=each) for each in known],
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return options_to_json(options)


def created(response: str, challenge: bytes) -> Credential:
    """The passkey that was created for this challenge. Raises NoProof."""
    try:
        found = webauthn.verify_registration_response(
            credential=_read(response),
            expected_challenge=challenge,
            expected_rp_id=host(),
            expected_origin=origins(),
            require_user_verification=True,
        )
    except Exception as error:  # whatever bytes a client sends, and whatever the library makes of them
        raise NoProof from error
    return Credential(found.credential_id, found.credential_public_key, found.sign_count)


def id_of(response: str) -> bytes:
    """Which passkey it says it is of. Raises NoProof."""
    try:
        return webauthn.base64url_to_bytes(_read(response)["id"])
    except Exception as error:
        raise NoProof from error


def signed(response: str, challenge: bytes, passkey: Credential) -> int:
    """The new count of signatures. Raises NoProof, also where the count did not rise: then two hold the key."""
    try:
        found = webauthn.verify_authentication_response(
            credential=_read(response),
            expected_challenge=challenge,
            expected_rp_id=host(),
            expected_origin=origins(),
            credential_public_key=passkey.public_key,
            credential_current_sign_count=passkey.sign_count,
            require_user_verification=True,
        )
    except Exception as error:
        raise NoProof from error
    return found.new_sign_count


def _read(response: str) -> dict[str, str]:
    told = json.loads(response) if len(response) <= RESPONSE_MAX else None
    if not isinstance(told, dict):
        raise NoProof
    return told
