"""What providers, gateways and cashiers gave us when we registered there."""

from typing import Self

from pydantic import SecretStr, field_validator, model_validator

from infra import setting_addresses as addresses
from infra import setting_kinds as kinds
from infra.setting_parts import Part


class ProviderCredentials(Part):
    """What an account provider gave us when we registered there. `issuer` is for OpenID Connect providers."""

    client_id: kinds.Filled
    client_secret: SecretStr = SecretStr("")
    issuer: addresses.WebAddress | None = None
    name: kinds.Filled | None = None
    private_key: SecretStr | None = None
    public_key: str | None = None
    scope: str | None = None


class SmsCredentials(Part):
    """What the chosen gateway gave us, by its own names. `url` is a region's own address, or a stand-in."""

    access_key_id: kinds.FilledSecret | None = None
    access_key_secret: kinds.FilledSecret | None = None
    template_code: kinds.FilledSecret | None = None
    notice_template_code: kinds.FilledSecret | None = None
    stop_template_code: kinds.FilledSecret | None = None
    sign_name: kinds.FilledSecret | None = None
    secret_id: kinds.FilledSecret | None = None
    secret_key: kinds.FilledSecret | None = None
    app_id: kinds.FilledSecret | None = None
    template_id: kinds.FilledSecret | None = None
    notice_template_id: kinds.FilledSecret | None = None
    stop_template_id: kinds.FilledSecret | None = None
    account_sid: kinds.FilledSecret | None = None
    auth_token: kinds.FilledSecret | None = None
    sender: kinds.FilledSecret | None = None
    url: addresses.WebAddress | None = None


class RegisterCredentials(Part):
    """What the register gave us. `auth_code` is of the label for reassigned numbers; addresses are of a region, or a stand-in."""

    access_key_id: kinds.FilledSecret | None = None
    access_key_secret: kinds.FilledSecret | None = None
    auth_code: kinds.FilledSecret | None = None
    cloudauth_url: addresses.WebAddress | None = None
    dytns_url: addresses.WebAddress | None = None


SMS_NEEDS: dict[str, tuple[str, ...]] = {
    "kept": (),
    "aliyun": ("access_key_id", "access_key_secret", "sign_name", "template_code"),
    "tencent": ("secret_id", "secret_key", "app_id", "sign_name", "template_id"),
    "twilio": ("account_sid", "auth_token", "sender"),
}

# Without the first its people are told nothing but codes by text; without the second a code that stops a change of number
# comes in the words of the others.
SMS_MAY: dict[str, tuple[str, ...]] = {
    "aliyun": ("notice_template_code", "stop_template_code"),
    "tencent": ("notice_template_id", "stop_template_id"),
}


class AlipayCashier(Part):
    """What Alipay gave us for collecting money: our app's key, and the key by which Alipay signs. `url` is a stand-in's.

    `mandate_scene`: the scene (`sign_scene`) that Alipay agreed on for drawing by itself; None: nothing is drawn there.
    """

    app_id: kinds.Filled
    private_key: kinds.RsaPrivateKey
    public_key: kinds.RsaPublicKey
    mandate_scene: kinds.Filled | None = None
    url: addresses.WebAddress = "https://openapi.alipay.com/gateway.do"

    @field_validator("mandate_scene")
    @classmethod
    def agreements_are_found_by_their_scene(cls, scene: str | None) -> str | None:
        # https://opendocs.alipay.com/open/3dab71bc: by our own number no agreement of the default scene is found.
        if scene == "DEFAULT|DEFAULT":
            raise ValueError("should be the scene that was agreed on, and not the default one")
        return scene


class WeChatPayCashier(Part):
    """What WeChat Pay gave us: our merchant certificate's serial and key, and the serial and key by which it signs.

    `mandate_plan` and `api_v2_key`: the template that WeChat Pay agreed on for drawing by itself, and the key of its older words, which
    it still wants for that; without both nothing is drawn there. `url` is a stand-in's.
    """

    app_id: kinds.Filled
    merchant_id: kinds.Filled
    serial: kinds.Filled
    private_key: kinds.RsaPrivateKey
    api_v3_key: kinds.SealingKey
    platform_serial: kinds.Filled
    platform_key: kinds.RsaPublicKey
    mandate_plan: kinds.Filled | None = None
    api_v2_key: kinds.SealingKey | None = None
    url: addresses.WebAddress = "https://api.mch.weixin.qq.com"

    @model_validator(mode="after")
    def mandates_are_whole(self) -> Self:
        if (self.mandate_plan is None) is not (self.api_v2_key is None):
            raise ValueError("should have both of MANDATE_PLAN and API_V2_KEY, or neither")
        return self


class CashierCredentials(Part):
    """What each cashier gave us. One that is asked no more stays here until what it was asked for is over."""

    alipay: AlipayCashier | None = None
    wechat_pay: WeChatPayCashier | None = None


class PushCredentials(Part):
    """What Apple, Google and WeChat gave us for pushes, each as a whole or not at all. `..._url` is a stand-in's address."""

    apns_key: kinds.EllipticKey | None = None  # the .p8 file's text
    apns_key_id: kinds.Filled | None = None
    apns_team_id: kinds.Filled | None = None
    apns_topic: kinds.Filled | None = None
    apns_url: addresses.WebAddress | None = None
    fcm_account: kinds.ServiceAccount | None = None  # the service account's JSON
    fcm_url: addresses.WebAddress | None = None
    wechat_app_id: kinds.Filled | None = None
    wechat_app_secret: kinds.FilledSecret | None = None
    wechat_template_id: kinds.Filled | None = None
    wechat_url: addresses.WebAddress | None = None


PUSH_NEEDS: dict[str, tuple[str, ...]] = {
    "apns": ("apns_key", "apns_key_id", "apns_team_id", "apns_topic"),
    "fcm": ("fcm_account",),
    "wechat": ("wechat_app_id", "wechat_app_secret", "wechat_template_id"),
}
