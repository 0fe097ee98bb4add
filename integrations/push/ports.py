"""Which port takes the pushes of a platform, by the settings. Each keeps its token and its connection."""

from functools import cache

import orjson

from domain.notices.devices import DevicePlatform
from infra.settings import Settings, settings
from integrations.push.apns import Apns
from integrations.push.fcm import Fcm
from integrations.push.kept import KeepingPush
from integrations.push.messages import PushPort
from integrations.push.wechat import WeChatMessages


def port(platform: DevicePlatform) -> PushPort | None:
    """None where the settings name nobody who would take them; the embedded default then keeps them."""
    return _ports().get(platform) or (KeepingPush() if settings().is_embedded else None)


def is_there_for(platform: DevicePlatform) -> bool:
    """Whether anybody takes pushes of this platform."""
    return port(platform) is not None


@cache
def _ports() -> dict[DevicePlatform, PushPort]:
    made = {
        DevicePlatform.APNS: _apns(settings()),
        DevicePlatform.FCM: _fcm(settings()),
        DevicePlatform.WECHAT: _wechat(settings()),
    }
    return {platform: port for platform, port in made.items() if port is not None}


def _apns(given: Settings) -> PushPort | None:
    push, allow = given.push, frozenset(given.outgoing_allow)
    if push.apns_key is None or push.apns_key_id is None or push.apns_team_id is None or push.apns_topic is None:
        return None
    more = {"url": push.apns_url} if push.apns_url else {}
    key = push.apns_key.get_secret_value()
    return Apns(key, push.apns_key_id, push.apns_team_id, push.apns_topic, allow=allow, **more)


def _fcm(given: Settings) -> PushPort | None:
    push, allow = given.push, frozenset(given.outgoing_allow)
    if push.fcm_account is None:
        return None
    more = {"url": push.fcm_url} if push.fcm_url else {}
    return Fcm(orjson.loads(push.fcm_account.get_secret_value()), allow=allow, **more)


def _wechat(given: Settings) -> PushPort | None:
    push, allow = given.push, frozenset(given.outgoing_allow)
    if push.wechat_app_id is None or push.wechat_app_secret is None or push.wechat_template_id is None:
        return None
    more = {"url": push.wechat_url} if push.wechat_url else {}
    secret = push.wechat_app_secret.get_secret_value()
    return WeChatMessages(push.wechat_app_id, secret, push.wechat_template_id, allow=allow, **more)
