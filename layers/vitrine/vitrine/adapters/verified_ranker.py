"""A ranker as everybody loads it: serving, trials, replays and refreshes go through this one door."""

from vitrine.adapters.onnx_ranker import OnnxRanker
from vitrine.decisions.golden import check_golden


def load_ranker(model: bytes, manifest: bytes) -> OnnxRanker:
    """A ranker that is what its manifest says and gives the golden vectors the scores of its maker.

    Raises:
        InvalidModel: see OnnxRanker and check_golden.
    """
    ranker = OnnxRanker(model, manifest)
    check_golden(ranker.manifest, ranker.score)
    return ranker
