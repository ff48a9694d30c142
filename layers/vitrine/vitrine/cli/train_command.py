"""`vitrine train`: train the ranker on a lake folder, compare it with its baselines, write model, manifest and card."""

import argparse
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import orjson

from vitrine.cli.progress import show_progress
from vitrine.decisions.release import MANIFEST, MODEL
from vitrine.refresh.card import METHOD_TITLES, SITUATION_TITLES, model_card
from vitrine.refresh.training import TrainedRanker
from vitrine.wiring.refresh import train_from_folder

CARD: Final = "card.md"
HEADLINE: Final = "home"


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of `vitrine train`."""
    parser.add_argument("--lake", type=Path, required=True, metavar="DIR", help="lake folder to learn from")
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder for model.onnx, manifest.json and card.md")
    parser.add_argument("--store", type=Path, default=Path("store"), metavar="DIR", help="folder of the store's files")


def run(arguments: argparse.Namespace) -> int:
    """Train, write, and print the comparison on the test weeks; the last line is one JSON object. 0."""
    with show_progress() as progress:
        trained = train_from_folder(arguments.lake, arguments.store, progress)
    if arguments.out is not None:
        write_ranker(trained, arguments.out)
    print("\n".join(comparison_lines(trained.manifest.metrics["test"])))
    print(orjson.dumps(bench_result(trained)).decode())
    return 0


def write_ranker(trained: TrainedRanker, folder: Path) -> None:
    """Write the three files of a ranker."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MODEL).write_bytes(trained.model)
    (folder / MANIFEST).write_bytes(trained.manifest.to_bytes())
    (folder / CARD).write_text(model_card(trained.manifest), encoding="utf-8")


def comparison_lines(metrics: Mapping[str, Any]) -> Iterator[str]:
    """A small table per situation."""
    for situation, title in SITUATION_TITLES.items():
        summary = metrics[situation]
        yield f"{title} ({summary['page_views']:,} page views)"
        yield f"  {'':<48}{'NDCG@10':>8}{'recall@10':>10}   gain of the ranker in NDCG@10"
        for method, method_title in METHOD_TITLES.items():
            row = (
                f"  {method_title.strip('*'):<48}{summary['ndcg10'][method]:>8.4f}{summary['recall10'][method]:>10.4f}"
            )
            if method in summary["gain"]:
                mean, low, high = summary["gain"][method]["ndcg10"]
                row += f"   {mean:+.4f} [{low:+.4f}, {high:+.4f}]"
            yield row


def bench_result(trained: TrainedRanker) -> dict[str, object]:
    """The comparison on the home page of the test weeks as one flat object; gains are the bounds of 95 % intervals."""
    summary = trained.manifest.metrics["test"][HEADLINE]
    baselines = list(summary["gain"])
    result: dict[str, object] = {"bench": "ranker", "model": trained.manifest.id, "page_views": summary["page_views"]}
    for metric in ("ndcg10", "recall10"):
        result[metric] = summary[metric]["model"]
        result |= {f"{baseline}_{metric}": summary[metric][baseline] for baseline in baselines}
        result |= {f"{metric}_gain_vs_{baseline}": summary["gain"][baseline][metric][1:] for baseline in baselines}
    return result
