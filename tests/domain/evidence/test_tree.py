"""The tree beside RFC 9162's own definition, and the roots that Certificate Transparency's reference code gives."""

from random import Random

import pytest

from domain.evidence import tree
from domain.evidence.tree import Node, complete_nodes, fold, new_nodes
from tests.domain.evidence import oracle

SIZE = 33
LEAVES = [bytes([place]) * place for place in range(SIZE)]
# Of the leaves of CT's reference tests, in hexadecimal, and the roots over the first one, two, ... eight of them.
KNOWN_LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
KNOWN_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def grow(leaves: list[bytes], random: Random | None = None) -> dict[Node, bytes]:
    """The stored nodes of a log that took these leaves in batches."""
    nodes: dict[Node, bytes] = {}
    size = 0
    while size < len(leaves):
        batch = leaves[size : size + (random.randint(1, 7) if random else len(leaves))]
        edge = {node: nodes[node] for node in complete_nodes((0, size))}
        nodes.update(new_nodes(size, [tree.hash_leaf(leaf) for leaf in batch], edge))
        size += len(batch)
    return nodes


@pytest.mark.parametrize("size", range(1, 9))
def test_the_roots_are_those_of_the_reference(size: int) -> None:
    nodes = grow([bytes.fromhex(leaf) for leaf in KNOWN_LEAVES])
    assert fold((0, size), nodes).hex() == KNOWN_ROOTS[size - 1]


@pytest.mark.parametrize("seed", range(5))
def test_however_leaves_come_the_nodes_are_the_same(seed: int) -> None:
    assert grow(LEAVES, Random(seed)) == grow(LEAVES)


@pytest.mark.parametrize("size", range(1, SIZE + 1))
def test_paths_are_those_of_the_definition_and_lead_to_the_root(size: int) -> None:
    leaves, nodes = LEAVES[:size], grow(LEAVES)
    root = oracle.root(leaves)
    assert fold((0, size), nodes) == root
    for position, leaf in enumerate(leaves):
        path = [fold(span, nodes) for span in tree.inclusion_path(position, size)]
        assert path == oracle.inclusion(position, leaves)
        assert tree.root_of_inclusion(tree.hash_leaf(leaf), position, size, path) == root
    for before in range(1, size + 1):
        path = [fold(span, nodes) for span in tree.consistency_path(before, size)]
        assert path == oracle.consistency(before, leaves)
        assert tree.is_consistent(before, oracle.root(leaves[:before]), size, root, path)


def test_nothing_else_is_a_proof() -> None:
    """Another leaf, place, size, step, or a step too many or too few leads elsewhere or nowhere."""
    nodes, size, random = grow(LEAVES), 29, Random(3)
    root = fold((0, size), nodes)
    for position in range(size):
        leaf = tree.hash_leaf(LEAVES[position])
        path = [fold(span, nodes) for span in tree.inclusion_path(position, size)]
        step = random.randrange(len(path))
        wrong = [
            (tree.hash_leaf(b"another"), position, size, path),
            (leaf, (position + 1) % size, size, path),
            (leaf, position, size, path[:-1]),
            (leaf, position, size, [*path, bytes(32)]),
            (leaf, position, size, [*path[:step], bytes(32), *path[step + 1 :]]),
            (leaf, position + size, size, path),
            (leaf, -1, size, path),
        ]
        assert root not in [tree.root_of_inclusion(*each) for each in wrong]


def test_a_log_that_was_written_anew_is_not_consistent() -> None:
    before, size = 13, 29
    forged = [*LEAVES[:5], b"forged", *LEAVES[6:size]]
    old, new = oracle.root(LEAVES[:before]), oracle.root(forged)
    assert not tree.is_consistent(before, old, size, new, oracle.consistency(before, forged))
    assert not tree.is_consistent(before, old, size, oracle.root(LEAVES[:size]), [])
    assert not tree.is_consistent(size, old, before, new, oracle.consistency(before, LEAVES[:size]))
    assert not tree.is_consistent(before, old, before, new, [])
