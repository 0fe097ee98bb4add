"""Which addresses a webhook may have: public ones by https, what `LONGAN_WEBHOOK_ALLOW` names, and `listen:` with a name, where
nothing is posted to and somebody's own machine comes for what happened.
"""

import re

import httpx2

from infra.errors import Refusal, RefusalCode, invalid
from infra.settings import settings
from infra.words import N_
from integrations import client

URL_MAX = 2_000
FIELD = ("input", "url")
LISTENED, ANY_LISTENED = re.compile(r"listen:[a-z0-9-]{1,64}"), "listen:%"  # the second for statements in SQL
NAME = re.compile(r"[a-z0-9_.-]+")  # what is written otherwise may be read otherwise by somebody else
V6 = re.compile(r"[0-9a-f:.]+")


def is_listened(url: str) -> bool:
    """Whether nothing is posted there: what happened waits for whoever listens."""
    return LISTENED.fullmatch(url) is not None


async def examine(text: str) -> Refusal | None:
    """Why nothing may be sent there, as far as can be told today; sending asks again. None: it may. Looks the host up."""
    if is_listened(text):
        return None
    try:
        url = parse(text)
        await client.safe_addresses(url, frozenset(settings().webhook_allow))
    except Refusal as refusal:
        return refusal
    except client.UnsafeAddress:
        sentence = N_("This address may not be called: it must be public and use https.")
        return Refusal(RefusalCode.UNSAFE_URL, sentence, field=FIELD)
    except httpx2.ConnectError:
        return invalid(N_("We could not find the host of this address."), FIELD)
    return None


def parse(text: str) -> httpx2.URL:
    """Refuses INVALID whatever is not plainly scheme, host, port, path and query."""
    if len(text) > URL_MAX:
        raise invalid(N_("This address is too long."), FIELD)
    if not text.isascii() or not text.isprintable() or set(text) & set(' \\#<>"'):
        raise _not_whole()
    try:
        url = httpx2.URL(text)
    except httpx2.InvalidURL:
        raise _not_whole() from None
    is_host = NAME.fullmatch(url.host) or (":" in url.host and V6.fullmatch(url.host))
    is_port = url.port is None or 0 < url.port < 65_536
    if url.scheme not in {"https", "http"} or not is_host or not is_port or url.userinfo:
        raise _not_whole()
    return url


def _not_whole() -> Refusal:
    return invalid(N_("Give a whole address without a name or password in it, as https://shop.example/longan."), FIELD)
