"""Google: OpenID Connect, with a refresh token only for whoever asks for offline access by its own parameters.

https://developers.google.com/identity/openid-connect/openid-connect
"""

from dataclasses import replace

from infra.words import N_
from integrations.providers import oidc
from integrations.providers.descriptions import Category, Provider, Registration


async def complete(at: Registration) -> Provider:
    # The id_token tells all that we want to know; userinfo would be one more call.
    return replace(await oidc.complete(at), userinfo_url="")


GOOGLE = replace(
    oidc.OIDC,
    key="google",
    name=N_("Google"),
    category=Category.SOCIAL,
    reads=(N_("Your name at Google, and that the account is yours"),),
    issuer="https://accounts.google.com",
    scopes=("openid", "profile"),
    serves_once=False,
    authorize_extra={"access_type": "offline", "prompt": "consent"},
    complete=complete,
    reads_simulated=(
        N_("Simulated: how long you have had the account, and whether your name was verified there"),
        N_("Simulated: how often you use it, and how long you have lived at one place"),
    ),
)
