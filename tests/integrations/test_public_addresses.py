"""Private addresses in every writing: whatever the system would read as one is refused, as a property over encodings."""

import ipaddress
import socket

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.client import UnsafeAddress, is_public, outgoing

# RFC 6890 and its kin, written apart from the library's own table.
PRIVATE = [
    *["0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.2.0/24"],
    *["192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3"],
]


def inside(network: str) -> st.SearchStrategy[int]:
    net = ipaddress.IPv4Network(network)
    return st.integers(int(net.network_address), int(net.broadcast_address))


private = st.one_of([inside(network) for network in PRIVATE])


def writings(number: int) -> list[str]:
    """How an IPv4 address may be written where `inet_aton` reads it."""
    a, b, c, d = number.to_bytes(4, "big")
    return [
        f"{a}.{b}.{c}.{d}",
        str(number),
        hex(number),
        f"0{number:o}",
        f"{a:#x}.{b:#x}.{c:#x}.{d:#x}",
        f"0{a:o}.0{b:o}.0{c:o}.0{d:o}",
        f"{a}.{number & 0xFFFFFF}",
        f"{a}.{b}.{number & 0xFFFF}",
    ]


def disguises(number: int) -> list[int]:
    """IPv6 addresses that lead to an IPv4 address, by whichever translator."""
    flipped = number ^ 0xFFFFFFFF
    return [
        number,  # IPv4-compatible
        0xFFFF << 32 | number,  # mapped
        0xFFFF << 48 | number,  # translated
        int(ipaddress.IPv6Address("64:ff9b::")) | number,
        int(ipaddress.IPv6Address("64:ff9b:1::")) | number,
        0x2002 << 112 | number << 80,  # 6to4
        0x20010000 << 96 | flipped,  # Teredo
        int(ipaddress.IPv6Address("2a00:1450::5efe:0:0")) | number,  # ISATAP
    ]


@given(private)
@settings(max_examples=60)
def test_a_private_address_is_known_in_every_writing_and_disguise(number: int) -> None:
    for writing in writings(number):
        read = socket.getaddrinfo(writing, 443, family=socket.AF_INET, type=socket.SOCK_STREAM)[0][4][0]
        assert read == str(ipaddress.IPv4Address(number))
        assert not is_public(str(read))
    assert [address for address in map(ipaddress.IPv6Address, disguises(number)) if is_public(str(address))] == []


@given(st.integers(0, 2**128 - 1))
@settings(max_examples=60)
def test_nothing_is_public_that_was_never_given_out(number: int) -> None:
    address = ipaddress.IPv6Address(number)
    assert not (is_public(str(address)) and number >> 125 != 1 and not address.ipv4_mapped)


@pytest.mark.parametrize("host", ["127.0.0.1", "2130706433", "0x7f000001", "017700000001", "127.1", "0x7f.1"])
async def test_no_writing_of_this_machine_is_called(host: str) -> None:
    async with outgoing() as client:
        with pytest.raises(UnsafeAddress):
            await client.get(f"https://{host}/")
