"""Alipay: one gateway for everything, RSA2 both ways, and a callback that says `auth_code`.

https://opendocs.alipay.com/common/02mse7 (signature), 02xtla (alipay.system.oauth.token), 02xtlb (alipay.user.info.share)
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime

from infra import rsa_keys
from infra.words import N_
from integrations import beijing, rsa2
from integrations.providers.descriptions import Category, Pending, Person, Provider, Talk, Tokens
from integrations.providers.failures import ProviderRefused, ProviderUnavailable
from integrations.replies import Reply, code_in, decode, id_in, json_object, object_of, text_in

OK = "10000"
# Service unavailable, and too many calls.
PASSING_ERRORS = frozenset({"20000", "40005"})
# Of a refresh token: not one, over, or taken back.
OVER = frozenset({"isv.refresh-token-invalid", "isv.refresh-token-time-out", "aop.invalid-auth-token"})


async def ask_token(talk: Talk, grant: Mapping[str, str]) -> Reply:
    return await call(talk, "alipay.system.oauth.token", grant)


async def identify(talk: Talk, reply: Reply, pending: Pending) -> Person:
    told = await call(talk, "alipay.user.info.share", {"auth_token": reply["access_token"]})
    if _subject(told) != _subject(reply):
        raise ProviderRefused("alipay:other_user")
    return Person(_subject(reply), None, told.get("nick_name"))


async def read(talk: Talk, method: str, tokens: Tokens, subject: str, params: Mapping[str, str]) -> Reply:
    return await call(
        talk, method, {"auth_token": tokens.access_token, "biz_content": json.dumps(dict(params), sort_keys=True)}
    )


async def call(talk: Talk, method: str, params: Mapping[str, str]) -> Reply:
    """Sign a call, check the answer's signature, and unwrap it."""
    signed = signed_form(talk.at.client_id, method, params, talk.at.private_key)
    reply = reply_in(await talk.ask_once(talk.provider.api_url, signed), method, talk.at.public_key)
    if failure := refusal(reply):
        raise failure
    return reply


def signed_form(app_id: str, method: str, params: Mapping[str, str], private_key: str) -> dict[str, str]:
    """All that a call is made of: what every call has, its own parameters, and the signature over both."""
    form = {
        "app_id": app_id,
        "method": method,
        "format": "JSON",
        "charset": "utf-8",
        "sign_type": "RSA2",
        "timestamp": beijing.written(datetime.now(UTC)),
        "version": "1.0",
        **params,
    }
    return {**form, "sign": rsa2.sign(signed_text(form), private_key)}


def signed_text(form: Mapping[str, str]) -> bytes:
    """The sorted parameters that are not empty, without `sign`."""
    return "&".join(f"{name}={form[name]}" for name in sorted(form) if form[name] and name != "sign").encode()


def refusal(reply: Reply) -> Exception | None:
    """The words are in `sub_code`; `code` tells who is to blame."""
    code = code_in(reply, "code", absent=OK)
    if code == OK:
        return None
    if text_in(reply, "sub_code") in OVER:
        return ProviderRefused(f"alipay:{text_in(reply, 'sub_code')}")
    reason = f"alipay:{code}"
    passing = code in PASSING_ERRORS or text_in(reply, "sub_code").startswith("aop.")
    return ProviderUnavailable(reason) if passing else ProviderRefused(reason)


def reply_in(body: bytes, method: str, public_key: str) -> Reply:
    """What an answer says, whether good or bad, once its signature was checked."""
    envelope = json_object(body)
    if envelope is None:
        raise ProviderUnavailable("garbage")
    # A call that was not understood is answered without a signature; there is nothing in it to believe.
    error = envelope.get("error_response")
    if isinstance(error, dict):
        raise refusal(error) or ProviderUnavailable("alipay:error")
    text, encoding = _as_sent(body, method.replace(".", "_") + "_response")
    if not rsa2.is_signed(text.encode(encoding), text_in(envelope, "sign"), public_key):
        raise ProviderRefused("alipay:bad_signature")
    # From what was signed, and from nothing beside it that has the same name.
    reply = object_of(text)
    if reply is None:
        raise ProviderUnavailable("alipay:no_response")
    return reply


def _as_sent(body: bytes, name: str) -> tuple[str, str]:
    """The very characters that were signed, and their encoding: written anew, the same JSON may look different."""
    text, encoding = decode(body) or ("", "utf-8")
    try:
        start = text.index(":", text.index(f'"{name}"')) + 1
        start += len(text[start:]) - len(text[start:].lstrip())
        _, end = json.JSONDecoder(strict=False).raw_decode(text, start)
    except (ValueError, RecursionError):
        raise ProviderUnavailable("alipay:no_response") from None
    return text[start:end], encoding


def _subject(reply: Reply) -> str:
    # Newer apps are told an id of their own instead of the account's.
    return id_in(reply, "open_id") or id_in(reply, "user_id")


ALIPAY = Provider(
    key="alipay",
    name=N_("Alipay"),
    category=Category.PAYMENT,
    reads=(N_("Your Alipay nickname, and that the account is yours"),),
    authorize_url="https://openauth.alipay.com/oauth2/publicAppAuthorize.htm",
    exchange_url="https://openapi.alipay.com/gateway.do",
    api_url="https://openapi.alipay.com/gateway.do",
    scopes=("auth_user",),
    scope_separator=",",
    words={"client_id": "app_id"},
    code_name="auth_code",
    needs=("private_key", "public_key"),
    reads_keys={"private_key": rsa_keys.private_key, "public_key": rsa_keys.public_key},
    can_refresh=True,
    subject_names=("open_id", "user_id"),
    ended=frozenset(f"alipay:{code}" for code in OVER),
    refresh_expiry_name="re_expires_in",
    ask_token=ask_token,
    identify=identify,
    read=read,
    refusal=refusal,
    history="longan.history.get",
    reads_simulated=(
        N_("Simulated: how long you have had the account, and whether your name was verified there"),
        N_("Simulated: your loans elsewhere, and how you repaid them"),
    ),
)
