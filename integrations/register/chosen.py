"""Which register the settings name."""

from infra.settings import Settings, settings
from integrations.register.aliyun import AliyunRegister
from integrations.register.answers import Register
from integrations.register.sandbox import SandboxRegister


def register(configuration: Settings | None = None) -> Register:
    configuration = configuration or settings()
    if configuration.identity_register == "sandbox":
        return SandboxRegister()
    told = configuration.registers
    assert told.access_key_id and told.access_key_secret, "the settings made sure of them"
    urls = {name: url for name in ("cloudauth_url", "dytns_url") if (url := getattr(told, name))}
    return AliyunRegister(
        access_key_id=told.access_key_id.get_secret_value(),
        access_key_secret=told.access_key_secret.get_secret_value(),
        auth_code=told.auth_code.get_secret_value() if told.auth_code else None,
        allow=frozenset(configuration.outgoing_allow),
        **urls,
    )
