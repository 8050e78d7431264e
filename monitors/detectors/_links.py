"""Links between numbered things, and the clusters that links connect."""

import numpy as np
from numpy.typing import NDArray

Places = NDArray[np.int64]


def firsts(keys: NDArray[np.generic]) -> NDArray[np.bool_]:
    """Where a run of equal keys begins."""
    begins = np.ones(len(keys), np.bool_)
    np.not_equal(keys[1:], keys[:-1], out=begins[1:])
    return begins


def distinct(keys: Places) -> Places:
    """Distinct keys in order; sorts them where they are, several times faster than NumPy's own."""
    keys.sort()
    return keys[firsts(keys)]


def first_connected(one: Places, other: Places, size: int) -> Places:
    """For each of `size` things, the smallest that links connect it with; itself without links."""
    from scipy.sparse import coo_array  # noqa: PLC0415 - slow to import
    from scipy.sparse.csgraph import connected_components  # noqa: PLC0415

    if not size:
        return np.empty(0, np.int64)
    links = coo_array((np.ones(len(one), np.int8), (one, other)), (size, size))
    _, cluster = connected_components(links, directed=False)
    _, first, inverse = np.unique(cluster, return_index=True, return_inverse=True)
    return np.asarray(first[inverse], np.int64)
