"""WeChat's mini program: no page to agree on, but a program that is opened, asks WeChat for a code, and brings it back.

The address opens the page `pages/link` of the operator's mini program, with the state and where to return; that page calls `wx.login()`
and returns with `code` and `state`. https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/user-login/code2Session.html
"""

from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import urlencode

from infra.words import N_
from integrations.providers.descriptions import Pending, Person, Registration, Talk
from integrations.providers.wechat import WECHAT
from integrations.replies import Reply, id_in

PAGE = "pages/link"


def address(at: Registration, pending: Pending) -> str:
    """https://developers.weixin.qq.com/miniprogram/dev/framework/open-ability/url-scheme.html, the plain form."""
    query = urlencode({"state": pending.state, "redirect_uri": pending.redirect_uri})
    return f"{at.provider.authorize_url}?{urlencode({'appid': at.client_id, 'path': PAGE, 'query': query})}"


async def ask_token(talk: Talk, grant: Mapping[str, str]) -> Reply:
    client = {"appid": talk.at.client_id, "secret": talk.at.client_secret}
    code = {"js_code": grant["code"], "grant_type": grant["grant_type"]}
    reply = await talk.get_once(talk.provider.exchange_url, {**client, **code})
    # There is no access token: the session's key stands for the account, and never leaves us.
    return {**reply, "access_token": reply.get("session_key")}


async def identify(talk: Talk, reply: Reply, pending: Pending) -> Person:
    # Nicknames are one and the same constant since 2022, so there is none to show.
    return Person(id_in(reply, "openid"), id_in(reply, "unionid") or None)


WECHAT_MINI = replace(
    WECHAT,
    key="wechat_mini",
    family=WECHAT.key,
    name=N_("WeChat mini program"),
    reads=(N_("That the WeChat account is yours"),),
    authorize_url="weixin://dl/business/",
    authorize_fragment="",
    exchange_url="https://api.weixin.qq.com/sns/jscode2session",
    refresh_url="",
    userinfo_url="",
    scopes=(),
    can_refresh=False,
    refresh_seconds=None,
    address=address,
    ask_token=ask_token,
    identify=identify,
)
