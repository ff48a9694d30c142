"""The model card: what a person must know before they trust a ranker with a page. Made of the manifest alone."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from vitrine.decisions.golden import GOLDEN
from vitrine.decisions.model import RankerManifest
from vitrine.refresh.drift import DRIFT, parse_drifts

MOST_MOVED: Final = 3
METRIC_TITLES: Final = {"ndcg10": "NDCG@10", "recall10": "recall@10"}
METHOD_TITLES: Final = {
    "popularity": "popularity (the shelf of the region or aisle)",
    "fusion": "rank fusion of all lists (raw candidate score)",
    "personal": "the visitor's own list alone",
    "model": "**the ranker**",
}
SITUATION_TITLES: Final = {
    "home": "Home page of a known visitor, nothing looked at yet",
    "visit": "Known visitor, 1-4 items of the basket already seen or in the cart",
    "new_visitor": "The same visit with the visitor's own history hidden",
    "category": "Category page of a known visitor: the aisle of something they went on to buy",
}

PURPOSE: Final = """\
It orders the candidates of one page view by the chance of being bought in the visitor's next basket. Candidates are
what the visitor bought before, what sells in their region, and what goes with the items of this visit. The score ranks
within one page view; it is not a probability and does not compare between visitors.
"""
SITUATIONS: Final = """\
The data holds purchases and no page views, so the page views are simulated from real baskets: each visitor's first
basket after a snapshot of the lists, in four situations. Where items are revealed, a fair coin decides whether they
were looked at (weights 1, 0.8, 0.64, ... newest first) or lie in the cart (weight 1); revealed items are neither
candidates nor counted as found. A category page ranks the aisle's shelf, and counts what was bought of that aisle.
Lists, candidates and features come from the code that serves.
"""
LIMITS: Final = """\
- Looking at a product is taken for buying it: real views are weaker signals than what was revealed here.
- Nobody's choice was influenced by this ranker while the data arose, so the figures compare orderings of past baskets;
  they do not foretell a lift in sales.
- One grocery chain, one year: seasons are seen once. Past prices and stock are estimated from what was
  paid and sold.
- Items that were never bought before a snapshot cannot be candidates, and count against every method alike.
"""
NOT_USED: Final = """\
Demographics and other protected attributes (age, income, household, marital status), place beyond the region whose
shelf is shown, device, time of day, and who the visitor is: no feature holds an id.
"""


def model_card(manifest: RankerManifest) -> str:
    """The card of a trained ranker, with its figures."""
    return "\n".join(_lines(manifest)).rstrip() + "\n"


def _lines(manifest: RankerManifest) -> Iterator[str]:
    facts = manifest.training
    yield f"# Model card: {manifest.id}\n"
    yield PURPOSE
    yield "## Data\n"
    yield f"Purchases of {facts['from']} to {facts['to']} make {facts['groups']:,} simulated page views. The lists are"
    yield "snapshots at the end of a week, which what was bought first in the weeks after it answers:\n"
    for purpose, spans in facts["weeks"].items():
        yield f"- {purpose}: {', '.join(f'week {first} answered by {first + 1}-{last}' for first, last in spans)}"
    yield "\nThe test weeks tuned nothing.\n"
    yield SITUATIONS
    yield "## Results on the test weeks\n"
    yield "Means per page view. Gains are the ranker's, with paired 95 % bootstrap intervals over visitors;"
    yield "an interval that includes zero shows no difference.\n"
    for situation, title in SITUATION_TITLES.items():
        yield from _situation(title, manifest.metrics["test"][situation])
    yield "## Where it is not surely better\n"
    yield from _ties(manifest.metrics["test"])
    yield "\n## Model\n"
    yield f"A perceptron {len(manifest.missing)}-{'-'.join(map(str, facts['hidden']))}-1, trained with a listwise"
    yield f"softmax loss against {facts['negatives']} sampled candidates that were not bought; seed {facts['seed']}."
    versions = ", ".join(f"{name} {number}" for name, number in facts["versions"].items())
    yield f"ONNX opset {manifest.opset}; {versions}.\n"
    yield f"Features, in order: {', '.join(f'`{name}`' for name in manifest.missing)}. `decisions/features.py` explains"
    yield "each one; `manifest.json` says what replaces a missing value.\n"
    yield from _checks(facts)
    yield "## Not used\n"
    yield NOT_USED
    yield "## Limits\n"
    yield LIMITS


def _checks(facts: Mapping[str, Any]) -> Iterator[str]:
    """What whoever loads or tries the ranker can check; nothing for one that was made before there were such facts."""
    if GOLDEN in facts:
        n = len(facts[GOLDEN]["scores"])
        yield f"Whoever loads it has it score {n} golden vectors of its manifest, and refuses it if they differ.\n"
    drifts = parse_drifts(facts.get(DRIFT))
    if drifts:
        moved = sorted(drifts, key=lambda drift: -drift.psi)[:MOST_MOVED]
        told = ", ".join(f"`{drift.feature}` {drift.psi:.2f} (bound {drift.bound:.2f})" for drift in moved)
        yield "Between training and the choose weeks these features moved most, by population stability index:"
        yield f"{told}.\n"


def _situation(title: str, summary: Mapping[str, Any]) -> Iterator[str]:
    yield f"### {title}\n"
    yield f"{summary['page_views']:,} page views of {summary['visitors']:,} visitors.\n"
    heads = [head for name in METRIC_TITLES.values() for head in (name, f"gain in {name}")]
    yield f"| order by | {' | '.join(heads)} |"
    yield f"|---|{'---|' * len(heads)}"
    for method, method_title in METHOD_TITLES.items():
        cells = [
            cell
            for metric in METRIC_TITLES
            for cell in (f"{summary[metric][method]:.4f}", _gain(summary, method, metric))
        ]
        yield f"| {method_title} | {' | '.join(cells)} |"
    yield ""


def _ties(metrics: Mapping[str, Any]) -> Iterator[str]:
    """Every comparison on the test weeks whose interval does not lie above zero."""
    found = [
        f"- {SITUATION_TITLES[situation]}: {title} against {METHOD_TITLES[method]}, {_gain(summary, method, metric)}"
        for situation, summary in metrics.items()
        for method, gains in summary["gain"].items()
        for metric, title in METRIC_TITLES.items()
        if not gains[metric][1] > 0.0
    ]
    yield from found or ["Every interval above lies above zero."]


def _gain(summary: Mapping[str, Any], method: str, metric: str) -> str:
    if method == "model":
        return ""
    mean, low, high = summary["gain"][method][metric]
    return f"{mean:+.4f} [{low:+.4f}, {high:+.4f}]"
