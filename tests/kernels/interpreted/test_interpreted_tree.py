"""Attention of a tree: against the reference, and each row against its path decoded alone, bit for bit."""

import random

import pytest
import torch
from kernel_cases import DTYPES, assert_close, bits, cancelling, randn, scalar

from kernels import ops, reference, triton_attention
from kernels.triton_attention import LaunchConfig

SMALL = LaunchConfig(queries=8, keys=16, span=32)
LENGTHS = [0, 15, 31, 32, 33, 100]  # around borders of key tiles and of spans
ROWS = 24


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(triton_attention, "config_for", lambda group, dim, itemsize: SMALL)


class Tree:
    """A random tree of ROWS rows over a cache of `length` rows; what no query may see holds NaN."""

    def __init__(self, dtype, length, seed=0, heads=4, kv_heads=2, dim=16, capacity=160):
        draw, self.length = random.Random(seed), length
        self.paths = [[0]]
        for row in range(1, ROWS):  # many children of the newest rows: deep trees
            self.paths.append([*self.paths[draw.randrange(max(0, row - 4), row)], row])
        self.depths = torch.tensor([len(path) - 1 for path in self.paths], dtype=torch.int32)
        deepest = max(map(len, self.paths))
        self.table = torch.tensor([path + [10**6] * (deepest - len(path)) for path in self.paths], dtype=torch.int32)
        self.q = randn(ROWS, heads, dim, dtype=dtype)
        self.k, self.v = (randn(kv_heads, length + ROWS, dim, dtype=dtype, seed=s) for s in (1, 2))
        self.empty = torch.full((kv_heads, capacity, dim), float("nan"), dtype=dtype)

    def caches(self, rows):
        """Key and value caches that hold these rows, in order."""
        found = []
        for filled in (self.k, self.v):
            found.append(self.empty.clone())
            found[-1][:, : len(rows)] = filled[:, rows]
        return found

    def arguments(self):
        block = [t[:, self.length :].contiguous() for t in (self.k, self.v)]
        caches = self.caches(range(self.length))
        return self.q, *caches, scalar(self.length), *block, self.table, self.depths

    def alone(self, row):
        """The row as plain decoding computes it: its path in the cache."""
        path = self.paths[row]
        caches = self.caches([*range(self.length), *(self.length + r for r in path)])
        at = scalar(self.length + len(path) - 1)
        return ops.attention(self.q[row : row + 1], *caches, at, backend="triton")


def attend(*arguments):
    return ops.tree_attention(*arguments, backend="triton")


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("length", [0, 33, 100])
def test_equals_reference(length, dtype, launches):
    arguments = Tree(dtype, length).arguments()
    assert_close(attend(*arguments), reference.tree_attention(*arguments))
    assert [(name, settings["TREE"]) for name, settings in launches] == [
        ("_span_kernel", True),
        ("_merge_kernel", True),
    ]


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("seed", [1, 2])
def test_each_row_has_the_bits_of_its_path_decoded_alone(length, seed):
    tree = Tree(torch.float32, length, seed)
    together = attend(*tree.arguments())
    assert [r for r in range(ROWS) if not torch.equal(bits(together[r : r + 1]), bits(tree.alone(r)))] == []


def cancelling_tree():
    """As in the attention of blocks: in bf16, too, each rounding on the way shows."""
    tree = Tree(torch.bfloat16, 45)
    tree.q = torch.zeros_like(tree.q)
    tree.v = cancelling(tree.v.shape, tree.length, torch.bfloat16)
    return tree


def test_rows_whose_roundings_show():
    tree = cancelling_tree()
    together = attend(*tree.arguments())
    assert all(torch.equal(bits(together[r : r + 1]), bits(tree.alone(r))) for r in range(ROWS))


def sibling(tree):
    """Each row's parent is another row of the same depth."""
    for row, path in enumerate(tree.paths):
        peers = [r for r in range(ROWS) if len(tree.paths[r]) == len(path) - 1 and r not in path]
        if len(path) > 2 and peers:
            tree.table[row, len(path) - 2] = peers[0]


def out_of_order(tree):
    """The ancestors stand at each other's positions."""
    for row, path in enumerate(tree.paths):
        tree.table[row, : len(path) - 1] = torch.tensor(path[-2::-1] if len(path) > 1 else [], dtype=torch.int32)


def one_too_deep(tree):
    """A row's position is one too high, so it sees a row that it is not."""
    tree.table[tree.table == 10**6] = 0
    tree.depths[1:-1] += tree.depths[1:-1] < tree.table.shape[1] - 1


@pytest.mark.parametrize("fault", [sibling, out_of_order, one_too_deep], ids=lambda fault: fault.__name__)
def test_a_fault_in_the_tree_changes_bits(fault):
    tree = Tree(torch.float32, 33)
    fault(tree)
    together = attend(*tree.arguments())
    assert any(not torch.equal(bits(together[r : r + 1]), bits(tree.alone(r))) for r in range(ROWS))


def test_a_chain_is_what_the_ar_view_computes():
    tree = Tree(torch.float32, 33)
    tree.paths = [list(range(row + 1)) for row in range(ROWS)]
    tree.table = torch.arange(ROWS, dtype=torch.int32).repeat(ROWS, 1)
    tree.depths = torch.arange(ROWS, dtype=torch.int32)
    chain = ops.attention(tree.q, *tree.caches(range(33 + ROWS)), scalar(33), backend="triton")
    assert torch.equal(bits(attend(*tree.arguments())), bits(chain))


@pytest.mark.parametrize(
    "change", [{"depths": torch.zeros(3, dtype=torch.int32)}, {"paths": torch.zeros(ROWS, 2)}], ids=["depths", "paths"]
)
def test_paths_and_depths_of_other_shapes_are_refused(change):
    *rest, paths, depths = Tree(torch.float32, 3).arguments()
    with pytest.raises(ValueError, match="expected"):
        attend(*rest, *({"paths": paths, "depths": depths} | change).values())
