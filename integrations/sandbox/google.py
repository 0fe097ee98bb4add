"""Google's dialect: a refresh token only where offline access was asked for, and only once; the name in the id_token."""

from integrations.providers.google import GOOGLE
from integrations.sandbox.oidc import OpenIdDialect, desk_of
from integrations.sandbox.personas import History

DIALECT = OpenIdDialect(
    GOOGLE.key,
    History("wechat", ("account", "social")),
    desk_of(GOOGLE.key, GOOGLE.name, "access_type"),
    names=lambda persona: {"name": persona.nickname},
    renews=lambda given: given["access_type"] == "offline",
    sends_new_refresh_token=False,
)
KEY, HISTORY, answer = DIALECT.key, DIALECT.history, DIALECT.answer
