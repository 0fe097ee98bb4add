"""The tree as RFC 9162 defines it, by recursion over all leaves: slow, and written apart."""

from hashlib import sha256


def root(leaves: list[bytes]) -> bytes:
    if len(leaves) == 1:
        return sha256(b"\0" + leaves[0]).digest()
    at = _half(len(leaves))
    return sha256(b"\1" + root(leaves[:at]) + root(leaves[at:])).digest()


def inclusion(position: int, leaves: list[bytes]) -> list[bytes]:
    if len(leaves) == 1:
        return []
    at = _half(len(leaves))
    if position < at:
        return [*inclusion(position, leaves[:at]), root(leaves[at:])]
    return [*inclusion(position - at, leaves[at:]), root(leaves[:at])]


def consistency(before: int, leaves: list[bytes], is_whole: bool = True) -> list[bytes]:
    if before == len(leaves):
        return [] if is_whole else [root(leaves)]
    at = _half(len(leaves))
    if before <= at:
        return [*consistency(before, leaves[:at], is_whole), root(leaves[at:])]
    return [*consistency(before - at, leaves[at:], False), root(leaves[:at])]


def _half(size: int) -> int:
    at = 1
    while 2 * at < size:
        at *= 2
    return at
