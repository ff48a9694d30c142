"""Examples to learn re-ranking from: which lists train and which test, and the training lists' features.

What is said of items in a training list is learned from the other visitors' lists, in five parts by visitor. If a
list's own clicks were among them, its features would give the answer away, and the network would trust them too much.
"""

from typing import Final

import numpy as np

from vitrine.errors import TooLittleData
from vitrine.ports import Progress
from vitrine.refresh.network import Floats, Indices
from vitrine.refresh.rerank_events import Rankings
from vitrine.refresh.rerank_features import Described, feature_rows
from vitrine.refresh.rerank_items import learn
from vitrine.refresh.rerank_labels import Doubles

PARTS: Final = 5
LEAST_LISTS: Final = 50
REFRESHES: Final = 8
"""Times that items are learned anew in the course of the test lists, as refreshes would."""


def split_by_time(rankings: Rankings, n_train: int | None = None, train_share: float = 0.8) -> tuple[Indices, Indices]:
    """Numbers of the lists with a click that train and that test, by time; `n_train` wins over the share.

    Raises:
        TooLittleData: there are too few lists with a click, or none is left to test.
    """
    clicked = np.flatnonzero(rankings.clicks() > 0) if len(rankings) else np.array([], np.int64)
    cut = round(len(clicked) * train_share) if n_train is None else n_train
    if not LEAST_LISTS <= cut < len(clicked):
        raise TooLittleData(
            f"not enough data yet: {len(clicked)} lists with a click leave {cut} to train, {LEAST_LISTS} are needed, "
            "and one to test"
        )
    return clicked[:cut], clicked[cut:]


def choosy(rankings: Rankings, lists: Indices) -> Indices:
    """The lists of which something was left: one that is clicked from top to bottom tells no item from another.

    Raises:
        TooLittleData: there is none.
    """
    kept: Indices = lists[rankings.clicks()[lists] < np.diff(rankings.starts)[lists]]
    if not len(kept):
        raise TooLittleData("not enough data yet: in every list all items were clicked")
    return kept


def cross_fitted_rows(
    described: Described, traits: Doubles, train: Indices, kept: Indices, progress: Progress
) -> Floats:
    """Features of the kept training lists, each described by what other visitors' lists teach: float32 [n, d].

    Raises:
        TooLittleData: all lists are one visitor's, or a few visitors' who fall into one part.
    """
    rankings = described.rankings
    part = rankings.visitor % PARTS
    if len(set(part[train].tolist())) < 2:
        raise TooLittleData("not enough data yet: the lists of more visitors are needed")
    sizes = np.diff(rankings.starts)[kept]
    rows: Floats = np.empty((int(sizes.sum()), len(described.names)), np.float32)
    part_of_row = np.repeat(part[kept], sizes)
    for number in range(PARTS):
        if number in part[kept]:
            learned = learn(rankings, train[part[train] != number], traits)
            rows[part_of_row == number] = feature_rows(described, learned, kept[part[kept] == number])
        progress("describe the training lists", number + 1, PARTS)
    return rows


def later_rows(described: Described, traits: Doubles, train: Indices, test: Indices, progress: Progress) -> Floats:
    """Features of the test lists: float32 [n, d]. The lists come in turns, of equal length.

    Items are learned from the training lists and from the turns before, as far as their clicks were made before the
    turn began.
    """
    rankings = described.rankings
    all_lists = np.concatenate([train, test])
    parts = []
    turns = [turn for turn in np.array_split(test, REFRESHES) if len(turn)]
    for number, turn in enumerate(turns):
        known = all_lists[rankings.known_ms[all_lists] < rankings.at_ms[turn[0]]]
        parts.append(feature_rows(described, learn(rankings, known, traits), turn))
        progress("describe the test lists", number + 1, len(turns))
    return np.concatenate(parts)
