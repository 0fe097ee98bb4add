"""Taobao: the token reply itself says who it is, and API calls are signed.

https://open.taobao.com/doc.htm?docId=102635&docType=1 (OAuth) and docId=101617 (signature).
"""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote_plus

from infra.words import N_
from integrations import beijing
from integrations.providers.conversations import standard_refusal
from integrations.providers.descriptions import Category, Pending, Person, Provider, Talk, Tokens
from integrations.providers.failures import ProviderRefused, ProviderUnavailable
from integrations.replies import Reply, code_in, id_in, part_of, text_in

SIGN_METHOD = "hmac-sha256"
CALL_LIMITED = "7"


def refusal(reply: Reply) -> Exception | None:
    error = reply.get("error_response")
    if not isinstance(error, dict):
        return standard_refusal(reply)
    code = code_in(error, "code", absent="error")
    # `isp.` errors are the platform's own, `isv.` errors are ours.
    passing = code == CALL_LIMITED or text_in(error, "sub_code").startswith("isp.")
    reason = f"taobao:{code}"
    return ProviderUnavailable(reason) if passing else ProviderRefused(reason)


async def identify(talk: Talk, reply: Reply, pending: Pending) -> Person:
    # Newer apps are told an id of their own instead of the account's.
    subject = id_in(reply, "taobao_open_uid") or id_in(reply, "taobao_user_id")
    nick: object = unquote_plus(text_in(reply, "taobao_user_nick"))
    if subject and not nick:
        nick = await _ask_nick(talk, Tokens(reply["access_token"]), subject)
    return Person(subject, None, nick)


async def _ask_nick(talk: Talk, tokens: Tokens, subject: str) -> object:
    answer = await read(talk, "taobao.user.buyer.get", tokens, subject, {"fields": "nick"})
    return part_of(answer, "user_buyer_get_response", "user").get("nick")


async def read(talk: Talk, method: str, tokens: Tokens, subject: str, params: Mapping[str, str]) -> Reply:
    """A signed call of one API method."""
    form = {
        "method": method,
        "app_key": talk.at.client_id,
        "session": tokens.access_token,
        "timestamp": beijing.written(datetime.now(UTC)),
        "format": "json",
        "v": "2.0",
        "sign_method": SIGN_METHOD,
        **params,
    }
    return await talk.post(talk.provider.api_url, {**form, "sign": sign(form, talk.at.client_secret)})


def sign(form: Mapping[str, Any], secret: str) -> str:
    """Upper-case hex over the sorted names and values, put together without separators."""
    text = "".join(f"{name}{form[name]}" for name in sorted(form) if name != "sign")
    match form["sign_method"]:
        case "md5":
            return hashlib.md5(f"{secret}{text}{secret}".encode(), usedforsecurity=False).hexdigest().upper()
        case "hmac":
            return hmac.new(secret.encode(), text.encode(), "md5").hexdigest().upper()
        case _:
            return hmac.new(secret.encode(), text.encode(), "sha256").hexdigest().upper()


TAOBAO = Provider(
    key="taobao",
    name=N_("Taobao"),
    category=Category.SHOPPING,
    reads=(N_("Your Taobao name, and that the account is yours"),),
    authorize_url="https://oauth.taobao.com/authorize",
    exchange_url="https://oauth.taobao.com/token",
    api_url="https://eco.taobao.com/router/rest",
    authorize_extra={"view": "wap"},
    client_auth="post",
    can_refresh=True,
    subject_names=("taobao_open_uid", "taobao_user_id"),
    refresh_expiry_name="re_expires_in",
    identify=identify,
    read=read,
    refusal=refusal,
    history="longan.history.get",
    reads_simulated=(
        N_("Simulated: how long you have had the account, and whether your name was verified there"),
        N_("Simulated: how much and how steadily you shop, and what you return"),
        N_("Simulated: your instalments there, paid on time or late"),
    ),
)
