"""Several networks as one: their mean score by a wider network of the same operators.

Networks that start from different random weights err differently, so the mean of their scores ranks better than any of
them (Hansen and Salamon, IEEE PAMI 1990). Side by side in one block-diagonal network they stay one plain perceptron,
which is all that the loading side accepts.
"""

from collections.abc import Sequence

import numpy as np

from vitrine.refresh.network import Floats, Network


def merge(networks: Sequence[Network]) -> Network:
    """A network whose score is the mean of the given ones' scores. They take the same rows and are equally deep."""
    depth = len(networks[0].biases)
    first = np.concatenate([network.weights[0] for network in networks], axis=1)
    middle = [_diagonal([network.weights[layer] for network in networks]) for layer in range(1, depth)]
    last = np.concatenate([network.weights[-1] for network in networks]) / np.float32(len(networks))
    biases = [np.concatenate([network.biases[layer] for network in networks]) for layer in range(depth)]
    return Network((first, *middle, last.astype(np.float32)), tuple(biases))


def _diagonal(blocks: Sequence[Floats]) -> Floats:
    """The blocks along the diagonal, 0 elsewhere."""
    n_in, n_out = (sum(block.shape[axis] for block in blocks) for axis in (0, 1))
    whole = np.zeros((n_in, n_out), np.float32)
    row = column = 0
    for block in blocks:
        whole[row : row + block.shape[0], column : column + block.shape[1]] = block
        row, column = row + block.shape[0], column + block.shape[1]
    return whole
