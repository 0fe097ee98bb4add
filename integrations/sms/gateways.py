"""Which gateway the settings name."""

from collections.abc import Mapping

from infra.settings import Settings, settings
from integrations.sms.aliyun import Aliyun
from integrations.sms.kept import Kept
from integrations.sms.messages import SmsGateway
from integrations.sms.tencent import Tencent
from integrations.sms.twilio import Twilio


def gateway(configuration: Settings | None = None) -> SmsGateway:
    """Raises ValueError naming the settings that the chosen gateway lacks."""
    configuration = configuration or settings()
    given = {name: value.get_secret_value() for name, value in configuration.sms.items()}
    allow = frozenset(configuration.outgoing_allow)
    # A region's own address, or a stand-in.
    url = {"url": given["url"]} if "url" in given else {}
    match configuration.sms_gateway:
        case "kept":
            return Kept()
        case "aliyun":
            return Aliyun(
                **_needed(given, "access_key_id", "access_key_secret", "sign_name", "template_code"), **url, allow=allow
            )
        case "tencent":
            return Tencent(
                **_needed(given, "secret_id", "secret_key", "app_id", "sign_name", "template_id"), **url, allow=allow
            )
        case "twilio":
            return Twilio(**_needed(given, "account_sid", "auth_token", "sender"), **url, allow=allow)


def _needed(given: Mapping[str, str], *names: str) -> dict[str, str]:
    if missing := [f"LONGAN_SMS__{name.upper()}" for name in names if not given.get(name)]:
        raise ValueError("the SMS gateway needs " + ", ".join(missing))
    return {name: given[name] for name in names}
