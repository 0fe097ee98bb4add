"""The Merkle tree of RFC 9162: hashes, the paths that prove a leaf or an earlier size, and how each is checked. No database.

A tree of `size` leaves is stored as its complete subtrees, each named by (level, place): it covers the 2**level leaves from
place * 2**level. What the right edge adds is worked out from them.
"""

from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256

Node = tuple[int, int]  # level, place
Span = tuple[int, int]  # leaves from, and up to, not with


def hash_leaf(data: bytes) -> bytes:
    return sha256(b"\x00" + data).digest()


def hash_pair(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def split(size: int) -> int:
    """The largest power of two below `size`: where RFC 9162 parts a tree of more than one leaf."""
    return 1 << (size - 1).bit_length() - 1


def complete_nodes(span: Span) -> list[Node]:
    """The complete subtrees that a span of the tree consists of, from the left."""
    start, end = span
    nodes = []
    while start < end:
        level = (end - start).bit_length() - 1
        nodes.append((level, start >> level))
        start += 1 << level
    return nodes


def fold(span: Span, hashes: Mapping[Node, bytes]) -> bytes:
    """The hash over a span, which may not be empty."""
    *rest, last = (hashes[node] for node in complete_nodes(span))
    for left in reversed(rest):
        last = hash_pair(left, last)
    return last


def inclusion_path(position: int, size: int) -> list[Span]:
    """The spans whose hashes prove that a leaf stands at `position` of a tree of `size`, from the leaf upwards."""
    start, end, path = 0, size, []
    while end - start > 1:
        middle = start + split(end - start)
        if position < middle:
            path.append((middle, end))
            end = middle
        else:
            path.append((start, middle))
            start = middle
    return path[::-1]


def consistency_path(before: int, size: int) -> list[Span]:
    """The spans whose hashes prove that a tree of `size` begins with the tree of `before` leaves, 0 < before <= size."""
    start, end, path = 0, size, list[Span]()
    while before < end:
        middle = start + split(end - start)
        if before <= middle:
            path.append((middle, end))
            end = middle
        else:
            path.append((start, middle))
            start = middle
    return [*([(start, end)] if start else []), *path[::-1]]


def new_nodes(size: int, leaves: Sequence[bytes], edge: Mapping[Node, bytes]) -> Iterator[tuple[Node, bytes]]:
    """The complete subtrees that come into being when leaves are added to a tree of `size`. `edge` has its `complete_nodes`."""
    known = dict(edge)
    for position, leaf in enumerate(leaves, start=size):
        node, found = (0, position), leaf
        known[node] = found
        yield node, found
        while node[1] % 2:
            level, place = node
            node, found = (level + 1, place // 2), hash_pair(known[level, place - 1], found)
            known[node] = found
            yield node, found


def root_of_inclusion(leaf: bytes, position: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """The root that a proof leads to (RFC 9162, 2.1.3.2); None where it is no proof for this place."""
    if not 0 <= position < size:
        return None
    place, last, found = position, size - 1, leaf
    for step in path:
        if last == 0:
            return None
        if place % 2 or place == last:
            found = hash_pair(step, found)
            while place % 2 == 0 and place:
                place, last = place >> 1, last >> 1
        else:
            found = hash_pair(found, step)
        place, last = place >> 1, last >> 1
    return found if last == 0 else None


def is_consistent(before: int, root_before: bytes, size: int, root: bytes, path: Sequence[bytes]) -> bool:
    """Whether a proof shows that the later tree begins with the earlier one (RFC 9162, 2.1.4.2)."""
    if before == size:
        return not path and root_before == root
    if not 0 < before < size or not path:
        return False
    steps = [root_before, *path] if before & (before - 1) == 0 else [*path]
    place, last = before - 1, size - 1
    while place % 2:
        place, last = place >> 1, last >> 1
    old = new = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if place % 2 or place == last:
            old, new = hash_pair(step, old), hash_pair(step, new)
            while place % 2 == 0 and place:
                place, last = place >> 1, last >> 1
        else:
            new = hash_pair(new, step)
        place, last = place >> 1, last >> 1
    return last == 0 and old == root_before and new == root
