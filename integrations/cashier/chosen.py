"""Which cashier the settings name, and any other that payments of before still lie with."""

from domain.payments import cashiers
from domain.payments.cashiers import Cashier
from infra.settings import settings
from integrations.cashier.alipay import AlipayWap
from integrations.cashier.sandbox.cashier import SandboxCashier
from integrations.cashier.wechat_pay import WeChatPayH5
from integrations.simulated import cashier as simulated


def cashier(name: str) -> Cashier:
    """A cashier by the name that rows have. AssertionError where nothing was said of it: a payment then waits for the operator."""
    found: Cashier | None
    match name:
        case "alipay":
            found = alipay()
        case "wechat-pay":
            found = wechat_pay()
        case simulated.NAME:
            found = simulated.SimulatedCashier()
        case _:
            assert settings().is_embedded, "the sandbox has no money"
            found = SandboxCashier()
    assert found is not None, f"LONGAN_CASHIERS__{name.upper().replace('-', '_')}__... is missing"
    return found


def alipay() -> AlipayWap | None:
    keys = settings().cashiers.alipay
    return AlipayWap(keys, settings().public_url, frozenset(settings().outgoing_allow)) if keys else None


def wechat_pay() -> WeChatPayH5 | None:
    keys = settings().cashiers.wechat_pay
    return WeChatPayH5(keys, settings().public_url, frozenset(settings().outgoing_allow)) if keys else None


cashiers.provide(cashier, lambda: settings().cashier)
