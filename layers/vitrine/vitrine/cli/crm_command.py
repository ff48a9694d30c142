"""`vitrine crm`: take extracts of CRM, tills and loyalty programmes into the lake and into profiles."""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from vitrine.api.store_intake import read_extract_plans
from vitrine.cli.progress import show_progress
from vitrine.cli.target import add_target, find_settings
from vitrine.errors import InvalidStore
from vitrine.refresh.crm import Taken
from vitrine.refresh.crm_rows import ExtractPlan
from vitrine.wiring.crm import build_crm_desk

DEFAULT: Final = Path("store")


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of `vitrine crm`."""
    parser.add_argument("name", nargs="*", help="names of extracts in crm.yaml (default: all)")
    told = f"folder of the store (default {DEFAULT})"
    parser.add_argument("--store", type=Path, default=DEFAULT, metavar="FOLDER", help=told)
    told = "take this file, as the one extract that is named, instead of the object in the lake"
    parser.add_argument("--file", type=Path, metavar="FILE", help=told)
    parser.add_argument("--lake", type=Path, metavar="DIR", help="a lake folder instead of the bucket")
    add_target(parser)


def run(arguments: argparse.Namespace) -> int:
    """Take them and say what came of each; 0."""
    plans = chosen(read_extract_plans(arguments.store), arguments.name)
    if arguments.file and len(plans) != 1:
        raise InvalidStore("a file is one extract: say which")
    desk = build_crm_desk(find_settings(arguments), arguments.lake)
    with show_progress() as progress:
        for plan in plans:
            taken = desk.take_file(plan, arguments.file, progress) if arguments.file else desk.take(plan, progress)
            print("\n".join(taken_lines(plan, taken)))
    return 0


def chosen(plans: Mapping[str, ExtractPlan], names: list[str]) -> list[ExtractPlan]:
    """The extracts of these names, all without any.

    Raises:
        InvalidStore: there is none, or none of a name.
    """
    if not plans:
        raise InvalidStore("the store has no crm.yaml; store/FEEDS.md says what stands in one")
    unknown = [name for name in names if name not in plans]
    if unknown:
        raise InvalidStore(f"crm.yaml has no extract {unknown[0]!r}; it has {', '.join(plans)}")
    return [plans[name] for name in names or plans]


def taken_lines(plan: ExtractPlan, taken: Taken | None) -> list[str]:
    """What came of an extract, for a terminal."""
    if taken is None:
        return [f"extract {plan.name}: there is no {plan.lake} in the lake"]
    return [taken.summary, *(f"  not taken: {fault}" for fault in taken.first_faults)]
