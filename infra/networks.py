"""The networks that an address belongs to, as they are counted: whoever has one IPv6 address has 2**64 of them."""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from infra.settings import settings

UNKNOWN = "unknown"
NARROW, WIDE = 64, 48  # bits: what a provider gives to one connection, and to one customer at the most
NAT64 = IPv6Network("64:ff9b::/96")


def networks_of(address: str) -> tuple[str, ...]:
    """The narrowest first. IPv4 stands for itself, whatever IPv6 it is wrapped in; what is no address is one network."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return (UNKNOWN,)
    if isinstance(parsed, IPv6Address) and (wrapped := _wrapped(parsed)) is not None:
        parsed = wrapped
    if isinstance(parsed, IPv4Address):
        return (str(parsed),)
    return tuple(str(IPv6Network((parsed, bits), strict=False)) for bits in (NARROW, WIDE))


def shares_of(address: str) -> tuple[tuple[str, int], ...]:
    """What counts as one visitor, and its wider networks, each with how many times as much it may do."""
    narrow, *wide = networks_of(address)
    return (narrow, 1), *((network, settings().wider_network_times) for network in wide)


def widest_of(address: str) -> str:
    return networks_of(address)[-1]


def _wrapped(address: IPv6Address) -> IPv4Address | None:
    if address in NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
