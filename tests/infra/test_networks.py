"""An address is counted by the network that one connection is given."""

from ipaddress import IPv6Address, IPv6Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.networks import networks_of, widest_of

V6 = st.integers(0x2000_0000 << 96, (0x3FFF_FFFF << 96) + 2**96 - 1).map(IPv6Address)


@pytest.mark.parametrize(
    ("address", "networks"),
    [
        ("203.0.113.9", ("203.0.113.9",)),
        ("2001:db8:1:2:3:4:5:6", ("2001:db8:1:2::/64", "2001:db8:1::/48")),
        ("2001:db8:1:2::", ("2001:db8:1:2::/64", "2001:db8:1::/48")),
        ("fe80::1%eth0", ("fe80::/64", "fe80::/48")),
        ("::ffff:203.0.113.9", ("203.0.113.9",)),
        ("64:ff9b::203.0.113.9", ("203.0.113.9",)),
        ("2002:cb00:7109::1", ("203.0.113.9",)),
        ("2001:0:4136:e378:8000:63bf:34ff:8ef6", ("203.0.113.9",)),
        ("unknown", ("unknown",)),
        ("", ("unknown",)),
        ("1.2.3", ("unknown",)),
    ],
)
def test_it_is_counted_by_these(address: str, networks: tuple[str, ...]) -> None:
    assert networks_of(address) == networks
    assert widest_of(address) == networks[-1]


@given(V6, st.integers(0, 2**64 - 1))
def test_whatever_its_last_64_bits_are(address: IPv6Address, host: int) -> None:
    other = IPv6Address(int(address) >> 64 << 64 | host)
    plain = not (address.teredo or address.sixtofour)
    assert not plain or networks_of(str(address)) == networks_of(str(other))
    assert not plain or all(address in IPv6Network(network) for network in networks_of(str(address)))
