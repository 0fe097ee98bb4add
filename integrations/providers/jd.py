"""JD: `app_key` and `app_secret`, everything by GET, and API calls signed with MD5 over their parameters.

https://open.jd.com/v2/#/doc/guide?listId=682 (authorization) and listId=890 (signature).
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime

from infra.words import N_
from integrations import beijing
from integrations.providers.descriptions import Category, Pending, Person, Provider, Talk, Tokens
from integrations.providers.failures import ProviderRefused, ProviderUnavailable
from integrations.replies import Reply, code_in, id_in, part_of

PARAMETERS = "360buy_param_json"
USER = "jingdong.user.getUserInfoByOpenId"
# Too many calls, and the platform's own troubles.
PASSING_ERRORS = frozenset({"43", "63", "67", "10100006"})


def refusal(reply: Reply) -> Exception | None:
    error = reply.get("error_response", reply)
    code = code_in(error, "code") if isinstance(error, dict) else "error"
    if code == "0":
        return None
    reason = f"jd:{code}"
    return ProviderUnavailable(reason) if code in PASSING_ERRORS else ProviderRefused(reason)


async def identify(talk: Talk, reply: Reply, pending: Pending) -> Person:
    open_id = id_in(reply, "open_id")
    answer = await read(talk, USER, Tokens(reply["access_token"]), open_id, {"openId": open_id})
    result = part_of(answer, "jingdong_user_getUserInfoByOpenId_response", "getuserinfobyappidandopenid_result")
    if failure := refusal(result):
        raise failure
    return Person(open_id, None, part_of(result, "data").get("nickName"))


async def read(talk: Talk, method: str, tokens: Tokens, subject: str, params: Mapping[str, str]) -> Reply:
    """A signed call of one API method."""
    form = {
        "method": method,
        "app_key": talk.at.client_id,
        "access_token": tokens.access_token,
        "timestamp": beijing.written(datetime.now(UTC)),
        "format": "json",
        "v": "2.0",
        PARAMETERS: json.dumps(dict(params), separators=(",", ":"), sort_keys=True),
    }
    return await talk.post(talk.provider.api_url, {**form, "sign": sign(form, talk.at.client_secret)})


def sign(form: Mapping[str, str], secret: str) -> str:
    """Upper-case MD5 over the sorted names and values, between the secret twice."""
    text = "".join(f"{name}{form[name]}" for name in sorted(form) if name != "sign")
    return hashlib.md5(f"{secret}{text}{secret}".encode(), usedforsecurity=False).hexdigest().upper()


JD = Provider(
    key="jd",
    name=N_("JD"),
    category=Category.SHOPPING,
    reads=(N_("Your JD nickname, and that the account is yours"),),
    authorize_url="https://open-oauth.jd.com/oauth2/to_login",
    exchange_url="https://open-oauth.jd.com/oauth2/access_token",
    refresh_url="https://open-oauth.jd.com/oauth2/refresh_token",
    api_url="https://api.jd.com/routerjson",
    scopes=("snsapi_base",),
    words={"client_id": "app_key", "client_secret": "app_secret"},
    client_auth="query",
    can_refresh=True,
    subject_names=("open_id",),
    ended=frozenset({"jd:400"}),
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
