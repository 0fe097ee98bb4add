"""WeChat's dialect inside WeChat: another door, and the accounts of another app."""

from integrations.providers.wechat_in_app import WECHAT_IN_APP
from integrations.sandbox.wechat import HISTORY as HISTORY
from integrations.sandbox.wechat import WeChatDialect, desk_of

DIALECT = WeChatDialect(desk_of(WECHAT_IN_APP.key, WECHAT_IN_APP.name), "/connect/oauth2/authorize")
KEY, answer = WECHAT_IN_APP.key, DIALECT.answer
