"""The way to WeChat Pay's pages, which open only from an address that it was told of: a page of ours with a link to theirs."""

import hmac
from urllib.parse import urlencode

from infra.setting_credentials import WeChatPayCashier

PATH = "/cashier/wechat-pay/open"


def address(here: str, keys: WeChatPayCashier, page: str) -> str:
    return f"{here}{PATH}?{urlencode({'page': page, 'seal': _seal(keys, page)})}"


def is_theirs(keys: WeChatPayCashier, page: str, seal: str) -> bool:
    """Whether we gave the way to this page, and nobody else."""
    return hmac.compare_digest(_seal(keys, page).encode(), seal.encode())


def _seal(keys: WeChatPayCashier, page: str) -> str:
    return hmac.new(keys.api_v3_key.get_secret_value().encode(), f"page {page}".encode(), "sha256").hexdigest()
