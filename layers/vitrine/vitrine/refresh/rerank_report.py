"""What a trained re-ranker reached, as a section of a report."""

from typing import Final

from vitrine.refresh.report import BarFigure, Cell, Section, TableFigure, Tone
from vitrine.refresh.rerank_training import Reranker

TITLES: Final = {
    "model": "re-ranker, place hidden",
    "model_knowing_places": "re-ranker, logged place known",
    "one_network": "one network of it",
    "item_quality": "items by what others clicked",
    "shown_order": "as shown",
    "random": "random order (expected)",
}
BASELINE: Final = "item_quality"


def rerank_section(reranker: Reranker) -> Section:
    """The comparison on the test lists; good when it beats the items' own rates beyond chance."""
    low, high = reranker.qualities["model"].gain10(reranker.qualities[BASELINE])
    tone: Tone = "good" if low > 0.0 else "bad" if high < 0.0 else "warning"
    model = reranker.qualities["model"]
    rows: list[tuple[Cell, ...]] = [
        (title, quality.ndcg, quality.ndcg10, *quality.interval10())
        for name, title in TITLES.items()
        for quality in [reranker.qualities[name]]
    ]
    verdict = (
        f"On the {reranker.n_test:,} latest lists the re-ranker reaches NDCG@10 {model.ndcg10:.4f}; the gain over "
        f"ordering by what others clicked lies between {low:+.4f} and {high:+.4f}."
    )
    heads = ("order", "NDCG", "NDCG@10", "from", "to")
    bars = BarFigure(
        "NDCG@10", list(TITLES.values()), {"NDCG@10": [reranker.qualities[name].ndcg10 for name in TITLES]}
    )
    return Section("Re-ranker", verdict, (bars, TableFigure("Test lists, 95 % intervals", heads, rows)), tone)
