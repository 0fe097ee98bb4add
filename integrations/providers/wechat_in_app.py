"""WeChat, by a page inside WeChat itself: another door and scope, and else what the QR code gives.

https://developers.weixin.qq.com/doc/offiaccount/OA_Web_Apps/Wechat_webpage_authorization.html
"""

from dataclasses import replace

from infra.words import N_
from integrations.providers.wechat import WECHAT

WECHAT_IN_APP = replace(
    WECHAT,
    key="wechat_in_app",
    family=WECHAT.key,
    name=N_("WeChat (inside WeChat)"),
    authorize_url="https://open.weixin.qq.com/connect/oauth2/authorize",
    scopes=("snsapi_userinfo",),  # the silent `snsapi_base` would not let us read the nickname
)
