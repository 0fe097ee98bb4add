"""What a bill that counts is called among a person's accounts. Nobody links it as an account: it is sent."""

from collections.abc import Mapping
from dataclasses import replace

from infra.words import N_
from integrations.providers.descriptions import Category, Provider
from integrations.providers.oidc import OIDC

READS = (
    N_("The sums of each month: what came in, what you spent and on what, what was given back, and bills paid on time"),
)
SOURCES: Mapping[str, Provider] = {
    key: replace(OIDC, key=key, name=name, category=Category.PAYMENT, reads=READS, reads_simulated=(), history="")
    for key, name in {
        "alipay-statement": N_("Alipay bill"),
        "wechat-pay-statement": N_("WeChat Pay bill"),
    }.items()
}
