"""Which gateway the settings name."""

from typing import Any

from infra.setting_credentials import SMS_MAY, SMS_NEEDS
from infra.settings import Settings, settings
from integrations.sms.aliyun import Aliyun
from integrations.sms.kept import KeepingGateway
from integrations.sms.messages import SmsGateway
from integrations.sms.tencent import Tencent
from integrations.sms.twilio import Twilio


def gateway(configuration: Settings | None = None) -> SmsGateway:
    configuration = configuration or settings()
    given = _given(configuration) | {"allow": frozenset(configuration.outgoing_allow)}
    match configuration.sms_gateway:
        case "kept":
            return KeepingGateway()
        case "aliyun":
            return Aliyun(**given)
        case "tencent":
            return Tencent(**given)
        case "twilio":
            return Twilio(**given)


def _given(configuration: Settings) -> dict[str, Any]:
    """What the chosen gateway needs; the settings made sure that it is there."""
    sms = configuration.sms
    needed = {name: getattr(sms, name).get_secret_value() for name in SMS_NEEDS[configuration.sms_gateway]}
    for name in SMS_MAY.get(configuration.sms_gateway, ()):
        if (given := getattr(sms, name)) is not None:
            needed[name] = given.get_secret_value()
    return needed | ({"url": sms.url} if sms.url else {})
